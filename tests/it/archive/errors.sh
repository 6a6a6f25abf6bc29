# What is asked wrongly: one clear line, exit 2, nothing changed.
. tests/it/archive/lib.sh
mail "$tmp/m" 1 '2 Mar 2026 10:00:00'
md_import -q $D "$tmp/m" > "$tmp/out" || exit 2
state() { (cd "$H" && find . -type f ! -name lock ! -name '*.lock' -exec sha256sum {} + | sort); }
state > "$tmp/before"

# wrong WORDS COMMAND...: exit 2, one line with these words, the same files
wrong() {
	words=$1
	shift
	"$@" > "$tmp/out" 2> "$tmp/err"
	got=$?
	state > "$tmp/after"
	[ $got = 2 ] && [ "$(wc -l < "$tmp/err")" = 1 ] && [ ! -s "$tmp/out" ] && grep -q -- "$words" "$tmp/err" &&
		cmp -s "$tmp/before" "$tmp/after"
	ok $? "exit $got: $*: $(head -n 1 "$tmp/err")"
}
for p in md_cat md_prove; do
	wrong 'is not an ID' $p $D 2026-3/1
	wrong 'is not an ID' $p $D 1
	wrong 'is not an ID' $p $D 2026-03/0
	wrong 'is not a domain name' $p 'no domain' 2026-03/1
	wrong 'is not a domain name' $p ../$D 2026-03/1
	wrong 'there is no archive of' $p elsewhere.example 2026-03/1
	wrong 'is not a domain name\|there is no archive of' $p '' 2026-03/1
	wrong "$tmp/nohome" $p -H "$tmp/nohome" $D 2026-03/1
done
exits 1 'an entry that is not there is no error' md_cat $D 2026-03/2
wrong 'no rule for the domain' md_import -q elsewhere.example "$tmp/m"
wrong 'is not a domain name' md_import -q 'no domain' "$tmp/m"
wrong "$tmp/nothing" md_import -q $D "$tmp/nothing"
wrong "$tmp/nohome" md_import -q -H "$tmp/nohome" $D "$tmp/m"
wrong "$tmp/nohome" md_import -1 -H "$tmp/nohome"
wrong 'there is no archive of' md_verify -q elsewhere.example
mkdir -p "$tmp/bare"
wrong "there is no archive in $tmp/bare" md_verify -q -H "$tmp/bare"
wrong "there is no archive in $tmp/nohome" md_verify -q -H "$tmp/nohome"
wrong "$tmp/nothing" md_verify -q --since "$tmp/nothing" $D
cp "$H/etc/maildepot.conf" "$tmp/conf"
echo 'seal_afer = 1h' >> "$H/etc/maildepot.conf"
state > "$tmp/before"
wrong 'unknown key seal_afer' md_import -1
cp "$tmp/conf" "$H/etc/maildepot.conf"
state > "$tmp/before"
md_prove $D 2026-03/1 > "$tmp/proof"
wrong "$tmp/nothing" md_checkproof -k "$H/domain/$D/log/vkey" "$tmp/nothing" "$tmp/m"
wrong 'the proof: not a proof' md_checkproof -k "$H/domain/$D/log/vkey" "$tmp/m" "$tmp/m"
wrong 'the key: nokey is neither a public key' md_checkproof -k nokey "$tmp/proof" "$tmp/m"
wrong 'the key: not a public key' md_checkproof -k "$tmp/m" "$tmp/proof" "$tmp/m"
if [ "$(id -u)" != 0 ]; then
	cp "$tmp/m" "$tmp/closed"
	chmod 0 "$tmp/closed"
	wrong "$tmp/closed" md_import -q $D "$tmp/closed"
fi
finish
