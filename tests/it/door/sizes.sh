# Messages of any size, from none to past what goes through memory, come out equal on both sides.
. tests/it/door/lib.sh
start_journal
for s in 0 1 1023 65535 65536 65537 1048575 1048576 1048577 5000000; do
	rm -f "$Q"/*/[0-9]* "$Q"/mess/*/* "$H"/journal/direct/*
	head -c $s /dev/urandom > "$tmp/m"
	send -r a@example.com -m "$tmp/m"
	queued_message > "$tmp/got" 2> /dev/null
	cmp -s "$tmp/got" "$tmp/m" && [ "$code" = exit=0 ]
	ok $? "$s bytes are queued"
	is "$(field sha256 | tail -n 1)" "$(sum "$tmp/m")" "$s bytes are archived"
	is "$(direct)" "$([ $s -gt 1048576 ] && echo 1 || echo 0)" "$s bytes went the right way"
done
finish
