# What the door and the journal add to a queue program: the stand-in for qmail-queue alone and behind ours, in turn.
# The queue's folders are new for each run, and nothing is removed meanwhile: some filesystems look long for an inode where
# many were freed. CPU is that of injector, door, queue program and md_journal together; it is also measured on a filesystem in
# memory, where the disk's own work is not part of it.
. bench/lib.sh
queues=$work runs=0
standin=$BUILD/tests/qmail-queue
if [ "$BENCH_QUICK" = 1 ]; then total=192; else total=640; fi

fresh_queue() {
	runs=$((runs + 1))
	Q=$queues/queue.$runs
	export QA_STANDIN_QUEUE="$Q"
	mkdir -p "$Q/pid" "$Q/intd" "$Q/todo" "$Q/lock"
	i=0
	while [ $i -lt 23 ]; do
		mkdir -p "$Q/mess/$i"
		i=$((i + 1))
	done
}

# service NAME COMMAND...: starts one that says when it is ready; its pid in $service
service() {
	rm -f "$work/ready"
	mkfifo "$work/ready"
	name=$1
	shift
	"$@" -d 3 3> "$work/ready" 2>> "$work/$name.log" &
	service=$!
	pids="$pids $service"
	read -r _ < "$work/ready"
}

# nanoseconds that a process has run
ran() {
	cut -d' ' -f1 "/proc/$1/schedstat"
}

# load_of NAME PROGRAM INJECTORS SIZE: a line "RATE P50 P99 CPU" more, CPU in ms a message
load_of() {
	fresh_queue
	before=$(ran "$journal")
	each=$(($total / $3))
	meter "$BUILD/tests/inject" -f a@example.org -r b@example.com -s "$4" -n "$each" -p "$3" "$2" \
		> "$work/took" 2> "$work/load" || die "messages were refused: $(cat "$work/load")"
	after=$(ran "$journal")
	cpu=$(awk -v j=$((after - before)) -v n=$((each * $3)) '{ printf "%.4f", ($2 * 1e3 + j / 1e6) / n }' "$work/took")
	sed "s/.*rate=\([0-9]*\) p50=\([0-9.]*\) .*p99=\([0-9.]*\) .*/\1 \2 \3 $cpu/" "$work/load" >> "$work/c.$1"
}

# compare TAG SIZE INJECTORS TARGET-SHARE
compare() {
	rm -f "$work/c.plain" "$work/c.ours"
	run=0
	while [ $run -lt "$BENCH_RUNS" ]; do
		run=$((run + 1))
		load_of plain "$standin" "$3" "$2"
		load_of ours "$BUILD/bin/qmail-queue" "$3" "$2"
	done
	plain=$(column 1 "$work/c.plain") ours=$(column 1 "$work/c.ours")
	tag=capture.$1.$3
	put "$tag.plain.rate" "$plain" msg/s
	put "$tag.ours.rate" "$ours" msg/s
	put "$tag.share" "$(calc "$ours / $plain")" 'of plain' "$4"
	put "$tag.plain.cpu" "$(column 4 "$work/c.plain")" ms/message
	put "$tag.plain.p50-p99" "$(column 2 "$work/c.plain")/$(column 3 "$work/c.plain")" ms
	put "$tag.ours.p50-p99" "$(column 2 "$work/c.ours")/$(column 3 "$work/c.ours")" ms
	[ "$2" = 4096 ] && target='<= 0.5' || target=''
	put "$tag.added-cpu" "$(calc "$(column 4 "$work/c.ours") - $(column 4 "$work/c.plain")" %.3f)" 'ms/message' "$target"
}

memory=$(mktemp -d /dev/shm/bench.XXXXXX 2> /dev/null) || memory=''
trap 'clean; [ -z "$memory" ] || rm -rf "$memory"' EXIT
if [ -n "$memory" ]; then
	note "capture in memory, load $(load)"
	disk=$MAILDEPOT_HOME
	export MAILDEPOT_HOME="$memory/home"
	queues=$memory
	instance 1
	printf '%s\nfinal\n' "$standin" > "$MAILDEPOT_HOME/etc/next-queue"
	service journal md_journal
	journal=$service
	compare 4k-memory 4096 1 ''
	compare 64k-memory 65536 1 ''
	kill "$journal"
	wait "$journal"
	MAILDEPOT_HOME=$disk queues=$work
	rm -rf "$memory"
fi

note "capture, load $(load)"
instance 1
printf '%s\nfinal\n' "$standin" > "$MAILDEPOT_HOME/etc/next-queue"
service journal md_journal
journal=$service
if [ "$BENCH_QUICK" = 1 ]; then injectors='1 4'; else injectors='1 4 16 64'; fi
for p in $injectors; do
	note "$p injectors, load $(load)"
	case $p in 1) share='>= 0.80' ;; 4|16) share='>= 0.75' ;; *) share='' ;; esac
	compare 4k 4096 "$p" "$share"
	compare 64k 65536 "$p" ''
done

note "with md_import beside it, load $(load)"
service import md_import
import=$service
compare 4k-importing 4096 4 ''
kill "$import"
wait "$import"

note "md_journal alone, load $(load)"
run=0
while [ $run -lt "$BENCH_RUNS" ]; do
	run=$((run + 1))
	mkdir "$work/files.$run"
	writers journal "$MAILDEPOT_HOME" 64 $((total * 5 / 8)) 4096 >> "$work/w.journal" || die 'md_journal refused'
	writers files "$work/files.$run" 64 $((total * 5 / 32)) 4096 >> "$work/w.files" || die 'files failed'
done
put journal.64.rate "$(column 1 "$work/w.journal")" msg/s
put journal.64.p50-p99 "$(column 2 "$work/w.journal")/$(column 3 "$work/w.journal")" ms
put files.64.rate "$(column 1 "$work/w.files")" msg/s
put files.64.p50-p99 "$(column 2 "$work/w.files")/$(column 3 "$work/w.files")" ms
put journal.64.times "$(calc "$(column 1 "$work/w.journal") / $(column 1 "$work/w.files")" %.1f)" 'times files' '>= 5'
kill "$journal"
wait "$journal"

# A disk that takes 2 ms for a sync, for both programs
note "a slow disk, load $(load)"
export QA_STANDIN_SYNC_MS=2 QA_SLOW_MS=2
service journal "$BUILD/tests/slow-journal"
journal=$service
for p in 1 4 16; do
	[ "$p" != 16 ] || [ "$BENCH_QUICK" != 1 ] || continue
	compare 4k-sync-2ms 4096 "$p" '>= 0.90'
done
kill "$journal"
wait "$journal"
