# A sync of a minute: the door writes direct files after two seconds, and md_journal answers nobody wrongly.
. tests/it/door/lib.sh
export QA_SLOW_MS=60000 QA_SLOW_FILE="$tmp/slow"
start_journal "$BUILD/tests/slow-journal"
send -r a@example.com
is "$code $(direct)" 'exit=0 0' 'quick at first'
touch "$tmp/slow"
send -r a@example.com
is "$code $(direct)" 'exit=0 1' 'direct while the disk of the journal hangs'
send -f '' -r a@example.com
is "$code $(direct)" 'exit=0 2' 'a bounce too'
kill -9 "$journal"
finish
