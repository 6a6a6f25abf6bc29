# The daemon files mail from the door while an onboarding runs into the same domain: both come through.
. tests/it/archive/lib.sh
awk 'BEGIN {
	for (i = 0; i < 1000; i++) printf "From me@here Mon Mar  2 10:00:00 2026\nDate: %d %s 2025 10:00:00 +0000\nSubject: %d\n\nbox %d\n\n",
		i % 28 + 1, substr("JanFebMarAprMayJunJulAugSepOctNovDec", i % 12 * 3 + 1, 3), i, i
}' > "$tmp/box"
start md_journal
start md_import
daemon=$pid
md_import -q $D "$tmp/box" > "$tmp/onboard" 2>&1 &
other=$!
i=0
while [ $i -lt 40 ]; do
	mail "$tmp/in/$i" "door$i" '2 Mar 2026 10:00:00'
	deliver "$tmp/in/$i" you@$D || echo "# refused $i"
	i=$((i + 1))
done
wait "$other"
ok $? "onboarding: $(cat "$tmp/onboard")"
# shellcheck disable=SC2317 # by until_true
all_there() { [ "$(md_verify -q --json "$D" | sed 's/.*"leaves":\([0-9]*\).*/\1/')" = 1040 ]; }
until_true 30 all_there
ok $? 'all of both is under the checkpoint'
kill "$daemon"
wait "$daemon"
ok $? 'the daemon ends well'
is "$(grep -c 'event=import.domain.failing' "$tmp/md_import.log")" 0 'no round failed'
sums_of "$tmp"/in/* > "$tmp/want"
sums $D > "$tmp/got"
is "$(comm -13 "$tmp/got" "$tmp/want" | wc -l) $(wc -l < "$tmp/got") $(uniq -d "$tmp/got" | wc -l)" '0 1040 0' 'each once'
verified
finish
