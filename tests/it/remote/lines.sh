# One line a recipient: what became of it, and the bytes that went over the wire.
. tests/it/remote/lib.sh
head='mx1.example.net out: me@example.com|you@example.org'
deliver 'r|K192.0.2.1 accepted message.|'
is "$(lines)" "$head|5000|success|1" 'delivered'
deliver 'h192.0.2.1 does not like recipient.|DGiving up on 192.0.2.1.|'
is "$(lines)" "$head|0|reject" 'a recipient that is refused'
deliver 's192.0.2.1 does not like recipient.|ZGiving up on 192.0.2.1.|'
is "$(lines)" "$head|0|defer" 'and one that is not taken now'
deliver 'r|D192.0.2.1 failed after I sent the message.|'
is "$(lines)" "$head|5000|reject|1" 'refused when it was sent: its bytes count'
deliver "ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)|"
is "$(lines)" "$head|0|timeout" 'nobody answers'
deliver 'r|ZConnected to 192.0.2.1 but connection died. Possible duplicate! (#4.4.2)|'
is "$(lines)" "$head|5000|timeout|1" 'the connection died'
deliver 'r|DSMTP cannot transfer messages with partial final lines. (#5.6.2)|'
is "$(lines)" "$head|5000|partial|1" 'half a line at the end'
deliver 'ZUnable to read message. (#4.3.0)|'
is "$(lines)" "$head|0|readerr" 'the message cannot be read'
deliver 'r|'
is "$(lines)" "$head|0|readerr" 'a report that ends early'
QA_STANDIN_SIGNAL=11 deliver 'r|Kgood|'
is "$(lines)" "$head|0|readerr" 'a crash: qmail forgets the report'
QA_STANDIN_EXIT=111 deliver 'r|Kgood|'
is "$(lines)" "$head|0|readerr" 'so it does after another exit code'

deliver 'r|hno|slater|Kgood|' a@example.org b@example.org 'c|d@example.org'
is "$(lines)" 'mx1.example.net out: me@example.com|a@example.org|5000|success|1
mx1.example.net out: me@example.com|b@example.org|0|reject
mx1.example.net out: me@example.com|c%7Cd@example.org|0|defer' 'three recipients'
says 'r|Kgood|'
run "$remote" example.org '' you@example.org
is "$(lines)" 'mx1.example.net out: |you@example.org|5000|success|1' 'a bounce'
{ head -c 1000 > /dev/null; "$remote" example.org me@example.com you@example.org > /dev/null; } < "$tmp/m"
is "$(lines)" "$head|4000|success|1" 'the message begins where descriptor 0 stands'
# shellcheck disable=SC2002 # a pipe is wanted
cat "$tmp/m" | "$remote" example.org me@example.com you@example.org > /dev/null
is "$(lines)" "$head|0|success|1" 'a pipe has no size'
i=0
while [ $i -lt 20 ]; do
	"$remote" example.org me@example.com "you$i@example.org" < "$tmp/m" > /dev/null &
	list="${list:-} $!"
	i=$((i + 1))
done
# shellcheck disable=SC2086 # several
wait $list
is "$(lines | sort -u | grep -c '|5000|success|1$')" 20 'twenty at once'
finish
