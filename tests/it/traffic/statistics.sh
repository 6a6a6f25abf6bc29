# mailstatistics: its reports are those of the golden files; what it leaves out when told to.
# GOLDEN=1 writes the golden files anew, to be looked at with git diff.
. tests/it/lib.sh
TZ=UTC
export TZ
g=tests/it/traffic/golden/look

golden() { # NAME ARGUMENT...
	file=$g/$1
	shift
	mailstatistics "$@" > "$tmp/out" 2> "$tmp/err"
	[ -z "${GOLDEN:-}" ] || cp "$tmp/out" "$file"
	is "$(diff "$tmp/out" "$file"; cat "$tmp/err")" '' "mailstatistics $*"
}
golden short.txt -f $g/stats
golden verbose.txt -v --bad -f $g/stats
golden verbose.json -v --bad --json -f $g/stats
golden verbose.csv -v --bad --csv -f $g/stats
golden domain.txt --domain B.example --from 22.11.2026 --to 2026-11-22 -f $g/stats
golden hour.txt -v --top 1 --from '2026-11-22 10:00' --to 22.11.2026T11:20:01 -f $g/stats
golden none.txt --domain nobody.example -f $g/stats

exits 1 'no line' mailstatistics --domain nobody.example -f $g/stats
awk '!/[^ -~]/ && length($0) > 80' $g/short.txt $g/domain.txt > "$tmp/long"
is "$(cat "$tmp/long")" '' 'no row is longer than 80'
python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["domains"][0]["bytes"] > 0; print(len(d))' $g/verbose.json > "$tmp/out" 2>&1
is "$(cat "$tmp/out")" 18 'the JSON is JSON'
mailstatistics --json -f $g/stats > "$tmp/plain"
gzip -c $g/stats > "$tmp/s.gz"
mailstatistics --json -f "$tmp/s.gz" > "$tmp/packed"
mailstatistics --json -f - < $g/stats > "$tmp/piped"
cmp -s "$tmp/plain" "$tmp/packed" && cmp -s "$tmp/plain" "$tmp/piped"
ok $? 'packed and piped are the same'

# what is told of a domain's day is what goes on its bill
echo b.example > "$tmp/list"
mail_anlz -d 22.11.2026 -f $g/stats --hosted "$tmp/list" -o - > "$tmp/out" 2> "$tmp/err"
bytes=$(mailstatistics --csv --domain b.example --from 22.11.2026 --to 22.11.2026 -f $g/stats | awk -F, '$1 == "totals" && $2 ~ /all/ { print $5 }')
is "$(cut -d'|' -f3 "$tmp/out")" "$(((bytes + 1023) / 1024))" 'a day of a domain is what mail_anlz says'

mkdir -p "$tmp/home/etc" "$tmp/logs"
echo "$tmp/logs/stats" > "$tmp/home/etc/stats"
head -n 5 $g/stats > "$tmp/logs/stats.1"
tail -n +6 $g/stats > "$tmp/logs/stats"
lines() { awk -F, '$1 == "totals" && $2 ~ /all/ { print $4 }'; }
is "$(mailstatistics --csv | lines)" 11 "without -f it is the host's own file"
is "$(mailstatistics --csv --from 21.11.2026 | lines)" 16 'and what rotation made of it, when older lines are asked for'
exits 2 'a time that is none' mailstatistics --from yesterday -f $g/stats
exits 2 'an hour that is none' mailstatistics --to '22.11.2026 24:00' -f $g/stats
exits 2 'a number that is none' mailstatistics --top all -f $g/stats
exits 2 'a span that is none' mailstatistics --from 23.11.2026 --to 22.11.2026 -f $g/stats
exits 2 'a domain without a name' mailstatistics --domain '' -f $g/stats
exits 2 'two forms at once' mailstatistics --csv --json -f $g/stats
exits 2 'no file' mailstatistics -f "$tmp/none"
finish
