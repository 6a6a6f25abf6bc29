# md_journal and its peers: silent, deaf, hasty, malformed, too many; none costs more than its own connection.
. tests/it/door/lib.sh
peer=$BUILD/tests/peer
# CPU of md_journal in 1/100 s
cpu() { awk '{ print $14 + $15 }' "/proc/$journal/stat"; }
rss() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$journal/status"; }
echo 50 > "$H/etc/journal-connections"
start_journal
is "$("$peer" bad)" 'EINVAL closed' 'a malformed request is answered, its connection closed'
is "$("$peer" pairs 8)" '0 0 0 0 0 0 0 0 ' 'requests sent before the last answer are served'
is "$(records)" 8 'all of them'
is "$("$peer" seen "$(field sha256 | sed 1q)") $("$peer" seen "$(printf '%064d' 0)")" 'seen not' 'what is durable was seen'
"$peer" hold 60 4 > "$tmp/held" &
pids="$pids $!"
wait_for 5 test -s "$tmp/held"
is "$(cat "$tmp/held")" 50 'sixty come: fifty stay, the others are turned away'
before=$(cpu)
sleep 1
[ $(($(cpu) - before)) -lt 20 ]
ok $? 'those that are silent cost nothing'
send -r a@example.com
is "$code $(direct)" 'exit=0 1' 'a door that is turned away goes direct at once'
wait "${pids##* }"
before_deaf=$(records)
"$peer" deaf 20 &
pids="$pids $!"
# shellcheck disable=SC2317 # called by wait_for
all_there() { [ "$(records)" -ge $((before_deaf + 20)) ]; }
wait_for 5 all_there
before=$(cpu)
sleep 1
[ $(($(cpu) - before)) -lt 20 ]
ok $? 'those that do not read answers cost nothing'
send -r a@example.com
is "$code $(direct)" 'exit=0 1' 'and others are served'
kill "${pids##* }"
rm -f "$H/etc/journal-connections"
kill -HUP "$journal"
wait_for 5 grep -q 'connections=1000' "$tmp/journal.log"
# without a descriptor for one more
prlimit --pid "$journal" --nofile=10:
before=$(cpu)
send -r a@example.com
is "$code $(direct)" 'exit=0 2' 'no descriptor left: the door goes direct'
sleep 1
[ $(($(cpu) - before)) -lt 20 ] && [ "$(grep -c accept.failed "$tmp/journal.log")" -lt 10 ]
ok $? 'and md_journal neither spins nor fills its log'
prlimit --pid "$journal" --nofile=1000:
wait_for 5 test "$("$peer" bad)" = 'EINVAL closed'
ok $? 'and takes doors again once there are some'
kill -STOP "$journal"
"$peer" big 100 > "$tmp/big" &
sleep 1
kill -CONT "$journal"
wait $!
is "$(cat "$tmp/big")" 100 'a hundred messages of 1 MiB at once'
sanitized || [ "$(rss)" -lt 28000 ]
ok $? "in $(rss) kB of memory"
"$dump" "$H" > /dev/null
ok $? 'the journal is sound'
finish
