#!/bin/sh
# A real server behind smtpstat, real clients before it: mail goes through unchanged, and each refusal is a line.
. tests/it/smtpstat/lib.sh
command -v swaks > /dev/null || skip_all 'needs swaks'
qpsmtpd 'loop 3' virus/klez_filter
echo 200000 > "$Q/config/databytes"
# shellcheck disable=SC2086 # two words
listen smtpstat -f "$stats" $qpsmtpd

# mail FILE [SWAKS-OPTION...]
mail() {
	data=$1
	shift
	swaks --server 127.0.0.1 --port "$port" --helo client.example.org --from sender@example.org --data "@$data" "$@" > "$tmp/swaks" 2>&1
}
printf 'Subject: x\n\n.one dot\n..two\n.\n\nlast\n' > "$tmp/small"
mail "$tmp/small" --to user@example.com
ok $? 'a mail is accepted'
is "$(sed '1,/^$/d' "$Q"/Maildir/new/* 2> /dev/null)" "$(sed '1,/^$/d' "$tmp/small")" 'and is in the Maildir as it was sent'
mail "$tmp/small" --to refused@example.com
[ $? != 0 ]
ok $? 'a recipient is refused'
is "$(lines 1)" 'sender@example.org>refused@example.com 0 reject' 'a line for it, none for the accepted one'
rm "$stats"
mail "$tmp/small" --to user@elsewhere.example,other@elsewhere.example
is "$(lines 2)" 'sender@example.org>user@elsewhere.example 0 reject
sender@example.org>other@elsewhere.example 0 reject' 'two recipients, two lines'
rm "$stats"
{ printf 'Subject: big\n\n'; head -c 300000 /dev/zero | tr '\0' x | fold -w 70; echo; } > "$tmp/big"
mail "$tmp/big" --to user@example.com,second@example.com
size=$(($(sed 's/$/\r/' "$tmp/big" | wc -c) + 2)) # swaks ends mail with an empty line
is "$(lines 2)" "sender@example.org>user@example.com $size bytestooverflow 1
sender@example.org>second@example.com $size bytestooverflow 1" 'over the limit, with its bytes'
rm "$stats"
{
	printf 'Subject: worm\n\nContent-Type: audio/x-wav\n\nTVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQA\n'
	head -c 70000 /dev/zero | tr '\0' x | fold -w 70
} > "$tmp/worm"
mail "$tmp/worm" --to user@example.com
is "$(lines 1 | sed 's/ [0-9]* / N /')" 'sender@example.org>user@example.com N rejclam 1' 'a worm'
rm "$stats"
{ for i in 1 2 3; do echo "Received: from a by b$i; Mon, 23 Nov 2026 00:00:00 +0000"; done; cat "$tmp/small"; } > "$tmp/loop"
mail "$tmp/loop" --to user@example.com
is "$(lines 1 | sed 's/ [0-9]* / N /')" 'sender@example.org>user@example.com N manyhops 1' 'a loop'
quiet
ok $? 'all sessions end'
rm "$stats"
echo 1 > "$Q/config/timeout"
talk <<'END'
< 220
> EHLO c
< 250
> MAIL FROM:<sender@example.org>
< 250
> RCPT TO:<user@example.com>
< 250
> DATA
< 354
> Subject: x
< 421
END
is "$(lines 1)" 'sender@example.org>user@example.com 12 timeout 1' 'a client that falls silent'
rm "$stats"
printf '< 220\n> EHLO c\n< 250\n> MAIL FROM:<sender@example.org>\n< 250\n> RCPT TO:<user@example.com>\n< 250\n> DATA\n< 354\n> x\n' | talk
is "$(lines 1)" 'sender@example.org>user@example.com 3 timeout 1' 'a client that goes away'
grep -q ' end [0-9]* status 0$' "$log"
ok $? 'with the status of the server'
! grep -q event= "$log"
ok $? 'and nothing to complain about'
finish
