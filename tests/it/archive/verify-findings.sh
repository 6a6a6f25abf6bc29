# md_verify names what is wrong, for damage of several kinds, and is content again when it is mended.
. tests/it/archive/lib.sh
awk 'BEGIN {
	for (i = 0; i < 300; i++) printf "From me@here Mon Mar  2 10:00:00 2026\nDate: %d Mar 2026 10:00:00 +0000\nSubject: %d\n\ntext %d\n\n", i % 28 + 1, i, i
}' > "$tmp/box"
md_import -q $D "$tmp/box" > "$tmp/out" || exit 2
cp -Rp "$H/domain/$D" "$tmp/good"
log=$H/domain/$D/log p=$H/domain/$D/depot/2026-03
segment="segment-000001.0"
verified 'at first'

# finds KIND WHAT OPTION...: after the damage just done; then all is put back
finds() {
	kind=$1 what=$2
	shift 2
	md_verify -q "$@" $D > "$tmp/out" 2> "$tmp/err"
	got=$?
	cat "$tmp/out" "$tmp/err" > "$tmp/all"
	[ $got != 0 ] && grep -q "$kind" "$tmp/all"
	ok $? "$what: exit $got, $(grep -m 1 "$kind" "$tmp/all" | tr -s ' ' || head -n 1 "$tmp/all")"
	rm -rf "$H/domain/$D"
	cp -Rp "$tmp/good" "$H/domain/$D"
}
flip "$p/$segment"; finds damaged 'a bit in a segment' --deep
flip "$p/entries.idx" 100; finds index 'a bit in an index' --deep
flip "$p/entries.idx" $((64 + 299 * 40)); finds index 'a bit in the last record, which nobody trusts yet' --deep
: > "$p/segment-000007.0"; finds added 'a segment that nobody made' --deep
flip "$p/manifest" 30; finds 'damaged\|truncated\|missing' 'a bit in the manifest'
truncate -s -100 "$p/$segment"; finds 'truncated\|missing\|damaged' 'a segment that is cut'
rm "$p/$segment"; finds missing 'a segment that is gone'
rm -r "$p"; finds 'missing' 'a month that is gone'
: > "$p/stranger"; finds added 'a file that nobody knows' --deep
flip "$log/tile/0/000"; finds 'log\|damaged' 'a bit in a tile'
rm "$log/tile/0/000"; finds missing 'a tile that is gone'
sed '2s/.*/299/' "$log/checkpoint" > "$tmp/c"; cp "$tmp/c" "$log/checkpoint"; finds key 'a checkpoint that nobody signed'
finds key 'another key' -k PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
cp "$log/checkpoint" "$tmp/outside"
finds 'forked\|key' 'a checkpoint that is not of this log' --since "$tmp/c"
: > "$tmp/empty"
exits 2 'an empty file is no checkpoint' md_verify -q --since "$tmp/empty" $D
sed 1d "$tmp/outside" > "$tmp/headless"
exits 2 'nor is one without its first line' md_verify -q --since "$tmp/headless" $D
echo more >> "$tmp/c"
exits 2 'nor one with a line behind' md_verify -q --since "$tmp/c" $D
exits 0 'and the one that it does' md_verify -q --since "$tmp/outside" $D
verified 'in the end'

# Of all domains, one that has gone without a trace is not passed over.
rm -r "$H/domain/$D"
exits 1 'a domain that the table names and that is gone' md_verify -q --deep
grep -q "^$D: BAD" "$tmp/out"
ok $? 'is named'
cp -Rp "$tmp/good" "$H/domain/$D"
# A name that a stranger chose does not speak to the terminal.
: > "$p/$(printf 'x\033[31m')"
exits 1 'a file with an escape sequence for a name' md_verify -q --deep $D
is "$(tr -d '\n\040-\176' < "$tmp/out" | wc -c)" 0 'is shown without it'
rm "$p"/x*
mkdir "$H/domain/$(printf 'a"\033[31mb')"
md_verify -q --json > "$tmp/out" 2> "$tmp/err"
is $? 1 'so is a folder that is no domain'
is "$(cat "$tmp/out" "$tmp/err" | tr -d '\n\040-\176' | wc -c)" 0 'without its escape sequence'
grep -q 'is not the folder of a domain' "$tmp/err"
ok $? 'and named'
rmdir "$H"/domain/a*

# What a crash may leave is told, and no finding.
rm "$p/entries.idx"
: > "$p/segment-000002.0"
md_verify -q --deep $D > "$tmp/out" 2>&1
ok $? "left-overs: $(tail -n 1 "$tmp/out")"
is "$(grep -c "^$D: note: depot/2026-03: " "$tmp/out")" 2 'both are noted'
md_verify -q --deep --json $D > "$tmp/out" 2>&1
grep -q '"good":true.*"note":2,"findings":\[\],"notes":\[{' "$tmp/out"
ok $? 'in JSON, too'
mail "$tmp/m" last '30 Mar 2026 10:00:00'
md_import -q $D "$tmp/m" > "$tmp/out" || exit 2
md_verify -q --deep $D > "$tmp/out" 2>&1
ok $? 'the next writer'
is "$(grep -c note "$tmp/out")" 0 'puts them in order'
finish
