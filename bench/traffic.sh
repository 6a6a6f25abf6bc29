# Reading a stats file of 1 GB from the kernel's cache: mail_anlz against wc -l and scripts in mawk and Perl that do the same sums;
# mailstatistics. All in turn; the results of all are compared first. TMPDIR should be a tmpfs with 2 GB of room.
. bench/lib.sh

day=22.11.2026 begin=1795305600 end=1795392000
TZ=UTC
export TZ
size=1000000000
[ "$BENCH_QUICK" != 1 ] || size=100000000
s=$work/stats

# cost NAME COLUMN: the median
cost() { column "$2" "$work/m.$1"; }

for domains in 1000 100000; do
	note "traffic of $domains domains, load $(load)"
	rm -f "$work"/m.*
	stats -l $domains > "$work/hosted"
	stats $size $domains $begin > "$s" || die 'no room for the stats file'
	mail_anlz -d $day -f "$s" --hosted "$work/hosted" -o - > "$work/ours" 2> "$work/log" || die 'mail_anlz failed'
	# the scripts are slow: once each, and their sums are compared with ours
	slow=1
	[ "$BENCH_QUICK" != 1 ] || slow=2
	run=0
	while [ $run -lt $slow ]; do
		run=$((run + 1))
		if command -v mawk > /dev/null; then
			# shellcheck disable=SC2016 # the inner shell's
			metered mawk sh -c 'mawk -v begin='$begin' -v end='$end' -f bench/traffic.awk "$1" "$2" > "$3"' sh \
				"$work/hosted" "$s" "$work/theirs"
			sort "$work/theirs" | cmp -s - "$work/ours" || die 'mawk and mail_anlz differ'
		fi
		# shellcheck disable=SC2016 # the inner shell's
		metered perl sh -c 'perl bench/traffic.pl '$begin' '$end' "$1" "$2" > "$3"' sh "$work/hosted" "$s" "$work/theirs"
		cmp -s "$work/theirs" "$work/ours" || die 'Perl and mail_anlz differ'
	done
	run=0
	while [ $run -lt $((BENCH_RUNS + 4)) ]; do
		run=$((run + 1))
		metered wc wc -l "$s"
		# shellcheck disable=SC2016 # the inner shell's
		metered anlz sh -c 'exec mail_anlz -d '$day' -f "$1" --hosted "$2" -o - > /dev/null' sh "$s" "$work/hosted"
		# shellcheck disable=SC2016 # the inner shell's
		metered look sh -c 'exec mailstatistics -f "$1" > /dev/null' sh "$s"
		# shellcheck disable=SC2016 # the inner shell's
		metered verbose sh -c 'exec mailstatistics -v -f "$1" > /dev/null' sh "$s"
	done
	p=traffic.$domains
	put "$p.wc" "$(cost wc 1)" s
	put "$p.mail_anlz" "$(cost anlz 1)" s
	put "$p.mail_anlz.cpu" "$(cost anlz 2)" 'CPU s'
	put "$p.mail_anlz.rate" "$(calc "$size / 1e9 / $(cost anlz 1)")" GB/s
	put "$p.mail_anlz.wc" "$(calc "$(cost anlz 1) / $(cost wc 1)")" 'times wc -l' '<= 4'
	put "$p.mail_anlz.rss" "$(cost anlz 3)" MB
	[ ! -e "$work/m.mawk" ] || {
		put "$p.mawk" "$(cost mawk 1)" s
		put "$p.mawk.times" "$(calc "$(cost mawk 1) / $(cost anlz 1)" %.1f)" 'times mail_anlz' '>= 10'
		put "$p.mawk.cpu-times" "$(calc "$(cost mawk 2) / $(cost anlz 2)" %.1f)" 'times its CPU'
	}
	put "$p.perl" "$(cost perl 1)" s
	put "$p.perl.times" "$(calc "$(cost perl 1) / $(cost anlz 1)" %.1f)" 'times mail_anlz' '>= 30'
	put "$p.perl.cpu-times" "$(calc "$(cost perl 2) / $(cost anlz 2)" %.1f)" 'times its CPU'
	put "$p.mailstatistics" "$(cost look 1)" s
	put "$p.mailstatistics-v" "$(cost verbose 1)" s
	put "$p.mailstatistics-v.times" "$(calc "$(cost verbose 1) / $(cost anlz 1)")" 'times mail_anlz' '<= 2'
	put "$p.mailstatistics-v.cpu" "$(cost verbose 2)" 'CPU s'
	put "$p.mailstatistics-v.rss" "$(cost verbose 3)" MB
done
