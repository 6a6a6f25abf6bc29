# An mbox: separators, quoted From_ lines, an empty message; a second time nothing is new.
. tests/it/archive/lib.sh
mail "$tmp/1" 1 '2 Mar 2026 10:00:00'
mail "$tmp/2" 2 '3 Apr 2026 10:00:00'
printf 'From the start of a line\n>From one quoted already\n' >> "$tmp/2"
mail "$tmp/3" 3 '4 Apr 2026 10:00:00'
for i in 1 2 3; do
	echo "From me@here Mon Mar  2 10:00:0$i 2026"
	sed 's/^>*From /&/; s/^\(>*From \)/>\1/' "$tmp/$i" | sed '1,4s/^>From:/From:/'
	echo
done > "$tmp/box"
exits 0 'md_import' md_import -q $D "$tmp/box"
is "$(cat "$tmp/out")" '3 messages: 3 filed, 0 known already, 0 failed; 0 without a believable date' 'it counts'
sums $D > "$tmp/got"
sums_of "$tmp/1" "$tmp/2" "$tmp/3" > "$tmp/want"
cmp -s "$tmp/got" "$tmp/want"
ok $? 'the messages are as they were before the mbox'
is "$(ls "$H/domain/$D/depot")" '2026-03
2026-04' 'each in its month'
exits 0 'again' md_import -q $D "$tmp/box"
is "$(cat "$tmp/out")" '3 messages: 0 filed, 3 known already, 0 failed; 0 without a believable date' 'nothing is new'
is "$(ids $D | wc -l)" 3 'nor filed twice'
verified
finish
