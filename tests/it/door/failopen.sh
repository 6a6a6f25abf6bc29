# fail=open: the mail passes, is counted, and closed wins when both are concerned.
. tests/it/door/lib.sh
domains 'open.example fail=open' 'closed.example fail=closed' 'no.example archive=no' 'default fail=closed'
rm -rf "$H/journal/direct"
touch "$H/journal/direct"
export TCPREMOTEIP=10.0.0.1
for s in 100 3000000; do
	before=$(failopen)
	send -r a@open.example -s $s
	is "$code $(($(failopen) - before))" 'exit=0 1' "open: passed and counted ($s bytes)"
	send -r a@closed.example -s $s
	is "$code" "exit=$([ $s = 100 ] && echo 71 || echo 54)" "closed: refused ($s bytes)"
	send -r a@open.example -r a@closed.example -s $s
	is "$code" "exit=$([ $s = 100 ] && echo 71 || echo 54)" "both: refused ($s bytes)"
	send -r a@no.example -s $s
	is "$code $(($(failopen) - before))" 'exit=0 1' "nobody wants it: passed, not counted ($s bytes)"
	head -c $s /dev/urandom > "$tmp/m"
	rm -f "$Q"/*/[0-9]* "$Q"/mess/*/*
	send -r a@open.example -m "$tmp/m"
	queued_message > "$tmp/got"
	cmp -s "$tmp/got" "$tmp/m"
	ok $? "queued byte for byte ($s bytes)"
	send -r a@open.example -s $s -c 50
	is "$code $(($(failopen) - before))" 'exit=54 2' "cut: refused as ever ($s bytes)"
done
rm -f "$H/var/failopen"
send -r a@open.example
is "$code" exit=0 'without the counter it passes all the same'
dd if=/dev/zero of="$tmp/elsewhere" bs=8 count=1 2> /dev/null
ln -s "$tmp/elsewhere" "$H/var/failopen"
send -r a@open.example
is "$code $(od -An -tu8 "$tmp/elsewhere" | tr -d ' ')" 'exit=0 0' 'a link in its place is not followed'
rm -f "$H/var/failopen"
: > "$H/var/failopen"
send -r a@open.example
is "$code" exit=0 'and with one that is too short'
finish
