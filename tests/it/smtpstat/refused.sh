#!/bin/sh
# What qmail's servers say becomes the right status, with the bytes and the transfers so far; the administrator's rules come first.
. tests/it/smtpstat/lib.sh
: > "$tmp/control"
listen smtpstat -f "$stats" -c "$tmp/control" perl $here/smtpd.pl

talk <<'END'
< 220
> EHLO client
< 250
> MAIL FROM:<s@example.org>
< 250
> RCPT TO:<no@example.com>
< 550
> RCPT TO:<later@example.com>
< 451
> RCPT TO:<full@example.com>
< 552
> RCPT TO:<brt@elsewhere.example>
< 553
> RCPT TO:<good@example.com>
< 250
> DATA
< 354
> good
> .
< 250
> RSET
< 250
> MAIL FROM:<big@example.org> size=999
< 552
> RCPT TO:<good@example.com>
< 503
> QUIT
< 221
eof
END
ok $? 'the dialogue is as without smtpstat'
is "$(lines 5)" 's@example.org>no@example.com 0 reject
s@example.org>later@example.com 0 defer
s@example.org>full@example.com 0 mboxoverquota
s@example.org>brt@elsewhere.example 0 reject
big@example.org>good@example.com 0 bytestooverflow 1' 'refused recipients and a refused sender'

rm "$stats"
for r in virus spam mime perm temp hops big; do
	printf '> MAIL FROM:<s@example.org>\n< 250\n> RCPT TO:<%s@example.com>\n< 250\n> RCPT TO:<two@example.com>\n< 250\n' $r
	printf '> DATA\n< 354\n> Subject: x\n>\n> ..\n> .\n< \n'
done | { echo '< 220'; cat; echo '> QUIT'; } | talk
ok $? 'seven mails in a session'
is "$(lines 14 | grep -v two@)" 's@example.org>virus@example.com 17 rejclam 1
s@example.org>spam@example.com 17 rejspam 2
s@example.org>mime@example.com 17 badmime 3
s@example.org>perm@example.com 17 reject 4
s@example.org>temp@example.com 17 defer 5
s@example.org>hops@example.com 17 manyhops 6
s@example.org>big@example.com 17 bytestooverflow 7' 'refused mail'
is "$(lines 14 | grep -c 'two@example.com 17 ')" 7 'a line for each recipient'

rm "$stats"
cat > "$tmp/control" <<'END'
# ours
none 451 *later*
rejspam 554 *permanently*
rejclam 250 *infected*
END
one() {
	printf '< 220\n> MAIL FROM:<s@example.org>\n< 250\n> RCPT TO:<%s@example.com>\n< \n> DATA\n< \n> .\n< \n> QUIT\n' "$1" | talk
}
one later
one perm
one discard
one good
one virus
quiet
is "$(lines 3)" 's@example.org>perm@example.com 0 rejspam 1
s@example.org>discard@example.com 0 rejclam 1
s@example.org>virus@example.com 0 rejclam 1' "the administrator's rules, then the built-in ones"
! grep -q event= "$log"
ok $? 'nothing to complain about'

rm "$stats"
echo 'no rule' > "$tmp/control"
echo 'Reject' >> "$tmp/control"
one later
is "$(lines 1)" 's@example.org>later@example.com 0 defer' 'with a broken control file the built-in rules count'
is "$(grep -c 'event=smtp.rules.failed .*line 2' "$log")" 1 'and the log says so, once'
smtpstat --patterns > "$tmp/control"
one later
quiet
is "$(grep -c 'event=smtp.rules.failed' "$log")" 1 'the built-in rules are in the format of the file'
finish
