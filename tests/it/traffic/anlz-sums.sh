# What mail_anlz writes is what an independent awk script sums up, on lines made at random: plain, packed, in pieces; and the sums
# over all domains are those of the lines.
. tests/it/lib.sh
TZ=UTC
export TZ
begin=1795305600 end=1795392000
i=0
while [ $i -lt 40 ]; do echo "Domain-$i.example"; i=$((i + 1)); done > "$tmp/list"

# lines SEED N: some of them of other days, of strangers, refused, without prefix, with six fields, torn
lines() {
	awk -v seed="$1" -v n="$2" -v begin=$begin '
	function r(k) { return int(rand() * k) }
	function domain() { return (r(9) ? "domain-" r(45) : "DOMAIN-" r(45)) (r(20) ? ".example" : ".other") }
	BEGIN {
		srand(seed)
		split("success success success rejspam rejclam timeout reject defer", status, " ")
		while (n-- > 0) {
			t = begin - 3000 + r(92400)
			out = r(3) == 0
			line = r(10) ? "Nov 22 10:00:00 mx" r(3) (out ? " out[" : " in[") r(40000) "]: " t : t
			if (line == t) out = 0
			from = r(12) ? "u" r(20) "@" domain() : ""
			to = "v" r(20) "@" domain()
			k = r(12)
			if (k == 0) from = "pop3@" to
			if (k == 1) from = "imap@" to
			if (k == 2 && !out) from = "web@maillist"
			if (k == 3) to = "nodomain"
			line = line "|" from "|" to "|" (r(15) ? r(100000) : 0) "|" status[1 + r(8)] (r(2) ? "" : "|" 1 + r(9))
			if (r(500) == 0) line = substr(line, 1, r(30))
			print line
		}
	}'
}

for seed in 1 2 3; do
	lines $seed 30000 > "$tmp/s"
	awk -v begin=$begin -v end=$end -f bench/traffic.awk "$tmp/list" "$tmp/s" | sort > "$tmp/right"
	mail_anlz -d 22.11.2026 -f "$tmp/s" --hosted "$tmp/list" -o - > "$tmp/out" 2> "$tmp/err"
	is "$(diff "$tmp/right" "$tmp/out")" '' "seed $seed: domain by domain"
	gzip -c "$tmp/s" > "$tmp/s.gz"
	mail_anlz -d 22.11.2026 -f "$tmp/s.gz" --hosted "$tmp/list" -o - > "$tmp/out" 2> "$tmp/err"
	is "$(diff "$tmp/right" "$tmp/out")" '' "seed $seed: packed"
	rm -f "$tmp"/piece.*
	split -l 7001 "$tmp/s" "$tmp/piece."
	mail_anlz -d 22.11.2026 --hosted "$tmp/list" -o - -f "$tmp"/piece.* > "$tmp/out" 2> "$tmp/err"
	is "$(diff "$tmp/right" "$tmp/out")" '' "seed $seed: in pieces"
	# all hits: by the fields alone, without a look at domains, when everybody is hosted
	grep -v 'nodomain' "$tmp/s" | grep '^[^|]*|[^|]*@[^|]*|[^|]*@[^|]*|[0-9]*|[a-z]*\(|[0-9]*\)\{0,1\}$' | grep -v ' out\[.*|u' > "$tmp/plain"
	awk 'BEGIN { for (i = 0; i < 45; i++) { print "domain-" i ".example"; print "domain-" i ".other" } }' > "$tmp/everybody"
	mail_anlz -d 22.11.2026 -f "$tmp/plain" --hosted "$tmp/everybody" -o - > "$tmp/out" 2> "$tmp/err"
	is "$(awk -F'|' '{ n += $4 } END { print n }' "$tmp/out")" "$(awk -F'|' -v begin=$begin -v end=$end '
		{ t = $1; sub(/.* /, "", t) } t >= begin && t < end && ($4 > 0 || $5 == "success") { n++ } END { print n }' "$tmp/plain")" \
		"seed $seed: every line is somebody's"
done

# a day of 23 and one of 25 hours, a line a second: as many hits as seconds
TZ=CET-1CEST,M3.5.0,M10.5.0/3
export TZ
for day in 29.03.2026:1774738800:82800 25.10.2026:1792879200:90000; do
	from=${day#*:}
	awk -v t="${from%:*}" 'BEGIN { for (i = -7200; i < 100000; i++) printf "%d|x@far|u@domain-1.example|1|success\n", t + i }' > "$tmp/s"
	mail_anlz -d "${day%%:*}" -f "$tmp/s" --hosted "$tmp/list" -o - > "$tmp/out" 2> "$tmp/err"
	is "$(cut -d'|' -f4 "$tmp/out")" "${day##*:}" "${day%%:*} has ${day##*:} seconds"
done
finish
