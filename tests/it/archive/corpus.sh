# Every sample mail goes in through the door and through onboarding, and comes out with the same digest.
. tests/it/archive/lib.sh
set -- tests/corpus/*.eml
[ -f "$1" ] || skip_all 'tests/corpus is not here'
md_domain add other.example > "$tmp/out" || exit 2
start md_journal
bad_sent=0
for f; do deliver "$f" you@$D || bad_sent=$((bad_sent + 1)); done
is $bad_sent 0 'the door takes all of them'
exits 0 'md_import -1' md_import -1
sums $D > "$tmp/got"
sums_of "$@" > "$tmp/want"
cmp -s "$tmp/got" "$tmp/want"
ok $? "$(wc -l < "$tmp/want") messages out of the door's archive, $(comm -3 "$tmp/got" "$tmp/want" | wc -l) differ"
exits 0 'onboarding' md_import -q other.example "$@"
sums other.example > "$tmp/got"
# a message that is there twice is known the second time
sort -u "$tmp/want" > "$tmp/once"
cmp -s "$tmp/got" "$tmp/once"
ok $? "$(wc -l < "$tmp/once") different ones by onboarding, $(comm -3 "$tmp/got" "$tmp/once" | wc -l) differ"
verified
finish
