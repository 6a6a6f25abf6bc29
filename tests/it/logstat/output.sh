# The stats file: renamed, cut, written by somebody else, gone; two at once.
. tests/it/logstat/lib.sh
qlog -f multilog -s 9 -t truth 3000 > all
half=$(($(wc -l < all) / 2))
head -n $half all > log
logstat -f stats log
ok $? 'the first half'
mv stats stats.1
tail -n +$((half + 1)) all >> log
logstat -f stats log 2> err
cat stats.1 stats > both
same both truth 'renamed between two runs'

rm -rf stats*
head -n $half all > log
logstat -f stats log
cp stats kept && : > stats
tail -n +$((half + 1)) all >> log
logstat -f stats log 2> err
cat kept stats > both
same both truth 'cut between two runs'
grep -q 'was cut from' err
ok $? 'which is said'
echo hello >> stats
exits 2 'somebody else writes it' logstat -f stats log
grep -q 'somebody else' err
ok $? 'which is said too'

# damaged state
rm -rf stats*
logstat -f stats log 2> err
sed -i 's/^pos 1/pos 0/' stats.state/state
exits 2 'a state that was changed' logstat -f stats log
grep -q 'damaged' err
ok $? 'it is called damaged'

# two at once
rm -rf stats*
mkfifo pipe
logstat -f stats pipe 2> /dev/null &
first=$!
pids="$pids $first"
until_true 10 test -e stats
ok $? 'one waits for its log'
exits 2 'another with its state is refused' logstat -f other --state stats.state log
grep -q 'in use by another logstat' err
ok $? 'and told why'
exits 2 'another with its stats file is refused' logstat -f stats --state own log
grep -q 'being written by another' err
ok $? 'and told why'
cat all > pipe
wait $first
same stats truth 'the first one was not disturbed'

# a stream counts when it has ended
rm -rf stats*
(cat log; sleep 60) 2> /dev/null | logstat -f stats - 2> /dev/null &
pids="$pids $!"
until_true 10 test -e stats
sleep 0.3
is "$(wc -c < stats)" 0 'of a stream that has not ended nothing is written'
# disk full
if [ -w /dev/full ]; then
	exits 2 'standard output on a full disk' sh -c "logstat '$tmp/log' > /dev/full"
fi
exits 2 'a stats file that is none' logstat -f /dev/null --state own2 log
finish
