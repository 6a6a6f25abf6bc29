# Many recipients: past one packet to md_journal, so through a direct file, and all of them are kept.
. tests/it/door/lib.sh
start_journal
send -R 100 -s 100
is "$code $(direct)" 'exit=0 0' 'a hundred, through md_journal'
send -R 10000 -s 100
is "$code $(direct)" 'exit=0 1' 'ten thousand, direct'
is "$(field recipient | wc -l)" 10100 'each of them is archived'
is "$(field recipient | tail -n 1)" 'user9999@example.com' 'the last one too'
send -R 800000 -s 100
is "$code" exit=51 'over 16 MiB: out of memory, for now'
is "$(queued) $(leftover)" '2 0' 'and nothing of it is queued'
finish
