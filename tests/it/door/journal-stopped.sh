# A stopped md_journal costs two seconds, then direct files are written; the same record id makes it one message.
. tests/it/door/lib.sh
start_journal
kill -STOP "$journal"
start=$(date +%s)
send -r a@example.com
is "$code $(direct)" 'exit=0 1' 'accepted, with a direct file'
[ $(($(date +%s) - start)) -ge 1 ]
ok $? 'after having waited for md_journal'
id=$(field id)
kill -CONT "$journal"
# shellcheck disable=SC2317 # called by wait_for
twice() { [ "$(records)" = 2 ]; }
wait_for 5 twice
is "$(field id | sort -u)" "$id" 'md_journal stores it too when it goes on, under the same id'
finish
