# A domain with as= has no archive of its own: its mail is in the other's, and its name finds it there.
. tests/it/archive/lib.sh
md_domain add alias.example as=$D > "$tmp/out" || exit 2
mail "$tmp/1" 1 '2 Mar 2026 10:00:00'
mail "$tmp/2" 2 '2 Mar 2026 10:00:00'
start md_journal
deliver "$tmp/1" you@alias.example
deliver "$tmp/2" you@$D you@alias.example
exits 0 'md_import -1' md_import -1
sums $D > "$tmp/got"
sums_of "$tmp/1" "$tmp/2" > "$tmp/want"
cmp -s "$tmp/got" "$tmp/want"
ok $? 'both are in the one archive, once'
[ ! -e "$H/domain/alias.example" ]
ok $? 'the alias has no folder'
id=$(ids $D | sed -n '1s/.* //p')
md_cat $D "$id" > "$tmp/a" && md_cat alias.example "$id" > "$tmp/b" && cmp -s "$tmp/a" "$tmp/b"
ok $? 'md_cat finds it by either name'
mail "$tmp/3" 3 '2 Mar 2026 10:00:00'
exits 0 'onboarding by the other name' md_import -q alias.example "$tmp/3"
is "$(ids $D | wc -l)" 3 'goes to the same archive'
verified
finish
