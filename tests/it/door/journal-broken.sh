# Disk errors are answered at once, the door goes direct at once, and the next batch goes to a new file.
. tests/it/door/lib.sh
export QA_FAIL_FILE="$tmp/fail"
start_journal "$BUILD/tests/slow-journal"
send -r a@example.com
is "$code $(direct)" 'exit=0 0' 'good at first'
for e in 28 5 122; do
	before=$(direct)
	echo $e > "$tmp/fail"
	start=$(date +%s%N)
	send -r a@example.com
	ms=$((($(date +%s%N) - start) / 1000000))
	rm "$tmp/fail"
	is "$code $(($(direct) - before))" 'exit=0 1' "errno $e: direct"
	[ $ms -lt 1500 ]
	ok $? "without waiting ($ms ms)"
	send -r a@example.com
	is "$code $(($(direct) - before))" 'exit=0 1' 'and through md_journal again'
done
grep -q 'event=journal.commit.failed' "$tmp/journal.log"
ok $? 'it is in the log'
is "$(find "$H/journal" -maxdepth 1 -name '0*' | wc -l)" 4 'a new file after each failure'
finish
