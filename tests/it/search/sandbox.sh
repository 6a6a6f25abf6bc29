# The indexer reads depot and log and writes its catalogs; what lies elsewhere is out of its reach.
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
# anything else is not
log=$MAILDEPOT_HOME/domain/$D/log
mv "$log/edge" "$tmp/edge"
ln -s "$tmp/edge" "$log/edge"
exits 2 'a log behind a link' md_index -1 -q
grep -qi 'permission denied' "$tmp/err"
ok $? 'is out of reach'
finish
