#!/bin/sh
# TLS in the server: everything up to STARTTLS is understood, what follows is passed on as it is.
. tests/it/smtpstat/lib.sh
command -v swaks > /dev/null && command -v openssl > /dev/null || skip_all 'needs swaks and openssl'
perl -MIO::Socket::SSL -MNet::SSLeay -e 1 2> /dev/null || skip_all 'needs IO::Socket::SSL'
qpsmtpd 'auth/auth_flat_file' "tls $tmp/cert.pem $tmp/key.pem $tmp/cert.pem"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=mx.example.com -keyout "$tmp/key.pem" -out "$tmp/cert.pem" > /dev/null 2>&1
echo 'user@example.com:wonderland' > "$Q/config/flat_auth_pw"
# shellcheck disable=SC2086 # two words
listen smtpstat -s -f "$stats" $qpsmtpd
mail() {
	swaks --server 127.0.0.1 --port "$port" --helo client.example.org --from sender@example.org --data "@$tmp/mail" "$@" > "$tmp/swaks" 2>&1
}
printf 'Subject: x\n\nhello\n' > "$tmp/mail"

mail --tls --to user@example.com
ok $? 'a mail through STARTTLS'
grep -q '^=== TLS started' "$tmp/swaks"
ok $? 'which was TLS'
is "$(find "$Q/Maildir/new" -type f | wc -l)" 1 'is delivered'
mail --tls --to refused@example.com
[ $? != 0 ]
ok $? 'and one that is refused is refused'
{ printf 'Subject: large\n\n'; head -c 4000000 /dev/urandom | od -An -tx1; } > "$tmp/mail"
mail --tls --to user@example.com
ok $? '12 MB through TLS'
is "$(find "$Q/Maildir/new" -size +1000k -exec sed '1,/^$/d' {} + | cksum)" "$({ sed '1,/^$/d' "$tmp/mail"; echo; } | cksum)" 'unchanged'
quiet
[ ! -s "$stats" ]
ok $? 'nothing can be seen in there, so there are no lines'
! grep -q event= "$log"
ok $? 'and no complaint'
printf 'Subject: x\n\nhello\n' > "$tmp/mail"
mail --to user@example.com --auth PLAIN --auth-user user@example.com --auth-password wonderland
ok $? 'AUTH without TLS'
mail --to user@elsewhere.example --auth LOGIN --auth-user user@example.com --auth-password wonderland
is "$(lines 2 | sed 's/ [0-9][0-9]* / N /')" 'sender@example.org>user@example.com N success 1
sender@example.org>user@elsewhere.example N success 1' 'is understood'
encoded=$(printf wonderland | base64)
! grep -qE "wonderland|$encoded" "$stats" "$log"
ok $? 'and the password written nowhere'

printf 'EHLO c\nQUIT\n' | timeout 20 openssl s_client -quiet -crlf -connect "127.0.0.1:$port" -starttls smtp > "$tmp/client" 2> "$tmp/err"
grep -q '^221 ' "$tmp/client"
ok $? "openssl's client through STARTTLS"
finish
