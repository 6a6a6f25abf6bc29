# archive=no: the mail passes as if the door were not there.
. tests/it/door/lib.sh
domains 'example.com archive=no' 'example.org'
start_journal
export TCPREMOTEIP=10.0.0.1
for s in 0 4096 70000 3000000; do
	rm -f "$Q"/*/[0-9]* "$Q"/mess/*/*
	head -c $s /dev/urandom > "$tmp/m"
	send -r a@example.com -m "$tmp/m"
	queued_message > "$tmp/got" 2> /dev/null
	cmp -s "$tmp/got" "$tmp/m" && [ "$code $(records)" = 'exit=0 0' ]
	ok $? "$s bytes: queued, not archived"
done
send -R 20000 -s 10
is "$code $(records)" 'exit=0 0' '20,000 recipients'
send -r a@example.com -r b@example.org
is "$code $(records)" 'exit=0 1' 'one of two recipients wants it: archived'
finish
