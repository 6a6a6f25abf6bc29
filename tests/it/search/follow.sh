# The daemon takes in what comes, ends on SIGTERM, and loses nothing to kill -9.
. tests/it/search/lib.sh
start() {
	mkfifo "$tmp/ready"
	md_index -d 3 3> "$tmp/ready" 2>> "$tmp/log" &
	pid=$!
	pids="$pids $pid"
	read -r _ < "$tmp/ready"
	rm "$tmp/ready"
}
# shellcheck disable=SC2317,SC2086 # called by until_true; a domain without blanks
counts() { [ "$(md_search --count $D common | head -1)" = "$1" ]; }
start
mail a1 '1 Mar 2026 10:00:00' 'one' 'common'
import
until_true 20 counts 1
ok $? 'mail is found soon'
mail a2 '2 Mar 2026 10:00:00' 'two' 'common'
import
until_true 20 counts 2
ok $? 'and the next'
md_domain add new.example > "$tmp/out"
printf 'Subject: x\nDate: 2 Mar 2026 10:00:00 +0000\n\ncommon\n' > "$tmp/x.eml"
md_import -q new.example "$tmp/x.eml" > "$tmp/out" 2>&1
# shellcheck disable=SC2317
new() { [ "$(md_search --count new.example common | head -1)" = 1 ]; }
until_true 30 new
ok $? 'a domain that came later'
md_reindex -q $D > "$tmp/out"
ok $? 'md_reindex beside it'
mail a3 '3 Mar 2026 10:00:00' 'three' 'common'
import
until_true 20 counts 3
ok $? 'it goes on with the new catalog'
kill -TERM "$pid"
wait "$pid"
is $? 0 'ends well'
start
i=0
while [ $i -lt 6 ]; do
	k=0
	while [ $k -lt 40 ]; do
		mail "k$i-$k" "$((k / 2 + 1)) Apr 2026 10:00:00" "k $i $k" "common word$k"
		k=$((k + 1))
	done
	import
	kill -9 "$pid"
	wait "$pid" 2> "$tmp/err"
	start
	i=$((i + 1))
done
until_true 30 counts 243
ok $? 'after six kills all of it is there, once'
is "$(md_search $D word7 | tail -1)" 'covers 243 of 243 entries' 'all covered'
is "$(md_search --count $D word7 | head -1)" 6 'every word'
kill -TERM "$pid"
wait "$pid"
is $? 0 'ends well again'
finish
