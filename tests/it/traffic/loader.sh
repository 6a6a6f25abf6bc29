# TrafficLoader with its own file: files go into the table once and are filed away; what is wrong is said and stays.
. tests/it/lib.sh
h=$MAILDEPOT_HOME s=$MAILDEPOT_HOME/statistic
db() { sqlite3 "$s/traffic.sqlite" "$1"; }

exits 0 'nothing to load: the table is made' TrafficLoader
is "$(cat "$tmp/out" "$tmp/err")$(db 'SELECT count(*) FROM translog')" 0 'nothing is said'
printf '|b.example|20|2|0|\n|a.example|10|1|0|\n' > "$s/22.11.2026.qml.txt"
printf '|a.example|1000|9|4|\n' > "$s/22.11.2026.txt"
echo hello > "$s/README"
exits 0 'two files' TrafficLoader -v --server MX1.example.net
is "$(cat "$tmp/out")" "$s/22.11.2026.qml.txt: loaded, 2 names, 30 kB
$s/22.11.2026.txt: loaded, 1 name, 1000 kB" 'what was loaded'
is "$(db 'SELECT server, day, kind, name, kb, hits, hits_html, file FROM translog ORDER BY kb')" \
	'mx1.example.net|2026-11-22|mail|a.example|10|1|0|22.11.2026.qml.txt
mx1.example.net|2026-11-22|mail|b.example|20|2|0|22.11.2026.qml.txt
mx1.example.net|2026-11-22|web|a.example|1000|9|4|22.11.2026.txt' 'the rows'
is "$(cd "$s" && ls . loaded)" '.:
README
loaded
traffic.sqlite
traffic.sqlite-journal

loaded:
22.11.2026.qml.txt.gz
22.11.2026.txt.gz' 'the files are filed away'
is "$(zcat "$s/loaded/22.11.2026.qml.txt.gz" | sha256sum | cut -c1-64)" \
	"$(db "SELECT DISTINCT digest FROM translog WHERE kind = 'mail'")" 'with the digest that the table has'
gunzip -c "$s/loaded/22.11.2026.qml.txt.gz" > "$s/22.11.2026.qml.txt"
exits 0 'the same again' TrafficLoader -v --server mx1.example.net
is "$(cat "$tmp/out")" "$s/22.11.2026.qml.txt: was loaded before" 'only moves on'
printf '|a.example|1|1|0|\n|b.example|1e3|1|0|\n' > "$s/23.11.2026.qml.txt"
printf '|a.example|11|1|0|\n' > "$s/22.11.2026.qml.txt"
printf '|c.example|5|1|0|\n' > "$s/24.11.2026.qml.txt"
exits 1 'a bad line, another content, and a good file' TrafficLoader --server mx1.example.net
is "$(cat "$tmp/err")" "TrafficLoader: $s/22.11.2026.qml.txt: refused: 22.11.2026.qml.txt of mx1.example.net was loaded before, with other content
TrafficLoader: $s/23.11.2026.qml.txt:2: a number that is none, or too large" 'both are said'
is "$(db 'SELECT sum(kb) FROM translog') $(cd "$s" && echo ./*.txt)" '1035 ./22.11.2026.qml.txt ./23.11.2026.qml.txt' 'the good file is in, the others stay'
rm -f "$s"/*.txt
mkdir "$tmp/mx2" && printf '|a.example|11|1|0|\n' > "$tmp/mx2/22.11.2026.qml.txt"
exits 0 'another server may say so' TrafficLoader --server mx2 "$tmp/mx2"
is "$(db "SELECT sum(kb) FROM translog WHERE name = 'a.example' AND day = '2026-11-22' AND kind = 'mail'")" 21 'and is counted beside'

# SQLite's own program sees a healthy file; a newer schema is left alone.
is "$(db 'PRAGMA integrity_check')" ok 'the file is sound'
db "UPDATE qa_schema SET version = 99"
exits 2 'a newer schema is refused' TrafficLoader
exits 2 'no such folder' TrafficLoader --db "$tmp/x.sqlite" "$tmp/none"
exits 2 'no password in a URI' TrafficLoader --db postgresql://u:sekrit@localhost/d
is "$(grep -c sekrit "$tmp/err")" 0 'it is not repeated'
exits 2 'an unknown kind of database' TrafficLoader --db mysql://localhost/d
exits 2 'a server without a name' TrafficLoader --server ''

# xfer_cat
printf 'x\n' > "$tmp/a" && printf 'y\n' > "$tmp/b"
exits 0 'xfer_cat' xfer_cat -v "$tmp/a" "$tmp/b"
is "$(cat "$tmp/out")" "$tmp/a -> $tmp/loaded/a.gz
$tmp/b -> $tmp/loaded/b.gz" 'says what it did'
(cd "$tmp" && printf 'x\n' > a && xfer_cat a)
is "$(zcat "$tmp/loaded/a.gz" "$tmp/loaded/b.gz"; ls "$tmp/a" 2> /dev/null)" 'x
y' 'the same again just goes'
printf 'z\n' > "$tmp/a"
exits 2 'other content is refused' xfer_cat "$tmp/a"
is "$(cat "$tmp/a"; zcat "$tmp/loaded/a.gz")" 'z
x' 'and both stay'
exits 1 'no such file' xfer_cat "$tmp/none"
finish
