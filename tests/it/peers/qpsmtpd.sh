#!/bin/sh
# A real SMTP server that speaks to qmail-queue, and a real client: what is accepted is in the archive, what is refused is not.
. tests/it/door/lib.sh
command -v qpsmtpd-forkserver > /dev/null && command -v swaks > /dev/null || { echo '1..0 # SKIP needs qpsmtpd and swaks'; exit 0; }
PATH=$BUILD/bin:$PATH
export PATH
domains 'example.com archive=both' 'default archive=no'
start_journal

# An instance of its own on a free port of the loopback.
S=$tmp/smtpd
mkdir -p "$S/config" "$S/spool"
chmod 700 "$S/spool"
echo /usr/share/qpsmtpd/plugins > "$S/config/plugin_dirs"
echo "$S/spool" > "$S/config/spool_dir"
echo 4 > "$S/config/loglevel"
echo example.com > "$S/config/rcpthosts"
echo refused@example.com > "$S/config/badrcptto"
printf '%s\n' badrcptto rcpt_ok "queue/qmail-queue $queue" > "$S/config/plugins"
: > "$S/config/logging"
port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
env -u QMAILQUEUE QPSMTPD_CONFIG="$S/config" qpsmtpd-forkserver -H -l 127.0.0.1 -p "$port" -u "$(id -un)" \
	> "$S/log" 2>&1 &
pids="$pids $!"
tries=0
until perl -MIO::Socket::INET -e "exit !IO::Socket::INET->new(PeerAddr => '127.0.0.1:$port')" || [ $tries = 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done

# mail FILE RCPT...: through SMTP
mail() {
	data=$1
	shift
	swaks --server 127.0.0.1 --port "$port" --helo client.example.org --from sender@example.org --to "$1" --data "@$data" \
		> "$tmp/swaks" 2>&1
}
i=0
for f in tests/corpus/*.eml; do
	[ -f "$f" ] && [ $i -lt 8 ] || continue
	i=$((i + 1))
	mail "$f" user@example.com
	ok $? "message $i ($(basename "$f")) is accepted"
done
[ $i -gt 0 ]
ok $? 'there is mail to send'
printf 'Subject: refused\n\nno\n' > "$tmp/no"
mail "$tmp/no" refused@example.com
[ $? != 0 ]
ok $? 'a refused recipient is refused'
mail "$tmp/no" user@elsewhere.example
[ $? != 0 ]
ok $? 'a recipient of another host is refused'

md_import -1 2> "$tmp/import.log"
ok $? 'what was accepted is filed'
size=$(sed -n 2p "$H/domain/example.com/log/checkpoint")
is "$size" $i 'as many as were accepted, and no other'
md_verify -q --deep example.com > "$tmp/out"
ok $? 'and verified'

# The journal is gone and cannot be written: nothing is accepted.
stop_journal
if [ "$(id -u)" != 0 ]; then
	chmod 500 "$H/journal/direct"
else
	mv "$H/journal/direct" "$H/journal/direct.away"
fi
mail "$tmp/no" user@example.com
[ $? != 0 ] && grep -q '^<.* 451' "$tmp/swaks"
ok $? 'without an archive the client is told to try later'
finish
