#!/bin/sh
# Every byte goes through, both ways at once, whatever it is; neither way waits for the other, and the end of each is passed on.
. tests/it/smtpstat/lib.sh
SMTPD_NOTES=$tmp/notes
export SMTPD_NOTES

# An echo of 20 MB that is no SMTP: what comes back is what was sent.
head -c 20000000 /dev/urandom > "$tmp/random"
echo "20000000 bytes back, the same" > "$tmp/want"
cat > "$tmp/echo.pl" <<'END'
use strict; use warnings; use IO::Socket::INET; use Digest::SHA;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die;
open my $f, '<', $ARGV[1] or die;
binmode $f;
my ($sum, $n, $buf) = (Digest::SHA->new(256), 0);
defined(my $pid = fork) or die;
if (!$pid) {
	while (my $r = sysread $f, $buf, 50000) { while (length $buf) { my $w = syswrite $s, $buf; defined $w or die; substr($buf, 0, $w) = '' } }
	shutdown $s, 1;
	exit 0;
}
while (my $r = sysread $s, $buf, 70000) { $sum->add($buf); $n += $r }
print "$n bytes back, ", ($sum->hexdigest eq Digest::SHA->new(256)->addfile($ARGV[1])->hexdigest ? "the same" : "others"), "\n";
END
listen smtpstat -f "$stats" cat
perl "$tmp/echo.pl" "$port" "$tmp/random" > "$tmp/got" 2>&1
is "$(cat "$tmp/got")" "$(cat "$tmp/want")" 'an echo of random bytes'
quiet
is "$(sed -n 's/.* why=//p' "$log")" '"the server does not speak SMTP"' 'which is no SMTP, says the log'
: > "$log"

listen smtpstat -f "$stats" perl $here/smtpd.pl
# The server sends 4 MB and reads nothing; the client first sends 3 MB and reads nothing.
talk <<'END'
< 220
> SLEEP 1
> FLOOD 4096
repeat 30000 RSET\r\nNOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP NOOP\r\n
END
quiet
ok $? 'a client that reads nothing while it sends ends all the same'
talk <<'END'
< 220
> SLEEP 1
< 250 awake
> FLOOD 4096
sleep 0.5
> MAIL FROM:<a@x>
> RCPT TO:<no@y>
< 250
< 250
< 550
> QUIT
< 221
END
ok $? 'a server that sends much while the client reads nothing'
is "$(lines 1)" 'a@x>no@y 0 reject' 'and the dialogue is understood'
# 1 MB goes into a server that sleeps; its greeting had come before, its answers come behind.
talk <<'END'
< 220
> MAIL FROM:<a@x>
< 250
> RCPT TO:<spam@y>
< 250
> DATA
< 354
repeat 20000 0123456789012345678901234567890123456789012345678\r\n
> .
> SLEEP 1
repeat 20000 RSET\r\n
> QUIT
< 554
< 250 awake
END
ok $? 'a client that sends on while the server sleeps'
is "$(lines 2 | tail -1)" 'a@x>spam@y 1020000 rejspam 1' 'has its line'

talk <<'END'
< 220
> HALF
< 250 half
eof
> after the end
END
ok $? 'a server that ends its output'
quiet
is "$(cat "$tmp/notes" 2> /dev/null)" 'after the end' 'still reads what the client sends'
is "$(grep -c '^tcpserver: end [0-9]* status 1792' "$log")" 1 'and exits as it likes'

# On pipes in place of a socket.
printf 'EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<full@y>\r\nQUIT\r\n' | smtpstat -f "$tmp/pipes" perl $here/smtpd.pl | cat > "$tmp/said"
is "$(cut -c1-3 "$tmp/said" | tr '\n' ' ')" '220 250 250 250 250 250 250 552 221 ' 'client on two pipes'
stats=$tmp/pipes
is "$(lines 1)" 'a@x>full@y 0 mboxoverquota' 'has its line'
head -c 3000000 "$tmp/random" | smtpstat -f "$stats" cat 2> /dev/null | cmp - "$tmp/random" 2>&1 | grep -q 'EOF on -.* 3000000'
ok $? 'much on two pipes'
smtpstat -f "$stats" cat < "$tmp/random" > "$tmp/copy" 2> /dev/null
cmp -s "$tmp/random" "$tmp/copy"
ok $? 'from file to file'
(cat "$tmp/random"; sleep 1) | (smtpstat -f "$stats" cat 2> /dev/null; echo "ended $?" > "$tmp/ended") | head -c 1000 > /dev/null
until_true 20 test -s "$tmp/ended"
ok $? 'a reader that goes away ends it'
finish
