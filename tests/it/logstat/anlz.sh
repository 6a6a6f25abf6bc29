# From an old maillog to the day's file: mail_anlz sums up what logstat finds as awk sums up what was delivered.
. tests/it/logstat/lib.sh
qlog -r -f syslog -s 21 -t truth 20000 > maillog
awk 'BEGIN { for (i = 0; i < 40; i++) print "d" i ".example"; for (i = 0; i < 300; i++) print "h" i ".example" }' > hosted
# where midnight comes while the log runs
TZ=XST-14
day=04.03.2024
from=$(date -u -d '2024-03-03 10:00:00' +%s)
awk -F'[ |]' -v from="$from" '$2 >= from && $2 < from + 86400 && ($5 > 0 || $6 == "success") {
	who = $1 == "in" ? $4 : $3
	if (!sub(/.*@/, "", who)) next
	bytes[who] += $5
	hits[who]++
} END { for (d in bytes) printf "|%s|%d|%d|0|\n", d, int((bytes[d] + 1023) / 1024), hits[d] }' truth | sort > wanted
logstat --tag qmail maillog 2> err | mail_anlz -f - -d "$day" -o . --hosted hosted
ok $? 'logstat feeds mail_anlz'
[ "$(tail -n 1 truth | cut -d' ' -f2)" -gt $((from + 86400)) ]
ok $? 'the log goes on behind the day'
sort "$day.qml.txt" > got
cmp -s got wanted
ok $? "the same $(wc -l < wanted) domains with the same sums"
finish
