# The session goes on and ends as it would alone, whatever is wrong with the statistics.
. tests/it/popstat/lib.sh
rm -rf "$tmp/open"
mkdir "$tmp/open"
export USER=u@example.com
run() { "$popstat" "$@" < /dev/null > "$tmp/out" 2> "$tmp/err"; }
for e in 0 1 111 255; do
	run pop3 sh -c "exit $e"
	is "$?" $e "exit code $e"
done
is "$(lines 4 | cut -d'|' -f4 | xargs)" 'success timeout timeout timeout' 'its lines'
for s in 9 11 15; do
	run pop3 sh -c "ulimit -c 0; kill -$s \$\$" 2> /dev/null
	is "$?" $((128 + s)) "signal $s"
done
rm -f "$stats"
"$popstat" pop3 sh -c 'trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done' < /dev/null > "$tmp/out" &
p=$!
pids="$pids $p"
until_true 10 test -s "$tmp/out"
kill -TERM $p
wait $p
is $? 7 'SIGTERM goes to the server'
is "$(lines | cut -d'|' -f4)" timeout 'whose session has its line'
(trap '' HUP USR1; "$popstat" pop3 sh -c 'grep -E "^Sig(Ign|Blk)" /proc/self/status' < /dev/null > "$tmp/got")
(trap '' HUP USR1; sh -c 'grep -E "^Sig(Ign|Blk)" /proc/self/status' > "$tmp/want")
is "$(cat "$tmp/got")" "$(cat "$tmp/want")" 'signals are as the caller left them'
rm -f "$stats"

good() {
	run pop3 echo hello
	is "$? $(cat "$tmp/out")" '0 hello' "$1"
}
said() {
	grep -q "popstat: warning: event=$1 " "$tmp/err"
	ok $? "and says $1"
}
mkdir "$stats"
good 'a folder in the place of the stats file'
said stats.line.lost
rmdir "$stats"
echo /dev/full > "$H/etc/stats"
good 'a full disk'
said stats.line.lost
rm "$H/etc/stats"
mkdir "$H/etc/stats"
good 'a control file that cannot be read'
said stats.file.missing
rmdir "$H/etc/stats"
echo - > "$H/etc/stats"
good 'none wanted'
is "$(cat "$tmp/err")" '' 'and says nothing'
echo "$stats" > "$H/etc/stats"
unset USER
good 'nobody says whose session it is'
said stats.account.missing
export USER=u@example.com
"$popstat" pop3 echo hello < /dev/null > /dev/full 2> "$tmp/err"
is "$(lines | cut -d'|' -f4)" timeout 'a client that cannot be written to'
prlimit --nofile=4 "$popstat" pop3 echo hello < /dev/null > "$tmp/out" 2> "$tmp/err"
is "$? $(cat "$tmp/out")" '0 hello' 'no descriptor left: it runs unwatched'
exits 111 'a program that is not there' "$popstat" pop3 "$tmp/none"
exits 100 'no program' "$popstat" pop3
exits 100 'another protocol' "$popstat" smtp true
exits 100 'no such option' "$popstat" -x pop3 true
is "$("$popstat" --help | head -n 1)" 'usage: popstat [-d DOMAIN] [-f FILE] pop3|imap PROGRAM [ARGUMENT...]' 'it tells how to use it'
is "$("$popstat" --version | cut -d' ' -f1,2)" 'popstat (qmail-archive)' 'and which one it is'
exits 100 'only alone' "$popstat" --help pop3
is "$(test -f "$stats" && cat "$stats")" '' 'no lines of those'
"$popstat" -f "$tmp/other" -d example.org pop3 env < /dev/null > "$tmp/out"
is "$(cut -d'|' -f3,5 "$tmp/other")" 'u@example.com|success' '-f names another file'
(USER=u exec "$popstat" -d example.org pop3 true < /dev/null)
is "$(lines | cut -d'|' -f2)" u@example.org '-d gives the domain that the account lacks'
(USER=u exec "$popstat" pop3 true < /dev/null)
is "$(lines | cut -d'|' -f2)" u@mx1.example.net 'else it is this host'
finish
