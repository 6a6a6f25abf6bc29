# What root runs in somebody else's instance makes nothing there that its owner, who runs the daemons, cannot use.
. tests/it/lib.sh
[ "$(id -u)" = 0 ] || skip_all 'for root only'
h=$MAILDEPOT_HOME
md_domain add example.com > /dev/null || exit 2
chmod 755 "$tmp"
chown -R 12345:54321 "$h/domain" "$h/var" "$h/journal"
mkdir -m 700 "$tmp/private"
chown 12346 "$tmp/private"
i=0
while [ $i -lt 300 ]; do
	i=$((i + 1))
	printf 'Date: Mon, 02 Mar 2020 10:00:00 +0000\nSubject: owner %d\n\n%d\n' $i $i > "$tmp/private/$i.eml"
done
chmod 600 "$tmp/private"/*
exits 0 'root imports what only root and its owner may read' md_import -q example.com "$tmp/private"
is "$(cat "$tmp/out")" '300 messages: 300 filed, 0 known already, 0 failed; 0 without a believable date' 'all of it'
exits 0 'md_import -1' md_import -1
exits 0 'md_index -1' md_index -1q
exits 0 'md_reindex' md_reindex -q example.com
exits 0 'md_import --seal' md_import --seal example.com
exits 0 'md_search' md_search example.com owner
exits 0 'md_verify' md_verify -q --deep example.com
is "$(find "$h/domain" "$h/var" "$h/journal" ! -user 12345 -o ! -group 54321)" '' 'all of it belongs to the owner'
md_show example.com 2020-03/1 | grep -q '^operator .*(uid 0)'
ok $? 'the operator is on record'
finish
