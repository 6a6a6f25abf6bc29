#!/bin/sh
# Clients that send all sorts of things in all sorts of ways: the lines are right, and no password is anywhere.
. tests/it/smtpstat/lib.sh
listen smtpstat -s -f "$stats" perl $here/smtpd.pl

talk <<'END'
< 220
> EHLO client
< 250
>> MAIL FROM:<a@x>\r\nRCPT TO:<no@y>\r\nRCPT TO:<good@y>\r\nDATA\r\n
< 250
< 550
< 250
< 354
>> Subject: pipelined\r\n\r\nbody\r\n.\r\nMAIL FROM:<b@x>\r\nRCPT TO:<later@y>\r\nRSET\r\nQUIT\r\n
< 250
< 250
< 451
< 250
< 221
eof
END
ok $? 'pipelining'
is "$(lines 3)" 'a@x>no@y 0 reject
a@x>good@y 28 success 1
b@x>later@y 0 defer 1' 'gives its lines'

rm "$stats"
talk <<'END'
>> EHLO c\r\nMAIL FROM:<a@x>\r\nRCPT TO:<perm@y>\r\nDATA\r\nMAIL FROM:<data@x>\r\n.\r\nMAIL FROM:<b@x>\r\nRCPT TO:<full@y>\r\nDATA\r\nno data\r\n.\r\nQUIT\r\n
< 220
< 250
< 250
< 250
< 354
< 554
< 250
< 552
< 503
< 502
< 502
< 221
eof
END
ok $? 'a client that waits for nothing'
is "$(lines 2)" 'a@x>perm@y 20 reject 1
b@x>full@y 0 mboxoverquota 1' 'gives its lines'

rm "$stats"
talk <<'END'
< 220
> EHLO c
< 250
>> MAIL FROM:<a@x>\r\nRCPT TO:<good@y>\r\nBDAT 11\r\nRCPT TO:<\r\nBDAT 5 LAST\r\n.\r\n\x00\r
< 250
< 250
< 250
< 250
> RSET
< 250
>> MAIL FROM:<a@x>\r\nRCPT TO:<spam@y>\r\nBDAT 3 LAST\r\nabc
< 250
< 250
< 554
> QUIT
< 221
END
ok $? 'BDAT'
is "$(lines 2)" 'a@x>good@y 16 success 1
a@x>spam@y 3 rejspam 2' 'gives its lines'

rm "$stats"
talk <<'END'
< 220
> EHLO c
< 250
> AUTH LOGIN
< 334
> dXNlcg==
< 334
> c2VjcmV0
< 235
> AUTH PLAIN AHVzZXIAc2VjcmV0
< 535
>> AUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\nMAIL FROM:<a@x>\r\nRCPT TO:<no@y>\r\n
< 334
< 334
< 235
< 250
< 550
> QUIT
< 221
END
ok $? 'AUTH'
is "$(lines 1)" 'a@x>no@y 0 reject' 'gives its lines'
quiet
! grep -rqE 'dXNlcg|c2VjcmV0|AHVzZXIA' "$tmp/stats" "$tmp/log"
ok $? 'no password in the stats file nor in the log'

rm "$stats"
talk <<'END'
< 220
> EHLO c
< 250
> MAIL FROM:<"a|b%"@x>
< 250
>> RCPT TO:<no@\xff|1|success\x01>\r\n
< 550
> QUIT
< 221
END
is "$(sed 's/.*: [0-9]*|//' "$stats")" "$(printf 'a%%7Cb%%25@x|no@\377%%7C1%%7Csuccess%%01|0|reject')" 'an address cannot forge a line'
is "$(statline --check "$stats" > /dev/null; echo $?)" 0 'statline finds the file good'

rm "$stats"
cat > "$tmp/rubbish" <<'END'
< 220
repeat 70000 x
>> \r\n
< 502
> MAIL FROM:<a@x>
< 250
> RCPT TO:<no@y>
< 550
> QUIT
< 221
END
talk < "$tmp/rubbish"
ok $? 'a line that never ends goes through, and the session after it'
quiet
is "$(cat "$stats" 2> /dev/null)" '' 'without lines'
is "$(grep -c 'event=smtp.dialogue.lost why="a command without an end"' "$log")" 1 'and the log says why'
printf '< 220\nrepeat 2000 \\x00\\xff\\n\n> MAIL FROM:<a@x>\n> RCPT TO:<no@y>\n> QUIT\n' > "$tmp/s"
i=0
while [ $i -lt 2000 ]; do echo '< 502'; i=$((i + 1)); done >> "$tmp/s"
printf '< 250\n< 550\n< 221\neof\n' >> "$tmp/s"
talk < "$tmp/s"
ok $? 'rubbish that the server answers line by line'
is "$(lines 1)" 'a@x>no@y 0 reject' 'and what comes behind it is understood'
finish
