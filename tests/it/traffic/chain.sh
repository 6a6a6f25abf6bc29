# From the wire to the bill: mail by SMTP through tcpserver, smtpstat, a real SMTP server and our door; its lines; the day's
# file; a row in PostgreSQL; a chart. The night between is faketime's.
. tests/it/smtpstat/lib.sh
. tests/it/traffic/lib-pg.sh
command -v faketime > /dev/null || skip_all 'needs faketime'
# faketime's library comes before the sanitizer's
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
export ASAN_OPTIONS
Q=$tmp/queue
mkdir -p "$Q/pid" "$Q/intd" "$Q/todo" "$Q/lock"
i=0
while [ $i -lt 23 ]; do mkdir -p "$Q/mess/$i"; i=$((i + 1)); done
QA_STANDIN_QUEUE=$Q
export QA_STANDIN_QUEUE
md_domain add example.com > /dev/null || exit 2
printf '%s\nfinal\n' "$BUILD/tests/qmail-queue" > "$MAILDEPOT_HOME/etc/next-queue"
echo "$stats" > "$MAILDEPOT_HOME/etc/stats"
mkfifo "$tmp/ready"
md_journal -d 3 3> "$tmp/ready" 2> "$tmp/journal.log" &
pids="$pids $!"
read -r _ < "$tmp/ready"
pg_start

qpsmtpd
printf '%s\n' badrcptto rcpt_ok "queue/qmail-queue $BUILD/bin/qmail-queue" > "$QPSMTPD_CONFIG/plugins"
# shellcheck disable=SC2086 # two words
listen smtpstat -f "$stats" $qpsmtpd
mail() {
	swaks --server 127.0.0.1 --port "$port" --helo client.example.org --from sender@example.org "$@" > "$tmp/swaks" 2>&1
}
yes 'a line of a mail' | head -n 2000 > "$tmp/body"
mail --to user@example.com --body "@$tmp/body"
ok $? 'a mail'
mail --to user@example.com,other@example.com --body 'a short one'
ok $? 'a mail to two'
mail --to refused@example.com
[ $? != 0 ]
ok $? 'one that is refused'
statline --in -f "$stats" web@maillist list@example.com 12345 success
ok $? 'a post by web'
until_true 20 test "$(grep -c success "$stats")" -ge 4
# shellcheck disable=SC2317 # called by until_true
wait_lines() { [ "$(grep -c . "$stats")" -ge 5 ]; }
until_true 20 wait_lines
is "$(sed 's/^.*in\[[0-9]*\]: [0-9]*|//; s/|[0-9]*|\([a-z]*\).*/ \1/' "$stats" | sort)" 'sender@example.org|other@example.com success
sender@example.org|refused@example.com reject
sender@example.org|user@example.com success
sender@example.org|user@example.com success
web@maillist|list@example.com success' 'each has its line, and one only'
mailstatistics -f "$stats" > "$tmp/out"
ok $? 'a person looks'
grep -q example.com "$tmp/out"
ok $? 'and sees the domain'

# the next day
day=$(tail -n 1 "$stats" | sed 's/^[^|]*: \([0-9]*\)|.*/\1/')
ymd=$(date -u -d "@$day" +%Y-%m-%d)
echo example.com > "$tmp/hosted"
exits 0 'the day is summed up' faketime -f +1d mail_anlz -d "$ymd" -f "$stats" --hosted "$tmp/hosted"
sums=$(awk -F'|' -v from=$((day / 86400 * 86400)) '{ t = $1; sub(/.*: /, "", t); if (t >= from && $4 > 0) { n++; b += $4 } }
	END { printf "%d|%d", int((b + 1023) / 1024), n }' "$stats")
is "$(cat "$MAILDEPOT_HOME/statistic/$(date -u -d "@$day" +%d.%m.%Y).qml.txt")" "|example.com|$sums|0|" 'as awk sums it up'
exits 0 'it goes into SQL' TrafficLoader --db "$pg_uri" --server mx1.example.net
is "$(sql 'SELECT server, day, kind, name, kb, hits FROM translog')" "mx1.example.net|$ymd|mail|example.com|$sums" 'a row in PostgreSQL'
exits 0 'again, nothing more' TrafficLoader --db "$pg_uri" --server mx1.example.net
is "$(sql 'SELECT count(*) FROM translog')" 1 'it is one row'
zcat "$MAILDEPOT_HOME"/statistic/loaded/*.gz | grep -q example.com
ok $? 'its file is filed away'
exits 0 'the bill' faketime -f +1d mailtraffic --db "$pg_uri" --csv --month "${ymd%-*}" example.com
grep -q "$ymd" "$tmp/out"
ok $? 'has the day'
exits 0 'the page' faketime -f +1d mailtraffic --db "$pg_uri" --month "${ymd%-*}" --stats "$stats" --html "$tmp/page.html"
chromium --headless --no-sandbox --disable-gpu --user-data-dir="$tmp/chromium" --dump-dom "file://$tmp/page.html" > "$tmp/dom" 2> "$tmp/chromium.log"
ok $? 'a browser reads it'
[ "$(grep -o '<svg' "$tmp/dom" | wc -l)" -ge 2 ] && grep -q example.com "$tmp/dom"
ok $? 'and finds charts of the domain'
finish
