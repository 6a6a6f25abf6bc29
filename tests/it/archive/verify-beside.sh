# md_verify --deep beside a running import finds nothing: all it says is as of the checkpoint that it read first.
. tests/it/archive/lib.sh
awk 'BEGIN {
	for (i = 0; i < 4000; i++) printf "From me@here Mon Mar  2 10:00:00 2026\nDate: %d %s 2025 10:00:00 +0000\nSubject: %d\n\nbox %d\n\n",
		i % 28 + 1, substr("JanFebMarAprMayJunJulAugSepOctNovDec", i % 12 * 3 + 1, 3), i, i
}' > "$tmp/box"
md_import -q $D "$tmp/box" > "$tmp/onboard" 2>&1 &
import=$!
pids="$pids $import"
checks=0 bad=0 leaves='' grew=0
while kill -0 "$import" 2> /dev/null; do
	md_verify -q --deep $D > "$tmp/out" 2>&1 || { bad=$((bad + 1)); grep -v note "$tmp/out" | head -n 5 | sed 's/^/# /'; }
	now=$(sed -n 's/.* \([0-9]*\) lea[a-z]* signed.*/\1/p' "$tmp/out")
	[ "$now" = "$leaves" ] || grew=$((grew + 1))
	leaves=$now checks=$((checks + 1))
done
wait "$import"
ok $? "the import: $(cat "$tmp/onboard")"
is "$bad" 0 "$checks checks beside it, the log grew between $grew of them"
md_verify -q --deep $D > "$tmp/out" 2>&1
ok $? "afterwards: $(tail -n 1 "$tmp/out")"
is "$(sed -n 's/.* \([0-9]*\) leaves signed.*/\1/p' "$tmp/out")" 4000 'all of it is there'
finish
