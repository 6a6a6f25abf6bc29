# Behind a TLS front end descriptor 0 is no TCP socket: the bytes pass through popstat, which counts those inside TLS.
. tests/it/popstat/lib.sh
needs openssl
needs_dovecot
mail 3000000
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$tmp/key" -out "$tmp/cert" 2> /dev/null || skip_all 'no certificate'
cat "$tmp/key" "$tmp/cert" > "$tmp/pem"
printf '#!/bin/sh\nUSER=u@example.com exec %s "%s" imap "%s/imap"\n' "$as" "$popstat" "$dovecot" > "$tmp/chain"
chmod 755 "$tmp/chain"
for way in socketpair pipes; do
	# socat gives a socket pair unless it is told otherwise
	option=""
	[ $way = socketpair ] || option=,pipes
	wire OPENSSL-LISTEN:0,bind=127.0.0.1,reuseaddr,cert="$tmp/pem",verify=0 "EXEC:$tmp/chain$option"
	curl -sk --max-time 60 --user u:pw "imaps://127.0.0.1:$port/INBOX;MAILINDEX=1" | tr -d '\r' > "$tmp/got"
	cmp "$tmp/got" "$tmp/mail.1"
	ok $? "$way: the message comes through"
	bytes=$(wire_bytes)
	is "$(lines)" "mx1.example.net out: imap@u@example.com|u@example.com|$bytes|success" "$way: $bytes bytes"
done
finish
