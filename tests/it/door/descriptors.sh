# The next program gets 0, 1, 2 and 6 and nothing else, whoever calls.
. tests/it/door/lib.sh
start_journal
fds() { sed -n 's/.* fds=\([0-9,]*\).*/\1/p' "$tmp/log" | tail -n 1; }
send -r a@example.com
is "$code $(fds)" 'exit=0 0,1,2,6,' 'from qmail-smtpd'
send -x -r a@example.com
is "$code $(fds)" 'exit=0 0,1,2,6,' 'from qmail-send, with 3, 4, 5, 7 and 8 open'
send -x -6 -r a@example.com
is "$code $(fds)" 'exit=0 0,1,2,' 'from one that gives no 6'
send -2 -r a@example.com
is "$code $(fds)" 'exit=0 0,1,2,6,' 'from one with 2 closed'
send -2 -6 -r a@example.com
is "$code $(fds)" 'exit=0 0,1,2,' 'with 2 and 6 closed'
send -2 -6 -x -s 2000000 -r a@example.com
is "$code $(fds)" 'exit=0 0,1,2,' 'the same with a large message'
is "$(records)" 6 'all archived'
"$queue" < /dev/null 1>&- 2>&-
is $? 54 '1 closed: 54'
"$queue" <&- 1< /dev/null 2>&-
is $? 54 '0 closed: 54'
finish
