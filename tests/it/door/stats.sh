# Each mail that the door lets go has its lines in the stats file, once, whichever way its record went.
. tests/it/door/lib.sh
stats=$tmp/log.d/stats
mkdir "$tmp/log.d"
echo "$stats" > "$H/etc/stats"
echo mx1.example.net > "$H/etc/me"
domains 'example.com' 'open.example fail=open' 'head.example limit=10K over=head' 'small.example limit=10K' 'no.example archive=no' \
	'default fail=closed'
lines() { if [ -e "$stats" ]; then wc -l < "$stats"; else echo 0; fi; }
# shellcheck disable=SC2317 # called by wait_for
have() { [ "$(lines)" -ge "$1" ]; }
# said N NAME WANT...: there are N lines more than before, which are WANT ("pid sender|recipient|bytes") and no others come
seen=0
said() {
	seen=$((seen + $1)) name=$2
	shift 2
	wait_for 10 have $seen
	is "$(tail -n +$((seen - $# + 1)) "$stats" 2> /dev/null | sed 's/^.* mx1.example.net in\[\([0-9]*\)\]: [0-9]*|\(.*\)|success$/\1 \2/')" \
		"$(for l in "$@"; do printf '%s\n' "$l"; done)" "$name"
}
import() { "$BUILD/bin/md_import" -1 > "$tmp/import.log" 2>&1; }
start_journal

send -r b@example.com -r c@elsewhere.example -f a@example.org -s 1000
said 2 'a line for each recipient, with the pid of qmail-queue and the size' "$pid a@example.org|b@example.com|1000" \
	"$pid a@example.org|c@elsewhere.example|1000"
is "$(stat -c %a "$stats")" 660 'the new file may be written by its group'
t=$(tail -n 1 "$stats" | sed 's/^[^|]*: \([0-9]*\)|.*/\1/')
[ $(($(date +%s) - t)) -le 10 ]
ok $? 'the time is now'
printf 'F\0Tb@example.com\0\0' > "$tmp/envelope"
send -E "$tmp/envelope" -s 500
said 1 'a bounce' "$pid |b@example.com|500"
send -r b@head.example -f a@example.org -s 20000
said 1 'of a message whose head alone is kept, the full size' "$pid a@example.org|b@head.example|20000"
p=$pid
TCPREMOTEIP=10.0.0.1 send -r b@no.example -f a@example.org -s 300
is "$code $(records)" 'exit=0 3' 'mail that nobody wants archived'
said 1 'has its line too' "$pid a@example.org|b@no.example|300"
[ "$p" != "$pid" ]
ok $? 'with a pid of its own'
send -r b@small.example -s 20000
is "$code" exit=31 'refused'
send -r b@example.com -s 3000 -c 100
is "$code" exit=54 'cut off'
send -r b@example.com -f a@example.org -s 10
said 1 'have none' "$pid a@example.org|b@example.com|10"

mv "$stats" "$stats.1"
send -r b@example.com -f a@example.org -s 11
seen=0
said 1 'the file was rotated: a new one' "$pid a@example.org|b@example.com|11"

# by direct files
send -r b@example.com -r c@example.com -f a@example.org -s 2000000
is "$(direct) $(lines)" '1 1' 'a large message is in a direct file, and not counted yet'
import
said 2 'md_import counts it' "$pid a@example.org|b@example.com|2000000" "$pid a@example.org|c@example.com|2000000"
kill -STOP "$journal"
send -r b@example.com -f a@example.org -s 12
is "$code $(direct)" 'exit=0 1' 'md_journal has stopped: a direct file'
kill -CONT "$journal"
# shellcheck disable=SC2317 # called by wait_for
both() { [ "$(records)" -ge 2 ]; }
wait_for 5 both
p=$pid
send -r b@example.com -f a@example.org -s 13
said 1 'it goes on, has that record too, and does not count it' "$pid a@example.org|b@example.com|13"
import
said 1 'md_import does' "$p a@example.org|b@example.com|12"
import
is "$(lines)" $seen 'and no more than once'
stop_journal
send -r b@example.com -f a@example.org -s 14
import
said 1 'no md_journal' "$pid a@example.org|b@example.com|14"
mv "$stats" "$stats.2"
mkdir "$stats"
send -r b@example.com -r c@example.com -f a@example.org -s 14
import
is "$? $(direct)" '0 0' 'md_import goes on without the stats file'
grep -q 'event=import.stats.failed lost=2 ' "$tmp/import.log"
ok $? 'and says what was lost'
rmdir "$stats"
mv "$stats.2" "$stats"

# without a record
rm -rf "$H/journal/direct"
touch "$H/journal/direct"
send -r b@open.example -f a@example.org -s 15
is "$code $(failopen)" 'exit=0 1' 'nothing works, and it may pass'
rm "$H/journal/direct"
start_journal
rm -rf "$H/journal/direct"
touch "$H/journal/direct"
TCPREMOTEIP=10.0.0.1 send -r b@open.example -f a@example.org -s 3000000
is "$code $(failopen)" 'exit=0 2' 'nothing holds it, and it may pass'
wait_for 10 have $((seen + 1))
is "$(tail -n 1 "$stats" | cut -d'|' -f 2-)" 'a@example.org|b@open.example|3000000|success' 'while md_journal runs it is counted'
seen=$((seen + 1))

stop_journal
rm "$H/journal/direct"
export QA_FAIL_FILE="$tmp/fail"
start_journal "$BUILD/tests/slow-journal"
rm -rf "$H/journal/direct"
touch "$H/journal/direct"
echo 28 > "$QA_FAIL_FILE"
send -r b@open.example -f a@example.org -s 15
is "$code $(failopen)" 'exit=0 3' 'md_journal says that the disk is full, and it may pass'
wait_for 10 have $((seen + 1))
is "$(tail -n 1 "$stats" | cut -d'|' -f 2-)" 'a@example.org|b@open.example|15|success' 'it is counted too'
rm "$QA_FAIL_FILE"
stop_journal
rm "$H/journal/direct"
start_journal

# trouble
rm "$stats"
mkdir "$stats"
send -r b@example.com -f a@example.org -s 16
send -r b@example.com -r c@example.com -f a@example.org -s 17
is "$code" exit=0 'a stats file that cannot be written stops no mail'
stop_journal
grep -q 'event=journal.stats.failed lost=3 ' "$tmp/journal.log"
ok $? 'the log says what was lost'
rmdir "$stats"
start_journal
send -r b@example.com -f a@example.org -s 18
kill -TERM "$journal"
wait "$journal"
is "$(lines)" 1 'md_journal writes what waits before it ends'
echo - > "$H/etc/stats"
start_journal
send -r b@example.com -f a@example.org -s 19
stop_journal
is "$code $(lines)" 'exit=0 1' 'etc/stats says that nobody wants lines'
finish
