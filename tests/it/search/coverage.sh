# The last line is never silent about what was not asked.
. tests/it/search/lib.sh
mail a '1 Feb 2026 10:00:00' 'feb' 'common'
mail b '1 Mar 2026 10:00:00' 'mar' 'common'
import
exits 1 'before any indexing' md_search $D common
is "$(cat "$tmp/out")" 'covers 0 of 2 entries; not indexed yet: 2026-02 2026-03' 'says so'
index
mail c '2 Mar 2026 10:00:00' 'late' 'common'
import
exits 0 'one entry not indexed' md_search $D common
is "$(tail -1 "$tmp/out")" 'covers 2 of 3 entries' 'is counted'
index
is "$(md_search $D common | tail -1)" 'covers 3 of 3 entries' 'indexed'
mv "$depot/2026-02" "$tmp/away"
exits 0 'a month is offline' md_search $D common
is "$(tail -1 "$tmp/out")" 'covers 3 of 3 entries; found but offline: 2026-02' 'named'
grep -q 'its month is offline' "$tmp/out"
ok $? 'its hit is shown without text'
index
is "$(md_search --count $D common | head -1)" 3 'md_index leaves its catalog alone'
mv "$tmp/away" "$depot/2026-02"
rm "$catalog"/2026-02.db*
exits 0 'a catalog is missing' md_search $D common
is "$(tail -1 "$tmp/out")" 'covers 2 of 3 entries; not indexed yet: 2026-02' 'named'
index
cp "$catalog/2026-02.db" "$tmp/good"
rm -f "$catalog"/2026-02.db-*
dd if=/dev/urandom of="$catalog/2026-02.db" bs=4096 count=1 conv=notrunc 2> "$tmp/err"
exits 0 'a catalog is damaged' md_search $D common
is "$(tail -1 "$tmp/out")" 'covers 2 of 3 entries; catalog damaged (md_reindex mends it): 2026-02' 'named'
md_search --json $D common | tail -1 > "$tmp/out"
is "$(cat "$tmp/out")" '{"covers":2,"of":3,"raw_text":0,"missing":[],"damaged":["2026-02"],"ahead":[],"offline":[]}' 'in JSON too'
exits 0 'md_reindex' md_reindex $D 2026-02
is "$(md_search $D common | tail -1)" 'covers 3 of 3 entries' 'mended it'
finish
