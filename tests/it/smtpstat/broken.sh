#!/bin/sh
# Sessions that do not end as they should: who goes away when, what is written then, and what tcpserver sees.
. tests/it/smtpstat/lib.sh
listen smtpstat -s -f "$stats" perl $here/smtpd.pl
status() { # the exit status of the last session, as waitpid(2) gives it
	quiet
	sed -n 's/^tcpserver: end [0-9]* status //p' "$log" | tail -1
}
# begin RCPT: up to DATA
begin() {
	printf '< 220\n> EHLO c\n< 250\n> MAIL FROM:<a@x>\n< 250\n> RCPT TO:<%s@y>\n< 250\n> DATA\n< 354\n' "$1"
}

{ begin good; printf '>> Subject: x\\r\\n\\r\\nhalf a li\n'; } | talk
is "$(lines 1)" 'a@x>good@y 23 timeout 1' 'a client that ends in the middle of the mail'
is "$(status)" 256 "the server's exit status is tcpserver's to see"
rm "$stats"
{ begin good; printf '>> Subject: x\\r\\n\nsleep 0.2\nreset\n'; } | talk
is "$(lines 1)" 'a@x>good@y 12 timeout 1' 'a connection that is reset in the middle of the mail'
rm "$stats"
{ begin good; printf '> Subject: x\nhalf\neof\n'; } | talk
ok $? 'a client that ends its side sees the server end'
is "$(lines 1)" 'a@x>good@y 12 timeout 1' 'the same line'
rm "$stats"
{ begin good; printf '> Subject: x\n< 451 timeout\neof\n'; } | talk
ok $? 'a client that falls silent is told so'
is "$(lines 1)" 'a@x>good@y 12 timeout 1' 'the same line, once'
rm "$stats"
{ begin good; printf '>> a\\r\\nb\\nc\\r\\n.\\r\\n\n< 451 See\neof\n'; } | talk
ok $? 'a bare line feed ends the session'
is "$(lines 1 | sed 's/ [0-9]* / N /')" 'a@x>good@y N defer 1' 'and the mail was put off'
rm "$stats"
{ begin good; printf '> x\n> .\nhalf\n< 250\neof\n'; } | talk
ok $? 'a client that ends its side behind the mail has its answer'
is "$(lines 1)" 'a@x>good@y 3 success 1' 'and the mail its line'
rm "$stats"
{ begin good; printf '>> x\\r\\n.\\r\\n\nreset\n'; } | talk
is "$(lines 1)" 'a@x>good@y 3 success 1' 'one that breaks off behind the mail: the server has taken it all the same'
rm "$stats"
{ begin mute; printf '> x\n> .\neof\n'; } | talk
is "$(lines 1)" 'a@x>mute@y 3 defer 1' 'a server that ends without an answer'
is "$(status)" 0 'with its status'
rm "$stats"
{ begin kill; printf '> x\n> .\neof\n'; } | talk
is "$(lines 1)" 'a@x>kill@y 3 defer 1' 'a server that is killed'
is "$(status)" 9 'by the signal that tcpserver sees'
rm "$stats"
printf '< 220\n> EHLO c\n< 250\n> MAIL FROM:<a@x>\n< 250\n> RCPT TO:<good@y>\n< 250\n> RCPT TO:<no@y>\n< 550\n' | talk
quiet
is "$(lines 1)" 'a@x>no@y 0 reject' 'a client that only asks leaves no line but refusals'
printf '< 220\nsleep 0.1\n' | talk
is "$(status)" 256 'a client that says nothing'

# Signals go to the server; smtpstat dies only with it.
rm "$stats"
{ begin good; printf '> x\nsleep 0.5\neof\n'; } | talk &
client=$!
until_true 10 grep -q 'pid .* from' "$log"
sleep 0.7
relay=$(sed -n 's/^tcpserver: pid \([0-9]*\) from .*/\1/p' "$log" | tail -1)
kill -TERM "$relay"
wait $client
is "$(status)" 15 'TERM ends the server, and smtpstat as it'
is "$(lines 1)" 'a@x>good@y 3 timeout 1' 'the mail has its line'
! grep -q event= "$log"
ok $? 'nothing to complain about'
finish
