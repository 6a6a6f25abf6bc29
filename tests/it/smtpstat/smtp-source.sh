#!/bin/sh
# Postfix's test client, which makes no pauses: many sessions at once, many mails in one, all of them counted right.
. tests/it/smtpstat/lib.sh
source=build/postfix/smtp-source
[ -x $source ] || skip_all 'needs smtp-source (mk/postfix)'
"$source" 2>&1 | grep -q usage || skip_all "smtp-source does not run: $("$source" 2>&1 | head -1)"
listen smtpstat -s -f "$stats" "$BUILD/tests/smtpd"

$source -s 8 -m 200 -l 4096 -r 2 -f s@example.org -t r@example.com "127.0.0.1:$port" > "$tmp/out" 2>&1
ok $? '200 mails, a session each, 8 at once, two recipients'
quiet
is "$(lines 400 | sed 's/[0-9][0-9]*r@/r@/; s/ [0-9][0-9]* / N /' | sort | uniq -c | sed 's/^ *//')" \
	'400 s@example.org>r@example.com N success 1' '400 lines'
is "$(lines 400 | awk '$2 < 4000 || $2 > 4300' | head -3)" '' 'with the bytes that were asked for'
rm "$stats"
$source -d -s 2 -m 100 -l 20000 -f s@example.org -t no@example.com "127.0.0.1:$port" > "$tmp/out" 2>&1
quiet
is "$(lines 1 | sort | uniq -c | sed 's/^ *//' | head -1 | cut -d' ' -f2-)" 's@example.org>no@example.com 0 reject' 'refused ones'
rm "$stats"
$source -d -s 2 -m 100 -l 100000 -f s@example.org -t r@example.com "127.0.0.1:$port" > "$tmp/out" 2>&1
ok $? '100 mails in two sessions'
quiet
is "$(lines 100 | wc -l) $(lines 100 | sort -nk4 | tail -1 | sed 's/ [0-9]* / N /' | cut -d' ' -f2-3)" '100 N success' 'each has its line'
is "$(lines 100 | awk '{ n += $4 } END { print n }')" "$(lines 100 | awk '{ s[$4]++; if ($4 > m) m = $4 } END { print m * (m + 1) / 2 + (100 - m) * (100 - m + 1) / 2 }')" \
	'the transfers of both sessions are counted from 1'
rm "$stats"
$source -N -d -s 4 -m 40 -l 100 -f s@example.org -t r@example.com "127.0.0.1:$port" > "$tmp/out" 2>&1
ok $? 'recipients with numbers'
quiet
is "$(lines 40 | cut -d' ' -f1 | sort -u | wc -l)" 40 'are told apart'
! grep -q event= "$log"
ok $? 'nothing to complain about'
finish
