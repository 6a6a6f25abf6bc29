# Sixteen injectors, and md_journal and md_import killed -9 at random about every second and started again: what was accepted is
# in the archive once, and nothing is refused for longer than a second. SOAK_SECONDS (6; make soak: 60), SOAK_SEED.
. tests/it/archive/lib.sh
echo "$tmp/stats" > "$H/etc/stats"
seconds=${SOAK_SECONDS:-6}
seed=${SOAK_SEED:-$(od -An -tu2 -N2 /dev/urandom | tr -d ' ')}

# supervise PROGRAM: starts it again whenever it dies, until $tmp/stop is there
supervise() {
	while [ ! -e "$tmp/stop" ]; do
		"$1" 2>> "$tmp/$1.log" &
		echo $! > "$tmp/$1.pid"
		wait $!
	done 2> /dev/null
	: > "$tmp/$1.ended"
}
trap 'kill -9 $(cat "$tmp"/md_*.pid 2> /dev/null) 2> /dev/null; clean' EXIT
strike() {
	for daemon; do
		kill -9 "$(cat "$tmp/$daemon.pid")" 2> /dev/null && kills=$((kills + 1))
	done
}

supervise md_journal &
pids="$pids $!"
supervise md_import &
pids="$pids $!"
until_true 20 [ -s "$tmp/md_journal.pid" ] && until_true 20 [ -s "$tmp/md_import.pid" ]
ok $? 'the daemons are there'
"$BUILD/tests/inject" -p 16 -t "$seconds" -l "$tmp/log" -s 2000 -r "you@$D" "$BUILD/bin/qmail-queue" > "$tmp/inject" &
load=$!
# when, and whom
awk -v seed="$seed" -v seconds="$seconds" 'BEGIN {
	srand(seed)
	split("md_journal,md_import,md_journal md_import", who, ",")
	for (t = 0; t < seconds; t += s) {
		s = 0.5 + rand()
		printf "%.2f %s\n", s, who[1 + int(rand() * 3)]
	}
}' > "$tmp/plan"
kills=0
while read -r pause daemons; do
	sleep "$pause"
	kill -0 $load 2> /dev/null || break
	# shellcheck disable=SC2086 # several
	strike $daemons
done < "$tmp/plan"
wait $load
: > "$tmp/stop"
until [ -e "$tmp/md_journal.ended" ] && [ -e "$tmp/md_import.ended" ]; do
	strike md_journal md_import
	sleep 0.1
done
# shellcheck disable=SC2086 # several
wait ${pids} 2> /dev/null
pids=''
echo "# seed $seed, $kills kills: $(cat "$tmp/inject")"
exits 0 'md_import takes in the rest' md_import -1

# of all injectors together, and of each: from the last acceptance (or the first refusal's beginning, when that is later) to the
# last refusal
sort -k4,4n "$tmp/log" | awk '
function longer(who, from, to) { if (to - from > longest[who]) longest[who] = to - from }
function refused(who) {
	if (!(who in begin)) begin[who] = $3 > accepted[who] ? $3 : accepted[who]
	longer(who == "all" ? "all" : "one", begin[who], $4)
}
$5 == 0 { accepted["all"] = accepted[$2] = $4; delete begin["all"]; delete begin[$2]; good++ }
$5 != 0 { refused("all"); refused($2); bad++ }
END { printf "%d %d %d %d\n", good, bad, longest["all"], longest["one"] }' > "$tmp/sum"
read -r good bad_ones all one < "$tmp/sum"
echo "# accepted $good, refused $bad_ones, longest refused: all $all ms, one injector $one ms"
[ "$good" -gt 0 ] && [ "$all" -le 1000 ] && [ "$one" -le 1000 ]
ok $? 'nothing is refused for longer than a second'

exits 0 'md_index' md_index -q -1
exits 0 'md_export' md_export "$D" '*' -o "$tmp/mbox" --format mbox
sed -n 's/^Message-ID: <\(.*@inject\)>$/\1/p' "$tmp/mbox" | sort > "$tmp/have"
awk '$5 == 0 { print $1 }' "$tmp/log" | sort > "$tmp/want"
is "$(comm -23 "$tmp/want" "$tmp/have" | wc -l)" 0 'each that was accepted is in the archive'
is "$(uniq -d "$tmp/have" | wc -l)" 0 'none is there twice'
echo "# in the archive though its injector saw a failure: $(comm -13 "$tmp/want" "$tmp/have" | wc -l)"
# a kill loses the lines of a moment; it makes none
sed 's/^.* in\[\([0-9]*\)\]: \([0-9]*\)|.*/\1 \2/' "$tmp/stats" | sort > "$tmp/lines"
is "$(uniq -d "$tmp/lines" | wc -l)" 0 'none is counted twice'
exits 0 'and each line is whole' statline --check "$tmp/stats"
[ "$(wc -l < "$tmp/lines")" -le "$(wc -l < "$tmp/have")" ]
ok $? "no line without a mail: $(wc -l < "$tmp/lines") lines of $(wc -l < "$tmp/have")"
is "$(find "$H/journal" -name '*[0-9a-f]' -type f -path '*/direct/*' | wc -l)" 0 'nothing waits'
is "$(find "$H/journal/bad" -type f 2> /dev/null | wc -l)" 0 'and nothing was damaged'
verified
finish
