# A message is unsettled until its delivery was recorded; md_show lists the deliveries.
# shellcheck disable=SC2119 # deliver takes options or none
. tests/it/agent/lib.sh
domains 'example.com archive=both'
start_journal
import() { md_import -1 -q && md_index -1 -q; }
PATH=$BUILD/bin:$PATH
count() { md_search --count example.com "$1" | head -1; }
file 3000
cp "$tmp/seen" "$tmp/first"
send -r office@example.com -m "$tmp/seen"
file 4000
send -r office@example.com -r hidden@example.com -m "$tmp/seen"
import 2> "$tmp/log"
ok $? 'captured, filed, indexed'
is "$(count status:unsettled) $(count status:settled)" '2 0' 'both unsettled'
is "$(count rcpt:hidden@example.com) $(count to:hidden@example.com)" '1 0' 'found by an envelope recipient'
deliver
import 2> "$tmp/log"
is "$(count status:unsettled) $(count status:settled)" '1 1' 'one delivered'
is "$(count '*') $(count kind:any) $(count kind:delivery)" '2 3 1' 'the event is not shown with mail'
is "$(count 'kind:delivery rcpt:dave-ext.x@example.com')" 1 'but found when asked for'
id=$(md_search --plain example.com status:settled 2> "$tmp/err")
md_show example.com "$id" > "$tmp/out"
is "$(grep -c '^delivery ' "$tmp/out") $(sed -n 's/^status *//p' "$tmp/out")" '1 settled' 'md_show knows'
is "$(sed -n 's/^sha256 *//p' "$tmp/out")" "$(sum "$tmp/seen")" 'the digest'
event=$(md_search --plain example.com kind:delivery 2> "$tmp/err")
md_show example.com "$event" > "$tmp/out"
is $? 0 'md_show of an event'
is "$(sed -n 's/^refers *//p' "$tmp/out")" "$(sum "$tmp/seen")" 'what it refers to'
if command -v python3 > "$tmp/err"; then
	md_show --json example.com "$id" | python3 -c 'import json,sys
d=json.load(sys.stdin)
print(d["id"], d["status"], len(d["deliveries"]), d["signed"])' > "$tmp/out"
	is "$(cat "$tmp/out")" "$id settled 1 True" 'as JSON'
fi
# a message that the door never saw comes with the agent's event
file 5000
deliver
import 2> "$tmp/log"
is "$(count '*') $(count 'source:agent status:settled')" '3 1' 'captured by the agent, settled'
md_show example.com 2026-01/77777 > "$tmp/out" 2> "$tmp/err"
is $? 1 'no such entry'
finish
