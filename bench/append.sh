# Adding to the stats file: CPU of a line by one writer and by 64, and by md_journal, which does it for the door.
. bench/lib.sh
standin=$BUILD/tests/qmail-queue
if [ "$BENCH_QUICK" = 1 ]; then lines=64000 mails=500; else lines=640000 mails=2000; fi

# microseconds of CPU a line
per_line() {
	calc "$(column 2 "$work/m.$1") * 1e6 / $lines" %.1f
}

note "adding lines, load $(load)"
run=0
while [ $run -lt "$BENCH_RUNS" ]; do
	run=$((run + 1))
	metered one append "$work/stats.one" 1 $lines
	metered many append "$work/stats.many" 64 $lines
done
put append.1.cpu "$(per_line one)" us/line '<= 20'
put append.64.cpu "$(per_line many)" us/line '<= 20'
statline --check "$work/stats.many" > "$work/bad"
put append.64.bad "$(wc -l < "$work/bad")" lines 0
put append.64.lost "$(($(grep -c . "$work/stats.many") - BENCH_RUNS * lines))" lines 0

# What the thread of md_journal that adds lines has run, in nanoseconds
ran() {
	for t in /proc/"$1"/task/*; do
		[ "$(cat "$t/comm")" != stats ] || cut -d' ' -f1 "$t/schedstat"
	done
}

note "md_journal's lines, load $(load)"
instance 1
printf '%s\nfinal\n' "$standin" > "$MAILDEPOT_HOME/etc/next-queue"
echo "$work/stats.door" > "$MAILDEPOT_HOME/etc/stats"
QA_STANDIN_QUEUE=$work/queue
export QA_STANDIN_QUEUE
mkdir -p "$QA_STANDIN_QUEUE/pid" "$QA_STANDIN_QUEUE/intd" "$QA_STANDIN_QUEUE/todo" "$QA_STANDIN_QUEUE/lock"
i=0
while [ $i -lt 23 ]; do
	mkdir -p "$QA_STANDIN_QUEUE/mess/$i"
	i=$((i + 1))
done
mkfifo "$work/ready"
md_journal -d 3 3> "$work/ready" 2>> "$work/journal.log" &
pid=$!
pids="$pids $pid"
read -r _ < "$work/ready"
run=0
while [ $run -lt "$BENCH_RUNS" ]; do
	run=$((run + 1))
	before=$(ran $pid)
	"$BUILD/tests/inject" -f a@example.org -r b@example.com -s 4096 -n $((mails / 4)) -p 4 "$BUILD/bin/qmail-queue" > "$work/load" 2>&1 ||
		die 'messages were refused'
	sleep 0.3
	calc "($(ran $pid) - $before) / 1e3 / $mails" '%.1f\n' >> "$work/j"
done
[ "$(wc -l < "$work/stats.door")" = $((BENCH_RUNS * mails)) ] || die 'lines are missing'
put append.journal.cpu "$(column 1 "$work/j")" us/line '<= 20'
