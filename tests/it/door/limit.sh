# Above a domain's limit: 31, or only the head is archived.
. tests/it/door/lib.sh
domains 'small.example limit=10K' 'head.example limit=100K over=head' 'free.example'
start_journal
export TCPREMOTEIP=10.0.0.1
send -r a@small.example -s 10240
is "$code $(records)" 'exit=0 1' 'at the limit'
send -r a@small.example -s 10241
is "$code $(records) $(queued)" 'exit=31 1 1' 'one byte above: refused for good'
send -r a@small.example -s 3000000
is "$code $(records) $(leftover)" 'exit=31 1 0' 'far above'
for s in 200000 3000000; do
	rm -f "$Q"/*/[0-9]* "$Q"/mess/*/*
	head -c $s /dev/urandom > "$tmp/m"
	send -r a@head.example -m "$tmp/m"
	head -c 65536 "$tmp/m" > "$tmp/head"
	is "$code $(field sha256 | tail -n 1) $(field headonly | tail -n 1)" "exit=0 $(sum "$tmp/head") $s" "over=head, $s bytes: the head is archived"
	queued_message > "$tmp/got"
	cmp -s "$tmp/got" "$tmp/m"
	ok $? "over=head, $s bytes: all of it is queued"
done
send -r a@head.example -r a@free.example -s 200000
is "$code $(field message | tail -n 1)" 'exit=0 200000' 'one of them wants it whole'
send -r a@head.example -r a@small.example -s 200000
is "$code" 'exit=31' 'one of them refuses it'
finish
