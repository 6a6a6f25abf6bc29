# TrafficLoader against psql's \copy: the same rows into the same tables (indexes and all) of a PostgreSQL server of our own, in turn.
# The loader reads, checks and digests the day's file and commits; then it files it away, which is measured apart (xfer).
. bench/lib.sh
tmp=$work
. tests/it/traffic/lib-pg.sh
command -v psql > /dev/null || die 'no psql: sh boot/deps check'
if [ "$BENCH_QUICK" = 1 ]; then rows=100000; else rows=1000000; fi
pg_fsync=on pg_options='-c shared_buffers=512MB -c max_wal_size=4GB'
pg_start
mkdir "$work/in" "$work/empty"
awk -v n="$rows" 'BEGIN { for (i = 0; i < n; i++) printf "|d%07d.example.net|%d|%d|0|\n", i, i * 7919 % 1000003, i % 977 }' > "$work/day"
# the same rows, as \copy wants them; and the tables, empty
cp "$work/day" "$work/in/22.11.2026.qml.txt"
TrafficLoader --db "$pg_uri" --server mx1.example.net "$work/in" || die 'the first load'
sql "\\copy translog TO '$work/rows'"
[ "$(wc -l < "$work/rows")" = "$rows" ] || die 'rows are missing'

# fresh: each run begins with empty tables and a quiet server
fresh() {
	sql 'TRUNCATE translog; TRUNCATE transfile'
	sql 'CHECKPOINT'
	rm -rf "$work/in/loaded"
}
run=0
while [ $run -lt "$BENCH_RUNS" ]; do
	run=$((run + 1))
	note "loader, run $run of $BENCH_RUNS, load $(load)"
	fresh
	metered psql psql -X -q -d "$pg_uri" -c "\\copy translog FROM '$work/rows'"
	fresh
	cp "$work/day" "$work/in/22.11.2026.qml.txt"
	metered all TrafficLoader --db "$pg_uri" --server mx1.example.net "$work/in"
	cp "$work/day" "$work/in/22.11.2026.qml.txt"
	rm -rf "$work/in/loaded"
	metered xfer xfer_cat "$work/in/22.11.2026.qml.txt"
	[ "$(sql 'SELECT count(*) FROM translog')" = "$rows" ] || die 'rows are missing'
	rm -f "$work/sqlite"*
	cp "$work/day" "$work/in/22.11.2026.qml.txt"
	rm -rf "$work/in/loaded"
	metered sqlite TrafficLoader --db "$work/sqlite" --server mx1.example.net "$work/in"
done
a=$(column 1 "$work/m.all") x=$(column 1 "$work/m.xfer") p=$(column 1 "$work/m.psql")
put loader.rows "$rows" rows
put loader.psql "$p" s
put loader.all "$a" s
put loader.xfer "$x" s
put loader.times-psql "$(calc "$a / $p")" 'times \copy' '<= 1.3'
put loader.times-psql.no-xfer "$(calc "($a - $x) / $p")" 'times \copy'
put loader.cpu "$(column 2 "$work/m.all")" "CPU s"
put loader.cpu.psql "$(column 2 "$work/m.psql")" "CPU s"
put loader.rss "$(column 3 "$work/m.all")" MB
put loader.sqlite "$(column 1 "$work/m.sqlite")" s
