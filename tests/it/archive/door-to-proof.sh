# One message, from the door to a proof that holds outside, also for programs that are not ours.
. tests/it/archive/lib.sh
mail "$tmp/m" 1 '2 Mar 2026 10:00:00'
start md_journal
deliver "$tmp/m" you@$D
ok $? 'the door takes it'
exits 0 'md_import -1' md_import -1
ids $D > "$tmp/ids"
read -r sum id < "$tmp/ids"
is "$sum" "$(sha256sum < "$tmp/m" | cut -c 1-64)" 'md_cat gives it back'
verified
exits 0 'md_prove' md_prove $D "$id"
cp "$tmp/out" "$tmp/proof"
cp "$H/domain/$D/log/vkey" "$tmp/vkey"
mkdir "$tmp/outside"
outside() { (cd "$tmp/outside" && env -i PATH="$PATH" MAILDEPOT_HOME=/nonexistent md_checkproof -k "$tmp/vkey" "$@"); }
exits 0 'md_checkproof, without the archive' outside "$tmp/proof" "$tmp/m"
sed 's/Text/Test/' "$tmp/m" > "$tmp/other"
exits 1 'another message is not the one' outside "$tmp/proof" "$tmp/other"
[ "$(cat "$tmp/out" "$tmp/err" | wc -l)" = 1 ]
ok $? 'in one line'
sed 's/^index .*/index 1/' "$tmp/proof" > "$tmp/bent"
outside "$tmp/bent" "$tmp/m" > "$tmp/out" 2>&1
[ $? != 0 ]
ok $? 'a proof that was changed is refused'
if [ -x "$BUILD/tests/tlogcheck" ]; then
	exits 0 'a Go program agrees with log and proof' "$BUILD/tests/tlogcheck" -proof "$tmp/proof" "$H/domain/$D/log"
	cp -R "$H/domain/$D/log" "$tmp/log"
	flip "$tmp/log/tile/0/000.p/1"
	exits 1 'and refuses a changed log' "$BUILD/tests/tlogcheck" -proof "$tmp/proof" "$tmp/log"
fi
if command -v openssl > /dev/null; then
	log=$H/domain/$D/log
	{
		printf '\060\052\060\005\006\003\053\145\160\003\041\000'
		cut -d + -f 3- "$log/vkey" | openssl base64 -d -A | tail -c 32
	} > "$tmp/key.der"
	openssl pkey -pubin -inform DER -in "$tmp/key.der" -out "$tmp/key.pem" 2> /dev/null
	sed '/^$/,$d' "$log/checkpoint" > "$tmp/text"
	tail -n 1 "$log/checkpoint" | sed 's/.* //' | openssl base64 -d -A | tail -c +5 > "$tmp/sig"
	exits 0 'openssl agrees with the signature' \
		openssl pkeyutl -verify -pubin -inkey "$tmp/key.pem" -rawin -in "$tmp/text" -sigfile "$tmp/sig"
fi
finish
