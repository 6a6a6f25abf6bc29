# What passes through comes out as it went in, both ways at once, whatever holds it up.
. tests/it/popstat/lib.sh
export USER=u@example.com
rm -rf "$tmp/open"
mkdir "$tmp/open"
head -c 8000000 /dev/urandom > "$tmp/bytes"
through() { "$popstat" imap "$@"; }
through cat < "$tmp/bytes" > "$tmp/got"
cmp "$tmp/bytes" "$tmp/got"
ok $? 'a file in, a file out'
is "$(lines)" 'mx1.example.net out: imap@u@example.com|u@example.com|16000000|success' 'counted'
# shellcheck disable=SC2002 # a pipe is wanted
cat "$tmp/bytes" | through cat | { sleep 0.3; cat; } | cmp - "$tmp/bytes"
ok $? 'pipes, and a client that is slow to read'
is "$(lines)" 'mx1.example.net out: imap@u@example.com|u@example.com|16000000|success' 'counted'
through true < "$tmp/bytes" > "$tmp/got"
is "$? $(wc -c < "$tmp/got") $(lines | cut -d'|' -f4)" '0 0 success' 'a server that reads nothing'
through cat "$tmp/bytes" < /dev/null | cmp - "$tmp/bytes"
ok $? 'a server that only writes'
is "$(lines | cut -d'|' -f3)" 8000000 'counted'
through sh -c "exec 1>&-; cat > '$tmp/copy'" < "$tmp/bytes" > "$tmp/got"
cmp "$tmp/bytes" "$tmp/copy"
ok $? 'half closed: it reads on'
is "$(lines | cut -d'|' -f3)" 8000000 'counted'
through sh -c 'cat; echo end' < "$tmp/bytes" | tail -n 1 > "$tmp/got"
is "$(tail -c 4 "$tmp/got")" end 'the end of the client reaches the server, which has the last word'
rm -f "$stats"
through cat "$tmp/bytes" < /dev/null | head -c 100000 > "$tmp/got"
head -c 100000 "$tmp/bytes" | cmp - "$tmp/got"
ok $? 'a client that goes away'
is "$(lines | cut -d'|' -f4)" timeout 'is noted'
finish
