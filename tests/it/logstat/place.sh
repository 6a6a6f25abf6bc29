# The place in the log: runs one after another over a log that grows, is rotated, packed, cut; the lines are there once.
. tests/it/logstat/lib.sh
qlog -r -f syslog -s 6 -t truth 6000 > all
total=$(wc -l < all)
part() { sed -n "$((total * $1 / 10 + 1)),$((total * $2 / 10))p" all; }
run() {
	logstat --state state -f stats maillog > "$tmp/out" 2> "$tmp/err"
	echo $? >> codes
}

part 0 2 > maillog
run
cp stats first
run
cmp -s stats first
ok $? 'a second run adds nothing'
part 2 3 >> maillog
run
# within a line
part 3 4 > next
head -c -10 next >> maillog
run
tail -c 10 next >> maillog
part 4 5 >> maillog
mv maillog maillog.1
part 5 6 > maillog
run
# two rotations, packed, as logrotate does it
mv maillog.1 maillog.2 && gzip maillog.2
part 6 7 >> maillog
mv maillog maillog.1
part 7 8 > maillog
sleep 0.01
run
gzip maillog.1
run
mv maillog maillog-20240304
part 8 9 > maillog
gzip maillog-20240304
# another inode with the same bytes
cp maillog-20240304.gz x && touch -r maillog-20240304.gz x && mv x maillog-20240304.gz
run
part 9 10 >> maillog
run
same stats truth 'all of it, once, over rotation and packing'
is "$(sort -u codes)" 0 'each run was good'

# a place that is lost is said, and what is left is read
rm -f maillog*
tail -n 1 all > maillog
logstat --state state -f stats maillog > out 2> err
is $? 1 'a log that lacks the place: exit 1'
grep -q 'in no file any more' err && grep -q 'not later than the place' err
ok $? 'it is said, and what was read before is not read again'
same stats truth 'no transfer twice'
rm -f maillog
exits 2 'a log that is missing' logstat --state state -f stats maillog

# an inode that comes again with another log in it
qlog -f multilog -s 7 -t t1 300 > log
logstat -f s2 log 2> err
qlog -f multilog -s 8 -t t2 900 | sed 's/@4000000065/@4000000066/' > other
cat other > log
logstat -f s2 log > out 2> err
is $? 1 'another log in the file of the old one: exit 1'
is "$(wc -l < s2)" "$(cat t1 t2 | wc -l)" 'it is read from its start'
finish
