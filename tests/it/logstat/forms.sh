# Every form of log gives the same transfers: multilog, maillog, tai64nlocal, bare, packed, by standard input, in a folder.
. tests/it/logstat/lib.sh
for form in multilog syslog local; do
	qlog -r -f $form -s 3 -t truth 3000 > log
	logstat log > out 2> err
	ok $? "a log of form $form is read"
	same out truth "its transfers are found"
	logstat - < log 2> err | cmp -s - out
	ok $? 'the same by standard input'
	gzip -k log
	logstat log.gz 2> err | cmp -s - out
	ok $? 'and packed'
	rm -f log.gz
done
qlog -r -f plain -s 3 -t truth 3000 > log
logstat - < log 2> err | fields | timeless > out
timeless < truth | cmp -s - out
ok $? 'a log without stamps too, without its times'
is "$(grep -c 'Mar  4' out)" 0 'none of that is taken for a date'

# torn, and begun in the middle: what is known of is right, what is not is counted
qlog -f multilog -s 4 -t truth 2000 > log
sed -n '700,$p' log > half
logstat -v half > out 2> err
ok $? 'a log that begins in the middle is read'
fields out | sed 's/|[0-9]*$//' > got
sed 's/|[0-9]*$//' truth > wanted
is "$(grep -vxFf wanted got | wc -l)" 0 'it tells no transfer that was none; only attempts begin anew'
grep -q 'reports of deliveries that are not known' err
ok $? 'what is not known is said'
head -c 20001 log | logstat -v - > out 2> err
fields out > got
is "$(grep -vxFf truth got | wc -l)" 0 'a log that ends within a line tells no other transfer'

# prefixes
cat > log <<END
info msg 9: bytes 310 from <a@b.org> qp 77 uid 5
starting delivery 1: msg 9 to local example.com-Joe@example.com
delivery 1: success: did_1+0+0/
END
echo 'example.com:example.com' > vdoms
logstat --virtualdomains vdoms --host h log > out
is "$(sed 's/^.*|a@/a@/' out)" 'a@b.org|Joe@example.com|310|success|1' '--virtualdomains takes the prefix off'
logstat --host mx9 log | grep -q ' mx9 in\[77\]: '
ok $? '--host'
qlog -f syslog -s 4 -t truth 100 | sed 's/ qmail: / qmail2: /' > other
qlog -f syslog -s 5 -t truth 100 > log
cat other log > mixed
logstat --tag qmail mixed > out 2> err
same out truth '--tag leaves out other instances'

# memory
qlog -f multilog -s 4 500 | grep ' info ' > log
for i in 1 2 3 4 5 6 7 8 9 10; do sed "s/msg /msg $i/" log; done > many
logstat --memory 64K many > out 2> err
ok $? 'with little memory it goes on'
grep -q 'dropped message' err && grep -q 'for want of memory' err
ok $? 'and says what it dropped'

# a packed log that was cut, with nothing behind it
qlog -f multilog -s 5 2000 | gzip > whole.gz
logstat whole.gz > out 2> err
is "$?" 0 'a packed log that is whole'
head -c 8000 whole.gz > cut.gz
logstat cut.gz > out 2> err
is "$?" 1 'one that is cut is a gap'
[ -s out ] && grep -q 'its end is missing' err
ok $? 'which is said, and what there is was read'
echo 'no log of qmail-send' > strange
logstat strange > out 2> err
is "$(cat err)" 'logstat: none of these lines is of qmail-send' 'what is no log is said'

# wrongly asked
exits 2 'no such log' logstat "$tmp/none"
exits 2 'a state without a file' logstat --state "$tmp/x" log
exits 2 'no log' logstat
exits 2 'a size that is none' logstat --memory x log
exits 2 'a choice that is none' logstat --pending perhaps log
exits 2 'no table' logstat --virtualdomains "$tmp/none" log
finish
