# What mail_anlz does, for mawk: -v begin=SECONDS -v end=SECONDS, the list of hosted domains first, then the stats file. Run
# with LC_ALL=C. Splits a line once and looks at nothing twice.
BEGIN { FS = "|" }
FNR == 1 { file++ }
file == 1 { hosted[tolower($1)]; next }
NF < 5 || NF > 6 { next }
{
	t = $1
	out = 0
	if ((i = index(t, "]: "))) {
		out = index(t, " out[")
		t = substr(t, i + 3)
	}
	t += 0
	if (t < begin || t >= end || ($4 == 0 && $5 != "success")) next
	s = $2
	session = 0
	if ((out || $1 !~ / /) && s ~ /^(pop3|imap)@.*@./) {
		who = s
		session = 1
	} else
		who = out ? s : $3
	n = split(who, part, "@")
	if (n < 2) next
	d = tolower(part[n])
	if (!(d in hosted)) next
	if (out && !session && (n = split($3, part, "@")) > 1 && tolower(part[n]) in hosted) next
	bytes[d] += $4
	hits[d]++
}
END {
	for (d in hits) {
		kb = int(bytes[d] / 1024)
		if (kb * 1024 < bytes[d]) kb++
		printf "|%s|%d|%d|0|\n", d, kb, hits[d]
	}
}
