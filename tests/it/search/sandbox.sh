# What takes mail apart reads depot and log, and writes catalogs; what lies elsewhere is out of its reach.
. tests/it/search/lib.sh
mail a '1 Mar 2026 10:00:00' 'one' 'common'
import
md_index -1 -q 2> "$tmp/log"
ok $? 'it works in its sandbox'
if grep -q 'event=index.sandbox.none' "$tmp/log"; then
	echo '# the kernel has no Landlock: the rest is not tried'
	mkdir -p "$MAILDEPOT_HOME/etc"
	echo required > "$MAILDEPOT_HOME/etc/sandbox"
	exits 2 'refuses to run without one where that is required' md_index -1 -q
	finish
fi
# a partition on another volume is behind a link, and is in reach
mail b '2 Mar 2026 10:00:00' 'two' 'common'
import
mkdir "$tmp/volume"
mv "$depot/2026-03" "$tmp/volume/2026-03"
ln -s "$tmp/volume/2026-03" "$depot/2026-03"
md_index -1 -q 2> "$tmp/log"
ok $? 'a partition behind a link'
is "$(md_search --count $D common | head -1)" 2 'is indexed'
exits 0 'a person searches it' md_search $D common
is "$(grep -c '2026-03/[12] .*  \(one\|two\)$' "$tmp/out")" 2 'and reads it'
exits 0 'and sees it' md_show $D 2026-03/2
# anything else is not; the tools that take mail apart for a person, with that person's rights, do not reach it either
seg=$(echo "$tmp"/volume/2026-03/segment-*)
mv "$seg" "$tmp/elsewhere"
ln -s "$tmp/elsewhere" "$seg"
exits 0 'md_cat takes nothing apart' md_cat $D 2026-03/2
md_search $D common > "$tmp/out" 2>&1
is "$(grep -c 'it cannot be read' "$tmp/out")" 2 'md_search has no way to a segment elsewhere'
md_show $D 2026-03/2 > "$tmp/out" 2>&1
is $? 2 'nor has md_show'
exits 2 'nor md_reindex' md_reindex -q $D
grep -qi 'permission denied' "$tmp/err"
ok $? 'which says so'
rm "$seg"
mv "$tmp/elsewhere" "$seg"
exits 0 'which makes a catalog that is gone, too' md_reindex -q $D
rm -r "$catalog"
exits 0 'from nothing' md_reindex -q $D
log=$MAILDEPOT_HOME/domain/$D/log
mv "$log/edge" "$tmp/edge"
ln -s "$tmp/edge" "$log/edge"
exits 2 'a log behind a link' md_index -1 -q
grep -qi 'permission denied' "$tmp/err"
ok $? 'is out of reach'
finish
