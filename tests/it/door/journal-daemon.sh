# md_journal as a service: readiness, one at a time, settings at HUP, a clean end, a fresh start over a dead socket.
. tests/it/door/lib.sh
start_journal
is "$(stat -c %a "$H/journal/.socket")" 660 'socket mode 0660'
is "$(stat -c %g "$H/journal/.socket")" "$(stat -c %g "$H/journal/direct")" 'with the group of direct/'
"$BUILD/bin/md_journal" 2> "$tmp/second"
is $? 111 'a second one does not start'
grep -q 'event=journal.start.failed' "$tmp/second"
ok $? 'and says so'
echo 7 > "$H/etc/journal-connections"
kill -HUP "$journal"
wait_for 5 grep -q 'event=journal.settings.ok connections=7' "$tmp/journal.log"
ok $? 'HUP reads the settings again'
echo many > "$H/etc/journal-connections"
kill -HUP "$journal"
wait_for 5 grep -q 'event=journal.settings.failed' "$tmp/journal.log"
ok $? 'and says what is wrong with them'
send -r a@example.com
stop_journal
is "$stopped" 0 'TERM: exit 0'
grep -q 'event=journal.stop.ok count=1 batches=1' "$tmp/journal.log"
ok $? 'with its sums'
start_journal
kill -KILL "$journal"
wait "$journal" 2> /dev/null
touch -d '3 days ago' "$H/journal/direct/.tmp.0123456789abcdef" "$H/journal/direct/kept"
touch "$H/journal/direct/.tmp.fedcba9876543210"
start_journal
is "$(find "$H/journal/direct" -type f -printf '%f\n' | sort | xargs)" '.tmp.fedcba9876543210 kept' 'what doors left unfinished days ago is gone'
rm "$H/journal/direct/kept" "$H/journal/direct/.tmp.fedcba9876543210"
send -r a@example.com
is "$code $(direct) $(records)" 'exit=0 0 2' 'back after kill -9'
grep -q '^NoNewPrivs:.1' "/proc/$journal/status"
ok $? 'it runs in a sandbox'
stop_journal
mkdir "$tmp/new"
(umask 077 && MAILDEPOT_HOME=$tmp/new exec timeout -s TERM 20 "$BUILD/bin/md_journal" 2>> "$tmp/new.log") &
pids="$pids $!"
wait_for 10 grep -q journal.start.ok "$tmp/new.log"
is "$(stat -c %a "$tmp/new/journal" "$tmp/new/journal/direct" | xargs)" '750 770' 'it makes its folders for the doors, whatever the umask'
kill $!
echo required > "$H/etc/sandbox"
start_journal
send -r a@example.com
is "$code $(records)" 'exit=0 3' 'also where one is required'
finish
