# Finished months are sealed in the background while mail comes in, by hand, or never; what comes later still goes in.
. tests/it/archive/lib.sh
{ for i in 1 2 3 4 5 6 7 8 9; do
	printf 'From me@here Mon Mar  2 10:00:00 2026\nDate: 1 Mar 202%d 10:00:00 +0000\nSubject: %d\n\nbox %d\n\n' $((i % 3)) $i $i
done; } > "$tmp/box"
conf=$H/etc/maildepot.conf
depot=$H/domain/$D/depot
cp "$conf" "$tmp/conf" 2> "$tmp/err" || : > "$tmp/conf"
{ cat "$tmp/conf"; echo 'seal_after = "0"'; } > "$conf"
exits 0 'md_import' md_import -q $D "$tmp/box"
exits 0 'seal_after = 0' md_import -1
ok "$(find "$depot" -name 'segment-*.1' | wc -l)" 'nothing is sealed'

{ cat "$tmp/conf"; echo 'seal_after = "1s"'; } > "$conf"
start md_journal
start md_import
daemon=$pid
i=0
while [ $i -lt 20 ]; do
	mail "$tmp/in/$i" "door$i" '2 Mar 2026 10:00:00'
	deliver "$tmp/in/$i" you@$D || echo "# refused $i"
	i=$((i + 1))
done
# shellcheck disable=SC2317 # by until_true
sealed() { [ "$(cat "$depot"/202?-03/manifest | grep -c '^segment .* sealed')" = "$1" ] && ! grep -q open "$depot"/202?-03/manifest; }
until_true 30 sealed 3
ok $? 'the daemon seals the months that are over'
is "$(grep -c 'event=import.seal.ok' "$tmp/md_import.log")" 3 'and says so'
is "$(cat "$depot/$(date -u +%Y-%m)/manifest" | grep -c sealed)" 0 'but not the month that is not'
verified 'sealed months'

# a copy by hand, of a month that is sealed
printf 'Date: 2 Mar 2021 10:00:00 +0000\nSubject: late\n\nlate\n' > "$tmp/late.eml"
exits 0 'a late message' md_import -q $D "$tmp/late.eml"
until_true 30 sealed 4
ok $? 'its segment is sealed in its turn'
kill "$daemon"
wait "$daemon"
ok $? 'the daemon ends well'
is "$(grep -c 'event=import.seal.failed' "$tmp/md_import.log")" 0 'nothing failed'
{ sums_of "$tmp"/in/* "$tmp/late.eml"; for i in 1 2 3 4 5 6 7 8 9; do
	printf 'Date: 1 Mar 202%d 10:00:00 +0000\nSubject: %d\n\nbox %d\n' $((i % 3)) $i $i | sha256sum | cut -c 1-64
done; } | sort > "$tmp/want"
sums $D > "$tmp/got"
cmp -s "$tmp/got" "$tmp/want"
ok $? 'each message is there once, byte for byte'
verified 'after a late message'

# by hand
cp "$tmp/conf" "$conf"
exits 0 'by hand: nothing to do' md_import --seal $D
is "$(cat "$tmp/out")" 'nothing to seal' 'it says so'
exits 0 'by hand: a month that goes on' md_import --seal $D "$(date -u +%Y-%m)"
ok "$(grep -c open "$depot/$(date -u +%Y-%m)/manifest")" 'it is sealed'
deliver "$tmp/late.eml" you@$D
exits 0 'md_import -1' md_import -1
is "$(grep -c '^segment .* open' "$depot/$(date -u +%Y-%m)/manifest")" 1 'the next mail opens a segment in it'
verified 'in the end'
exits 2 'no month' md_import --seal $D 2026-13
exits 2 'no domain' md_import --seal nobody.example
finish
