# Following the real multilog, which rotates small files under it; stopped, killed, and started again meanwhile.
. tests/it/logstat/lib.sh
command -v multilog > /dev/null || skip_all 'no multilog'
qlog -r -f plain -s 12 -t truth 4000 > all

# feed: the log in small pieces, as qmail-send writes it
feed() {
	split -n l/40 -d all piece.
	for f in piece.*; do
		cat "$f"
		sleep 0.1
	done
}
feed | multilog t s4096 n2000 ./log &
writer=$!
pids="$pids $writer"
until_true 10 test -e log/current
run() {
	logstat --follow --from-start -f stats ./log >> out 2>> err &
	reader=$!
	pids="$pids $reader"
}
# shellcheck disable=SC2317 # until_true calls it
lines() { [ -f stats ] && [ "$(wc -l < stats)" -ge "$1" ]; }
run
until_true 30 lines 200
ok $? 'lines come while the log is written'
kill -HUP $reader
kill $reader
wait $reader
is $? 0 'SIGTERM ends it, SIGHUP does not'
run
until_true 30 lines 800
kill -9 $reader
wait $reader 2> /dev/null
run
wait $writer
[ "$(find log -name '@*' | wc -l)" -gt 50 ]
ok $? "multilog has rotated $(find log -name '@*' | wc -l) times"
until_true 30 lines "$(wc -l < truth)"
ok $? 'all lines have come'
kill $reader
wait $reader
is $? 0 'and no gap was found'
fields stats | timeless > got
timeless < truth | cmp -s - got
ok $? 'the same transfers, once each'
cp stats before
logstat -f stats ./log 2>> err
cmp -s stats before
ok $? 'nothing is left to read'
logstat ./log 2> /dev/null | cmp -s - stats
ok $? 'a fresh reader of the folder finds the same'

# files that go before they are read
rm -rf log stats stats.state
head -n 2000 all | multilog t s4096 n3 ./log
logstat -f stats ./log 2> err
is $? 0 'a folder from which files have gone before: the oldest is the beginning'
tail -n +2001 all | multilog t s4096 n3 ./log
logstat -f stats ./log 2> err
is $? 1 'files that went between two runs: exit 1'
grep -q 'lines may be missing' err
ok $? 'and said'
fields stats | timeless | sed 's/|[0-9]*$//' > got
timeless < truth | sed 's/|[0-9]*$//' > wanted
is "$(grep -vxFf wanted got | wc -l) $(($(wc -l < got) < $(wc -l < wanted)))" '0 1' 'no transfer is told that was none'

# without --from-start: only what comes, but with the messages that were open
rm -rf log stats stats.state
cat > old <<END
info msg 9: bytes 310 from <a@b.org> qp 77 uid 5
starting delivery 1: msg 9 to remote x@y.org
delivery 1: deferral: later/
END
multilog t ./log < old
logstat --follow -f stats ./log >> out 2>> err &
reader=$!
pids="$pids $reader"
until_true 10 test -s stats.state/state
is "$(wc -l < stats)" 0 'what was there before makes no line'
printf 'starting delivery 2: msg 9 to remote x@y.org\ndelivery 2: success: ok/\nend msg 9\n' | multilog t ./log
until_true 10 lines 1
is "$(sed 's/^.*|a@/a@/' stats)" 'a@b.org|x@y.org|310|success|2' 'but it is known'
kill $reader
wait $reader
is $? 0 'stopped'

# a long line, which multilog parts between two files
rm -rf log stats stats.state
long=$(head -c 900 /dev/zero | tr '\0' x)
{
	i=10
	while [ $i -lt 60 ]; do
		printf 'info msg %d: bytes 310 from <s%d@%s.org> qp 77 uid 5\n' $i $i "$long"
		printf 'starting delivery %d: msg %d to remote x%d@y.org\ndelivery %d: failure: %s%s%s%s\nend msg %d\n' $i $i $i $i \
			"$long" "$long" "$long" "$long" $i
		i=$((i + 1))
	done
} | multilog t s4096 n100 ./log
parted=0
for f in log/@*; do [ -z "$(tail -c 1 "$f")" ] || parted=$((parted + 1)); done
[ $parted -gt 0 ]
ok $? "multilog has parted $parted lines"
logstat -f stats ./log 2> err
is "$? $(wc -l < stats)" '0 50' 'they are read whole'
is "$(cat err)" '' 'nothing to say'
finish
