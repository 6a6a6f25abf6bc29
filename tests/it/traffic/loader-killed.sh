# TrafficLoader, killed again and again, two at a time, with SQLite and with a real PostgreSQL server: the totals are what the
# files say. The server's password comes from PGPASSFILE, and is to be seen nowhere.
. tests/it/lib.sh
. tests/it/traffic/lib-pg.sh
pg_start
# the parts of mail_anlz's work: FILES days of 300 names
FILES=40
files() {
	rm -rf "$tmp/in" && mkdir "$tmp/in"
	awk -v n=$FILES -v dir="$tmp/in" 'BEGIN {
		for (i = 0; i < n; i++) {
			f = sprintf("%s/%02d.%02d.2026.qml.txt", dir, i % 28 + 1, int(i / 28) + 1)
			for (k = 0; k < 300; k++)
				printf "|d%d.example|%d|%d|0|\n", k, i * 1000 + k, k % 7 > f
			close(f)
		}
	}'
}
count() { echo $#; }
files
all=$(cat "$tmp/in"/*.txt | awk -F'|' '{ n++; kb += $3; h += $4 } END { print n "|" kb "|" h }')

# swept URI: kills loaders until all is done
swept() {
	round=0
	while ls "$tmp/in"/*.txt > /dev/null 2>&1 && [ $round -lt 200 ]; do
		round=$((round + 1))
		seconds=$(awk -v r=$round 'BEGIN { printf "%.3f", 0.004 + r * 0.0015 }')
		timeout -s KILL "$seconds" TrafficLoader --server mx --db "$1" "$tmp/in" > /dev/null 2>> "$tmp/err" &
		timeout -s KILL "$seconds" TrafficLoader --server mx --db "$1" "$tmp/in" > /dev/null 2>> "$tmp/err"
		wait $!
	done
	TrafficLoader --server mx --db "$1" "$tmp/in" >> "$tmp/err" 2>&1
}
: > "$tmp/err"
swept "$tmp/t.sqlite" 2> /dev/null
ok $? "SQLite: $round rounds of two loaders, killed"
is "$(grep -v Killed "$tmp/err")" '' 'none had anything to say'
sums='SELECT count(*), sum(kb), sum(hits) FROM translog'
is "$(sqlite3 "$tmp/t.sqlite" "$sums")" "$all" 'SQLite: the totals are those of the files'
is "$(count "$tmp/in/loaded"/*) $(count "$tmp/in"/*)" "$FILES 1" 'all files are filed away, once'

files
PGPASSFILE=$tmp/pgpass
export PGPASSFILE
swept "$pg_tcp" 2> /dev/null
ok $? "PostgreSQL: $round rounds of two loaders, killed"
is "$(grep -v Killed "$tmp/err")" '' 'none had anything to say'
is "$(sql "$sums")" "$all" 'PostgreSQL: the totals are those of the files'
is "$(sql 'SELECT count(*), count(DISTINCT day) FROM transfile')" "$FILES|$FILES" 'each file has its row'
is "$(count "$tmp/in/loaded"/*) $(count "$tmp/in"/*)" "$FILES 1" 'all files are filed away, once'
gunzip "$tmp/in/loaded"/*.gz && mv "$tmp/in/loaded"/*.txt "$tmp/in"
exits 0 'all of them again' TrafficLoader --server mx --db "$pg_tcp" "$tmp/in"
is "$(sql "$sums")" "$all" 'change nothing'
printf '|d1.example|1|1|0|\n' > "$tmp/in/01.01.2026.qml.txt"
exits 1 'other content is refused' TrafficLoader --server mx --db "$pg_tcp" "$tmp/in"
is "$(sql "$sums")" "$all" 'and changes nothing'

# What goes wrong with a server, and what is not said about it.
PGPASSFILE=$tmp/none
exits 2 'without the password' TrafficLoader --db "$pg_tcp" "$tmp/in"
is "$(grep -c 'TrafficLoader: database postgresql://127.0.0.1' "$tmp/err")" 1 'the message names the server'
printf '127.0.0.1:%s:postgres:qa:secret-and-wrong\n' "$pg_port" > "$tmp/wrong" && chmod 600 "$tmp/wrong"
PGPASSFILE=$tmp/wrong
exits 2 'with another password' TrafficLoader --db "$pg_tcp" "$tmp/in"
is "$(grep -c secret-and-wrong "$tmp/err")" 0 'it is not repeated'
exits 2 'no server there' TrafficLoader --db "postgresql:///x?host=$tmp" "$tmp/in"
finish
