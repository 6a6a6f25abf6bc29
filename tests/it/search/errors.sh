# A bad query is shown in its place; bad words on the command line get one clear line; exit 2.
. tests/it/search/lib.sh
exits 2 'an unknown field' md_search $D 'a form:joe'
is "$(cat "$tmp/err")" 'a form:joe
  ^
md_search: there is no field "form:"; did you mean "from:"?' 'pointed at'
exits 2 'a wide query' md_search $D '東京 "x'
is "$(sed -n 2p "$tmp/err")" '     ^' 'the caret stands under it'
exits 2 'nothing to search for' md_search $D '...'
is "$(cat "$tmp/err")" 'md_search: there is no letter or digit to search for' 'and says so'
exits 2 'no such domain' md_search no.example x
is "$(wc -l < "$tmp/err")" 1 'one line'
exits 2 'no query' md_search $D
exits 2 'a bad order' md_search --sort sideways $D x
exits 2 'no hits a page' md_search -n 0 $D x
exits 1 'nothing indexed, nothing there' md_search $D x
is "$(cat "$tmp/out")" 'covers 0 of 0 entries' 'coverage of an empty archive'
exits 2 'a bad month' md_reindex $D 2026-13
exits 2 'a month that is not there' md_reindex $D 2026-01
exits 2 'a bad format' md_export --format zip -o "$tmp/x" $D x
exits 2 'no format' md_export -o "$tmp/x" $D x
printf 'x\033[31mred\n' > "$tmp/q"
exits 2 'control characters in a query' md_search $D "(
$(cat "$tmp/q")"
grep -q "$(printf '\033')" "$tmp/err"
is $? 1 'do not reach the terminal'
finish
