# kill -9 at any moment, again and again, also with rotation of the stats file in between: the lines are the same as of a run that nobody
# disturbed, in the same order, once each.
. tests/it/logstat/lib.sh
mkdir log
qlog -r -f multilog -s 11 -t truth 60000 > all
split -n l/12 -d all log/part.
i=0
for f in log/part.*; do
	i=$((i + 1))
	last=$(tail -n 1 "$f" | cut -c2-25)
	mv "$f" "log/@$last.s"
done
mv "log/@$last.s" log/current
logstat log > whole 2> err
same whole truth 'undisturbed'

# sweep NAME: runs that are killed after 1, 2, 3... milliseconds until one ends by itself
sweep() {
	kills=0 wait=1
	while :; do
		logstat -f stats log 2> err &
		p=$!
		sleep "$(printf '0.%03d' "$wait")"
		kill -9 $p 2> /dev/null
		wait $p 2> /dev/null
		got=$?
		[ $got -gt 128 ] || break
		kills=$((kills + 1))
		wait=$((wait * 5 / 4 + 1))
		[ -z "$1" ] || [ ! -s stats ] || mv stats "stats.$(printf '%03d' $kills)"
		[ $wait -lt 900 ] || wait=1
	done
	[ "$got" = 0 ]
	ok $? "after $kills kills a run ended (exit $got)"
	[ $kills -ge 5 ]
	ok $? 'that were some kills'
}
sweep ''
cmp -s stats whole
ok $? 'killed again and again: the same bytes'
rm -rf stats stats.*
sweep rotate
cat stats.[0-9]* stats > got 2> /dev/null
cmp -s got whole
ok $? 'killed, and the stats file renamed each time: the same bytes in all of them'
finish
