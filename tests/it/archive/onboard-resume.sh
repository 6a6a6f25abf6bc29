# Onboarding killed in the middle, several times, then run to its end: everything once.
. tests/it/archive/lib.sh
awk 'BEGIN {
	for (i = 0; i < 6000; i++) {
		printf "From me@here Mon Mar  2 10:00:00 2026\nDate: %d %s 2025 10:00:00 +0000\nSubject: %d\nMessage-ID: <%d@x>\n\n",
			i % 28 + 1, substr("JanFebMarAprMayJunJulAugSepOctNovDec", i % 12 * 3 + 1, 3), i, i
		for (k = 0; k < 5; k++) printf "line %d of message %d\n", k, i
		printf "\n"
	}
}' > "$tmp/box"
for wait in 0.15 0.3 0.45; do
	md_import -q $D "$tmp/box" > "$tmp/out" 2>&1 &
	victim=$!
	sleep $wait
	kill -9 $victim 2> /dev/null
	wait $victim 2> /dev/null
	echo "# after $wait s"
done
exits 0 'run to its end' md_import -q $D "$tmp/box"
echo "# $(cat "$tmp/out")"
is "$(md_verify -q --json --deep $D | sed 's/.*"entries":\([0-9]*\).*/\1/')" 6000 'each message once'
verified
exits 0 'and again' md_import -q $D "$tmp/box"
is "$(cut -d ' ' -f 3 "$tmp/out")" 0 'nothing is new'
is "$(find "$H/domain/$D/var" -name 'import-*' | wc -l)" 0 'no mark is left'
finish
