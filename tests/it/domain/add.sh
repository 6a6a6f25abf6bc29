# md_domain add makes an empty instance, the domain's folders and a table that programs can read.
. tests/it/lib.sh
h=$MAILDEPOT_HOME

exits 0 'a domain is added to an instance that was not there' md_domain add example.com archive=both fail=closed
is "$(cat "$tmp/out")" "example.com: added; its archive is $h/domain/example.com" 'it says where'
is "$(tail -n 1 "$h/etc/domains")" 'example.com archive=both fail=closed' 'the rule is in the table'
[ -s "$h/etc/domains.cdb" ]; ok $? 'the table is compiled'
is "$(cd "$h" && stat -c '%a %n' . etc etc/domains etc/domains.cdb etc/maildepot.conf journal journal/direct domain var)" '755 .
755 etc
644 etc/domains
644 etc/domains.cdb
644 etc/maildepot.conf
750 journal
770 journal/direct
750 domain
750 var' 'the instance has its modes'
is "$(cd "$h/domain/example.com" && stat -c '%a %n' . etc depot log var var/pending etc/md_authenticity.conf log/vkey)" '755 .
700 etc
750 depot
755 log
750 var
750 var/pending
600 etc/md_authenticity.conf
644 log/vkey' 'the domain has its folders'

exits 0 'a wildcard files into its parent' md_domain add .Example.COM archive=in limit=100M over=head
exits 0 'another name' md_domain add example.net as=example.com
[ ! -e "$h/domain/example.net" ]; ok $? 'another name has no folder of its own'
exits 0 'list' md_domain list
is "$(cat "$tmp/out")" 'example.com  archive=both fail=closed
.example.com archive=in fail=closed limit=100M over=head -> example.com
example.net  archive=both fail=closed -> example.com' 'list shows what holds'
exits 0 'list --json' md_domain list --json
is "$(sed -n 2p "$tmp/out")" \
	'{"domain":".example.com","as":null,"archive":"in","fail":"closed","limit":104857600,"over":"head","folder":"example.com"}' \
	'list --json has an object a line'
exits 0 'show, a name below the wildcard' md_domain show mail.example.com --json
is "$(sed 's/,"path.*"vkey":"[^"]*"//' "$tmp/out")" \
	'{"domain":"mail.example.com","rule":true,"archive":"in","fail":"closed","limit":104857600,"over":"head","folder":"example.com","partitions":[]}' \
	'show --json tells rule and folder'
mkdir "$h/domain/example.com/depot/2026-11" "$h/domain/example.com/depot/2026-12" "$h/domain/example.com/depot/other"
exits 0 'show' md_domain show example.net
is "$(sed -n '/^partitions/p;/^folder/p;/^vkey/p' "$tmp/out")" "folder      $h/domain/example.com
vkey        $(cat "$h/domain/example.com/log/vkey")
partitions  2026-11 2026-12" 'show tells folder, key and partitions'
exits 1 'a domain without a rule: exit 1' md_domain show nobody.example.org
exits 0 'default always exists' md_domain show default

# What is there is left alone.
chmod 700 "$h/var"
echo 'reserve = "1G"' > "$h/etc/maildepot.conf"
exits 0 'another domain' md_domain -H "$h" add example.org
is "$(stat -c %a "$h/var") $(cat "$h/etc/maildepot.conf")" '700 reserve = "1G"' 'modes and settings stay'
key=$(cat "$h/domain/example.com/log/vkey")
exits 0 'remove' md_domain remove .example.com
exits 0 'and add again' md_domain add .example.com archive=out
is "$(cat "$h/domain/example.com/log/vkey")" "$key" 'an existing key stays'

# Many at once: one change, all or none.
before=$(cat "$h/etc/domains")
exits 2 'one of them is there already' md_domain -H "$h" add one.example example.org two.example
exits 2 'one of them is none' md_domain -H "$h" add one.example no..name archive=in
is "$(cat "$h/etc/domains")" "$before" 'nothing was added'
# shellcheck disable=SC2046 # several
exits 0 'forty' md_domain -H "$h" add $(seq -f 'd%g.example' 40) archive=in
is "$(grep -c 'example archive=in' "$h/etc/domains") $(wc -l < "$tmp/out") $(find "$h/domain" -path '*/d*.example/log/vkey' | wc -l)" '40 40 40' \
	'each has its rule and its archive'
rm -r "$h/domain/d7.example" "$h/domain/d8.example/log/vkey" "$h/domain/d9.example/var"
exits 0 'update' md_domain -H "$h" update
is "$(find "$h/domain" -path '*/d*.example/log/vkey' | wc -l) $(find "$h/domain" -name pending -path '*/d*.example/*' | wc -l)" '40 40' \
	'what is missing is made again'
is "$(find "$h" -name '.tmp*')" '' 'nothing is left over'

# Root makes what belongs to a domain as the owner of H/domain.
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	chown 12345:54321 "$h/domain"
	exits 0 'root adds a domain to somebody else'"'"'s instance' md_domain add owned.org
	is "$(find "$h/domain/owned.org" ! -user 12345 -o ! -group 54321)" '' 'all of it is theirs'
	is "$(stat -c %u "$h/etc/domains.cdb")" 0 'the table stays root'"'"'s'
fi
finish
