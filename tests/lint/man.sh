# Every program has a manual page, every page is clean mdoc, and cross references to pages of ours exist.
. tests/lint/lib.sh

: > "$tmp/wrong"
n=0
for p in $PROGS_front $PROGS_back; do
	n=$((n + 1))
	p=${p##*/}
	[ -f "man/$p.1" ] || [ -f "man/$p.8" ] || echo "$p has no page man/$p.1 or man/$p.8"
done > "$tmp/wrong"
verdict "$n programs have a manual page" "$tmp/wrong"

: > "$tmp/wrong"
n=0
for m in "$BUILD"/man/*.[1-8]; do
	[ -f "$m" ] || continue
	n=$((n + 1))
	mandoc -Tlint -Wstyle "$m" 2>&1 | grep -vE 'STYLE: referenced manual not found|^mandoc: outdated mandoc.db' | sed "s,^mandoc: ,," >> "$tmp/wrong"
	grep -q '^\.Dd ' "$m" || echo "$m: not mdoc" >> "$tmp/wrong"
done
verdict "mandoc finds nothing in $n pages" "$tmp/wrong"

: > "$tmp/wrong"
cat "$BUILD"/man/*.[1-8] 2>/dev/null | sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' | sort -u | while read -r name sec; do
	case $name in
	md_*|maildepot*|qmail-archive|qa-*|domains) [ -f "$BUILD/man/$name.$sec" ] || echo "no page $name($sec)" ;;
	esac
done > "$tmp/wrong"
verdict 'cross references to our pages exist' "$tmp/wrong"
finish
