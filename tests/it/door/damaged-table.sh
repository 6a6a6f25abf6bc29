# A missing or damaged table of domains: everything is archived, in default, closed.
. tests/it/door/lib.sh
start_journal
send -r a@example.com
is "$code $(records)" 'exit=0 1' 'missing: archived'
echo 'not a table' > "$H/etc/domains.cdb"
send -r a@example.com
is "$code $(records)" 'exit=0 2' 'damaged: archived'
stop_journal
rm -rf "$H/journal/direct"
send -r a@example.com
is "$code" exit=71 'damaged and no archive: closed'
finish
