# md_domain set and remove change one rule; comments, blank lines and order stay; archives stay.
. tests/it/lib.sh
h=$MAILDEPOT_HOME

md_domain add first.org > /dev/null || exit 2
cat > "$h/etc/domains" <<'END'
# the firm
Example.com  archive=both   fail=closed # since 2020

.example.com archive=in
default archive=no
END
exits 0 'update' md_domain update
is "$(cat "$tmp/out")" '3 rules compiled' 'it counts'
[ -d "$h/domain/example.com/depot" ]; ok $? 'update makes the folders of a rule that was written by hand'
exits 0 'set' md_domain set example.com fail=open limit=1G
exits 0 'set, a key taken out' md_domain set .example.com archive=
is "$(cat "$h/etc/domains")" '# the firm
Example.com  archive=both fail=open limit=1G # since 2020

.example.com
default archive=no' 'only these rules changed'
exits 0 'show' md_domain show example.com
is "$(sed -n 2p "$tmp/out")" 'rule        archive=both fail=open limit=1G over=refuse' 'the compiled table has it'
exits 0 'remove' md_domain remove example.com
is "$(cat "$tmp/out")" "example.com: rule removed; what is archived stays in $h/domain/example.com" 'it says that the archive stays'
[ -d "$h/domain/example.com/depot" ]; ok $? 'and it does'
is "$(cat "$h/etc/domains")" '# the firm

.example.com
default archive=no' 'the rule is gone, the rest is there'

# Many at once: each waits for the others, none is lost.
for i in 1 2 3 4 5 6 7 8; do md_domain add "d$i.org" > "$tmp/add.$i" 2>&1 & done
wait
is "$(grep -c '^d[1-8]\.org$' "$h/etc/domains")" 8 'eight at once are all there'
is "$(md_domain list | grep -c '^d')" 9 'and listed'
[ -z "$(find "$h" -name '.tmp.*')" ]; ok $? 'nothing is left over'
finish
