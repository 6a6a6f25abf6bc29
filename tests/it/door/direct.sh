# Without md_journal the door writes direct files; with both gone it refuses.
. tests/it/door/lib.sh
send -r a@example.com -f me@example.com
is "$code $(direct) $(records) $(queued)" 'exit=0 1 1 1' 'no md_journal: a direct file'
is "$(basename "$H"/journal/direct/*)" "$(field id)" 'named by its record id'
is "$(field peer)" "$(id -u) $(id -g) $pid" 'with the peer as md_journal would have it'
rm -rf "$H/journal/direct"
send -r a@example.com
is "$code $(queued)" 'exit=71 1' 'no direct/ either: 71'
send -r a@example.com -s 2000000
is "$code $(queued) $(leftover)" 'exit=54 1 0' 'a large message, which nothing can hold: 54'
start_journal
send -r a@example.com
is "$code $(records)" 'exit=0 1' 'md_journal makes what is missing'
finish
