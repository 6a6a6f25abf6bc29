# logstat: log lines a second, of each form of log; to standard output, and into a file with its state.
. bench/lib.sh
PATH=$BUILD/tests:$PATH
if [ "$BENCH_QUICK" = 1 ]; then mails=60000; else mails=600000; fi

# rate NAME: lines a CPU second
rate() {
	calc "$lines / $(column 2 "$work/m.$1")" %.0f
}

for form in multilog syslog local; do
	qlog -r -f $form -s 5 $mails > "$work/maillog"
	lines=$(wc -l < "$work/maillog")
	note "logstat, $form, $lines lines of $(wc -c < "$work/maillog") bytes, load $(load)"
	run=0
	while [ $run -lt "$BENCH_RUNS" ]; do
		run=$((run + 1))
		# shellcheck disable=SC2016 # for the shell that is started
		metered "$form" sh -c 'exec logstat "$1" > "$2"' sh "$work/maillog" "$work/out"
		[ $form != multilog ] || {
			rm -rf "$work/stats" "$work/stats.state"
			metered kept logstat -f "$work/stats" "$work/maillog"
			cmp -s "$work/out" "$work/stats" || die 'the lines differ'
		}
	done
	put logstat.$form.rate "$(rate $form)" 'lines/CPU s' '>= 1000000'
	[ $form != multilog ] || put logstat.kept.rate "$(rate kept)" 'lines/CPU s' '>= 1000000'
	put logstat.$form.memory "$(column 3 "$work/m.$form")" MB
done
