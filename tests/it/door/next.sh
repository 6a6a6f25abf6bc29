# The next program: one that refuses may stand between (offered); ourselves never; a missing one is 120.
. tests/it/door/lib.sh
start_journal
echo "$standin" > "$H/etc/next-queue"
send -r a@example.com
is "$code $("$dump" "$H" | grep -c '^offered=$')" 'exit=0 1' 'without the word final: marked as offered'
echo "$queue" > "$H/etc/next-queue"
send -r a@example.com
is "$code" exit=120 'ourselves: 120'
ln "$queue" "$tmp/other" 2> /dev/null || ln -s "$queue" "$tmp/other"
echo "$tmp/other" > "$H/etc/next-queue"
send -r a@example.com
is "$code" exit=120 'ourselves by another name: 120'
echo "$tmp/none" > "$H/etc/next-queue"
send -r a@example.com
is "$code" exit=120 'missing: 120'
: > "$tmp/plain"
echo "$tmp/plain" > "$H/etc/next-queue"
send -r a@example.com
is "$code" exit=120 'not a program: 120'
is "$(records)" 1 'nothing is archived that cannot be queued then'
rm "$H/etc/next-queue"
mkdir "$H/etc/next-queue"
send -r a@example.com
is "$code" exit=55 'a control file that cannot be read: 55'
finish
