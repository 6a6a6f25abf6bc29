# Doors that come, ask, hang up without hearing and come again, many at once: md_journal mixes none of them up.
. tests/it/door/lib.sh
start_journal
is "$("$BUILD/tests/peer" mix 8 300)" 7200 'all that wait are answered'
kill -0 "$journal"
ok $? 'md_journal lives'
# shellcheck disable=SC2317 # called by wait_for
all_gone() { [ "$(find "/proc/$journal/fd" -lname 'socket:*' | wc -l)" -le 1 ]; }
wait_for 10 all_gone
ok $? 'and keeps no connection that is gone'
is "$(records)" 7200 'each record is there, once'
stop_journal
is "$stopped" 0 'TERM: exit 0'
finish
