# Catalogs are derived: deleted, damaged, of another version or ahead of the depot, md_index makes them again by itself.
. tests/it/search/lib.sh
mail a '1 Mar 2026 10:00:00' 'one' 'common'
mail b '2 Mar 2026 10:00:00' 'two' 'common'
import
index
healed() { # NAME
	index
	is "$(md_search $D common | tail -1)" 'covers 2 of 2 entries' "$1"
	is "$(md_search --count $D common | head -1)" 2 "$1: all found"
}
healed 'nothing to do'
rm -rf "$catalog"
healed 'deleted'
rm -f "$catalog"/*-wal "$catalog"/*-shm
: > "$catalog/2026-03.db"
healed 'emptied'
head -c 3000 /dev/urandom > "$catalog/2026-03.db"
healed 'garbage'
rm -f "$catalog"/*-wal "$catalog"/*-shm
mkdir "$tmp/other"
cp "$catalog/2026-03.db" "$tmp/full"
if command -v sqlite3 > "$tmp/out"; then
	sqlite3 "$catalog/2026-03.db" "UPDATE state SET analysis = 'older'"
	: > "$tmp/log"
	healed 'another version'
	grep -q 'event=index.catalog.remade domain=example.com partition=2026-03' "$tmp/log"
	ok $? 'the log says so'
	sqlite3 "$catalog/2026-03.db" "UPDATE state SET next_leaf = 77"
	healed 'not of this depot'
	sqlite3 "$catalog/2026-03.db" "UPDATE state SET last_hash = zeroblob(31) || x'01'"
	healed 'of other entries with the same numbers'
	sqlite3 "$catalog/2026-03.db" 'DROP TABLE entry'
	exits 2 'a table is gone: md_search does not answer' md_search $D common
	grep -q "(md_reindex $D 2026-03 makes it again)" "$tmp/err"
	ok $? "and says who mends it: $(cat "$tmp/err")"
	healed 'md_index does it, too'
	sqlite3 "$catalog/2026-03.db" 'DROP TABLE entry'
	exits 0 'and md_reindex' md_reindex $D 2026-03
	healed 'made again'
fi
finish
