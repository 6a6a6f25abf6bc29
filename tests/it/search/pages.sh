# Pages without ceiling, in every order; months merged.
. tests/it/search/lib.sh
i=1
while [ $i -le 28 ]; do
	mail "m$i" "$i Mar 2026 10:00:00" "mar $i" "common text"
	mail "f$i" "$i Feb 2026 10:00:00" "feb $i" "common $(printf "%0$((29 - i))d" 0)"
	i=$((i + 1))
done
import
index
all=$(md_search --plain -n 100 $D common 2> "$tmp/err")
is "$(echo "$all" | wc -l)" 56 'all on one page'
paged=''
for p in 1 2 3 4 5 6; do paged="$paged$(md_search --plain -n 10 --page $p $D common 2> "$tmp/err")
"; done
is "$paged" "$all
" 'page by page the same'
exits 1 'behind the last page' md_search -n 10 --page 7 $D common
is "$(md_search --plain -n 100 --sort -date $D common 2> "$tmp/err")" "$(echo "$all" | tac)" 'oldest first is the other way round'
is "$(md_search --json -n 3 $D common | sed -n 's/.*"subject":"\([^"]*\)".*/\1/p' | tr '\n' ,)" 'mar 28,mar 27,mar 26,' 'newest first over months'
is "$(md_search --json -n 60 --sort size $D subject:feb | sed -n 's/.*"size":\([0-9]*\).*/\1/p' | sort -rnc && echo sorted)" sorted 'largest first'
mail late '3 Feb 2026 09:00:00' 'late one' 'common'
import
index
is "$(md_search --plain -n 100 $D common date:2026-02-03 2> "$tmp/err" | wc -l)" 2 'late mail is there'
is "$(md_search --json -n 100 --sort -date $D common | sed -n 's/.*"subject":"\([^"]*\)".*/\1/p' | sed -n 3p)" 'late one' 'and sorted by its date'
md_search --sort relevance --plain $D common mar > "$tmp/out" 2> "$tmp/err"
ok $? 'by relevance'
finish
