#!/bin/sh
# Whatever is wrong with stats file, settings or resources, the session is as without smtpstat; and the server finds what it would find without.
. tests/it/smtpstat/lib.sh
refusal='< 220\n> EHLO c\n< 250\n> MAIL FROM:<a@x>\n< 250\n> RCPT TO:<no@y>\n< 550\n> RCPT TO:<no@z>\n< 550\n> QUIT\n< 221\neof\n'
# session NAME OPTION...: is it good, and how many events are in the log then
session() {
	name=$1
	shift
	: > "$log"
	listen smtpstat "$@" perl $here/smtpd.pl
	# shellcheck disable=SC2059 # a format indeed
	printf "$refusal" | talk
	ok $? "$name: the session is good"
	quiet
}
mkdir "$tmp/folder"
session 'the file is a folder' -f "$tmp/folder"
is "$(grep -c 'event=smtp.stats.failed' "$log") $(grep -c 'event=smtp.stats.lost count=2' "$log")" '1 1' 'said once, with the lines lost'
session 'its folder is not there' -f "$tmp/no/such"
is "$(grep -c 'event=smtp.stats.failed' "$log")" 1 'said once'
session 'a full disk' -f /dev/full
is "$(grep -c 'event=smtp.stats.failed' "$log")" 1 'said once'
mkfifo "$tmp/fifo"
session 'a FIFO without a reader' -f "$tmp/fifo"
is "$(grep -c 'event=smtp.stats.failed' "$log")" 1 'said once'
session 'no control file' -f "$stats" -c "$tmp/none"
# the connection that tries whether tcpserver listens says so too
is "$(grep -c 'event=smtp.rules.failed' "$log") $(lines 2 | wc -l)" '2 2' 'said once for each session, the lines are there'
mkdir -p "$MAILDEPOT_HOME/etc"
echo - > "$MAILDEPOT_HOME/etc/stats"
rm "$stats"
session 'nobody wants lines'
is "$(grep -c event= "$log")" 0 'nothing is said'
echo "$stats" > "$MAILDEPOT_HOME/etc/stats"
echo 'mine 550 *mailbox*' > "$MAILDEPOT_HOME/etc/smtpstat.conf"
echo mx9.example.com > "$MAILDEPOT_HOME/etc/me"
session 'all in the instance'
is "$(lines 2 | tail -1)" 'a@x>no@z 0 mine' 'file and rules are found'
is "$(sed 's/^.\{15\} \([^ ]*\) in.*/\1/' "$stats" | sort -u)" mx9.example.com 'and the name of the host'
rm "$stats"
: > "$log"
# shellcheck disable=SC2016 # for the other shell
listen sh -c 'ulimit -n 4; exec smtpstat -s -f "$0" "$@"' "$stats" sh -c 'echo 220 alone'
printf '< 220 alone\neof\n' | talk
ok $? 'no descriptors for a socket pair: the server runs without smtpstat'

# What the server finds.
cat > "$tmp/server" <<'END'
#!/bin/sh
# the shell's own descriptors, not those of a substitution
found=$(
	for fd in 0 1 2 3 4 5; do
		echo "$fd $(readlink /proc/$$/fd/$fd | sed 's/\[[0-9]*\]//')"
	done
	[ "$(readlink /proc/$$/fd/0)" = "$(readlink /proc/$$/fd/1)" ] && echo 'one socket'
	ls /proc/$$/fd | wc -l
	env | grep -E '^(TCP|PROTO|MARK)' | sort
	grep -E '^Sig(Blk|Ign)' /proc/$$/status
	id -g
	echo "$@"
)
echo "$found" > "$NOTES"
echo 220 done
exit 3
END
chmod 755 "$tmp/server"
cat > "$tmp/around" <<'END'
#!/bin/sh
exec 5< /dev/null
trap '' USR1 PIPE
exec "$@"
END
chmod 755 "$tmp/around"
MARK='a b' export MARK
: > "$log"
NOTES=$tmp/behind export NOTES
listen "$tmp/around" smtpstat -f "$stats" "$tmp/server" -s 'one word'
echo '< 220' | talk
quiet
NOTES=$tmp/alone
listen "$tmp/around" "$tmp/server" -s 'one word'
echo '< 220' | talk
quiet
grep -q 'one socket' "$tmp/behind"
ok $? 'the server has one socket on 0 and 1'
is "$(grep -vE '^TCP(REMOTE|LOCAL)PORT' "$tmp/behind")" "$(grep -vE '^TCP(REMOTE|LOCAL)PORT' "$tmp/alone")" 'descriptors, environment, signals and arguments are as without smtpstat'
is "$(grep -c '^tcpserver: end [0-9]* status 768' "$log")" 4 'and so is its exit status'
: > "$log"
listen smtpstat -f "$stats" "$tmp/none"
echo eof | talk
quiet
is "$(grep -c 'event=smtp.server.failed .*No such file' "$log")" 2 'a server that cannot be run'
is "$(grep -c '^tcpserver: end [0-9]* status 28416' "$log")" 2 'is 111'
exits 2 'no server at all' smtpstat -s
exits 2 'no such option' smtpstat -x cat
exits 0 '--help' smtpstat --help
finish
