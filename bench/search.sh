# Searches in a large archive: times by class, in one process and as a process each, and their counts against a scan.
. bench/lib.sh
n=100000
[ "$BENCH_QUICK" != 1 ] || n=20000
note "an archive of $n messages, load $(load)"
instance 1
fed -c "$(copies $n)" -n $n
md_import -1 2> /dev/null && md_index -1 -q 2> /dev/null || die 'cannot fill the archive'

# The first hit with nothing in memory, where the kernel lets us empty its caches
sync
if echo 3 2> /dev/null > /proc/sys/vm/drop_caches; then
	metered cold md_search -n 1 example.com archive
	put search.cold.first-hit "$(calc "$(column 1 "$work/m.cold") * 1000" %.1f)" 'ms, whole process'
else
	put search.cold.first-hit - 'not allowed here'
fi

note "queries, load $(load)"
ask "$MAILDEPOT_HOME" example.com 3 > "$work/ask"
wrong=$?
[ $wrong -le 1 ] || die 'ask failed'
put search.messages "$messages" messages
while read -r class queries hits w50 w95 c50 c95 bad; do
	p50='' p95=''
	[ "$class" != all ] || p50='< 5' p95='< 50'
	put "search.$class.queries" "$queries" queries
	put "search.$class.hits" "$hits" hits
	put "search.$class.p50" "$w50" ms "$p50"
	put "search.$class.p95" "$w95" ms "$p95"
	put "search.$class.cpu.p50" "$c50" ms
	put "search.$class.cpu.p95" "$c95" ms
	put "search.$class.wrong-counts" "$bad" queries '0'
done < "$work/ask"

for word in linux '"mailing list"' 'from:example.com' 'perl*' 'linux kernel'; do
	i=0
	while [ $i -lt 9 ]; do
		metered process md_search -n 20 example.com "$word"
		i=$((i + 1))
	done
done
put search.process.p50 "$(calc "$(column 1 "$work/m.process") * 1000" %.1f)" 'ms, 20 hits shown'
put search.process.cpu "$(calc "$(column 2 "$work/m.process") * 1000" %.1f)" 'ms, 20 hits shown'
exit $wrong
