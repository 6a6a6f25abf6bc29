# POP3 by real parts: mailfront's login and server, curl as the client. The line has the account and exactly the bytes that were on the wire.
. tests/it/popstat/lib.sh
needs pop3front-auth pop3front-maildir cvm-pwfile
mail 100
mail 3000000
# shellcheck disable=SC2086 # words
serve $maildir_login env VPOPUSER=U%Example.COM "$popstat" pop3 pop3front-maildir Maildir
direct=$port
get() { curl -s --max-time 60 --user u:pw "pop3://127.0.0.1:$port/$1"; }
for n in 1 2; do
	port=$direct
	wire
	get $n | tr -d '\r' > "$tmp/got"
	bytes=$(wire_bytes)
	# the server gives a line feed more
	head -c "$(wc -c < "$tmp/mail.$n")" "$tmp/got" | cmp - "$tmp/mail.$n"
	ok $? "message $n comes through"
	is "$(lines)" "mx1.example.net out: pop3@u@example.com|u@example.com|$bytes|success" "its session is $bytes bytes"
	[ "$bytes" -gt "$(wc -c < "$tmp/mail.$n")" ]
	ok $? 'more than the message'
done
port=$direct
curl -s --max-time 60 --user u:wrong "pop3://127.0.0.1:$port/1" > /dev/null
is $? 67 'a wrong password'
i=0
while [ $i -lt 10 ]; do
	get 1 > /dev/null &
	list="${list:-} $!"
	i=$((i + 1))
done
# shellcheck disable=SC2086 # several
wait $list
lines 10 > "$tmp/ten"
is "$(sort "$tmp/ten" | uniq -c | awk '{ print $1, NF }')" '10 4' 'ten sessions at once: ten equal lines, and none of the one that failed'
grep -q 'end [0-9]* status 0' "$tmp/tcpserver"
ok $? 'tcpserver sees the exit status'
finish
