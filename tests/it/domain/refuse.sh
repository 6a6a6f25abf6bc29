# Bad input to md_domain: one clear line, exit 2, nothing changed.
. tests/it/lib.sh
h=$MAILDEPOT_HOME

md_domain add example.com > /dev/null && md_domain add example.net as=example.com > /dev/null || exit 2
state() { (cd "$h" && find . -type f ! -name .lock -exec sha256sum {} + && find . -type d) | sort; }
state > "$tmp/before"

# refused NAME PATTERN ARGUMENT...
refused() {
	name=$1 pattern=$2
	shift 2
	exits 2 "$name" md_domain "$@"
	[ "$(wc -l < "$tmp/err")" = 1 ] && grep -q "$pattern" "$tmp/err" && [ ! -s "$tmp/out" ]
	ok $? "$name: one line that says why: $(cat "$tmp/err")"
	state > "$tmp/after"
	cmp -s "$tmp/before" "$tmp/after"
	ok $? "$name: nothing changed"
}
refused 'a duplicate' 'example.com has a rule already, in line' add example.com archive=in
refused 'a duplicate in capitals' 'has a rule already' add EXAMPLE.com
refused 'a bad name' '"../etc" is not a domain' add ../etc
refused 'a bad name with a line end' 'is not a domain' add 'a.org
b.org'
refused 'a bad key' 'a.org: unknown key "colour"' add a.org colour=blue
refused 'a bad value' 'a.org: "maybe" is no value for fail' add a.org fail=maybe
refused 'a value with a line end' 'fail= has a value' add a.org 'fail=open
b.org'
refused 'no pair' '"archive" is not key=value' add a.org archive
refused 'a key twice' 'a.org: "limit=2" has its key twice' add a.org limit=1 limit=2
refused 'a name of nothing' 'a.org: as=b.org, but b.org has no rule' add a.org as=b.org
refused 'a name of another name' 'another name itself' add a.org as=example.net
refused 'set, bad value' 'example.com: "x" is no value for limit' set example.com limit=x
refused 'removing what another name needs' 'line . of the table would be bad: as=example.com' remove example.com
refused 'show a wildcard' 'is a wildcard' show .example.com
refused 'show a bad name' 'is not a domain' show 'a b'
exits 2 'a bad value, and no instance yet' md_domain -H "$tmp/none" add a.org fail=maybe
[ ! -e "$tmp/none" ]
ok $? 'none is made'
exits 1 'remove without a rule' md_domain remove nobody.org
exits 1 'set without a rule' md_domain set nobody.org fail=open
exits 2 'no command' md_domain
exits 2 'an unknown command' md_domain frobnicate
exits 2 'add without a domain' md_domain add
exits 2 'set without a pair' md_domain set example.com
exits 2 'update with a domain' md_domain update example.com

# A table that a person broke is refused whole, every bad line named; the old compiled one stays.
cp "$h/etc/domains" "$tmp/domains"
printf 'x y\n# fine\nexample.org fail=never\n' >> "$h/etc/domains"
state > "$tmp/before"
exits 2 'update with bad lines' md_domain update
is "$(grep -c '/etc/domains:[0-9]*: ' "$tmp/err")" 2 'both are named'
grep -q "/etc/domains:5: \"y\" is not key=value" "$tmp/err" && grep -q '/etc/domains:7: "never"' "$tmp/err"
ok $? 'with their numbers'
exits 2 'add to a broken table' md_domain add a.org
exits 2 'list of a broken table' md_domain list
state > "$tmp/after"
cmp -s "$tmp/before" "$tmp/after"; ok $? 'nothing changed'
cp "$tmp/domains" "$h/etc/domains"
exits 0 'the repaired table is taken' md_domain update

rm "$h/etc/domains"
exits 2 'update without a table' md_domain update
exits 2 'an instance that is not there' md_domain -H "$tmp/none" list
[ ! -e "$tmp/none" ]; ok $? 'looking makes nothing'
finish
