# md_import killed -9 again and again while mail comes in: nothing lost, nothing twice.
. tests/it/archive/lib.sh
md_domain add other.example > "$tmp/out" || exit 2
start md_journal
"$BUILD/tests/inject" -p 4 -n 150 -s 3000 -r you@$D -r you@other.example "$BUILD/bin/qmail-queue" > "$tmp/inject" &
load=$!
k=0
while kill -0 $load 2> /dev/null || [ $k -lt 8 ]; do
	start md_import
	sleep 0.$((k * 37 % 60 + 10))
	kill -9 "$pid"
	wait "$pid" 2> /dev/null
	k=$((k + 1))
	[ $k -lt 200 ] || break
done
wait $load
ok $? "after $k kills: $(cat "$tmp/inject")"
exits 0 'the last run' md_import -1
find "$tmp/queue/mess" -type f -exec sh -c 'sed 1d "$1" | sha256sum' sh {} \; | cut -c 1-64 | sort > "$tmp/want"
is "$(wc -l < "$tmp/want")" 600 'all were accepted'
for d in $D other.example; do
	is "$(md_verify -q --json --deep "$d" | sed 's/.*"entries":\([0-9]*\).*/\1/')" 600 "$d has them all"
	sums "$d" > "$tmp/got"
	cmp -s "$tmp/got" "$tmp/want"
	ok $? "$d: each once, byte for byte"
done
verified
finish
