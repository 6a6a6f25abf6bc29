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
"$peer" deaf 20 &
pids="$pids $!"
# shellcheck disable=SC2317 # called by wait_for
all_there() { [ "$(records)" -ge 29 ]; }
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
