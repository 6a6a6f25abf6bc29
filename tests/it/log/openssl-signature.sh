# The openssl command alone verifies a checkpoint's signature with the key in vkey, and refuses another text.
. tests/it/log/lib.sh
command -v openssl > /dev/null || skip 'no openssl command'

mkdir "$tmp/d"
"$BUILD/tests/mklog" "$tmp/d" 300 7
ok $? 'mklog'
log=$tmp/d/log

# The public key in PEM: a fixed DER head (RFC 8410) and the 32 bytes behind the type byte.
{
	printf '\060\052\060\005\006\003\053\145\160\003\041\000'
	cut -d + -f 3- "$log/vkey" | openssl base64 -d -A | tail -c 32
} > "$tmp/key.der"
openssl pkey -pubin -inform DER -in "$tmp/key.der" -out "$tmp/key.pem" 2> "$tmp/err"
ok $? 'vkey holds an Ed25519 key'
# The text ends before the last empty line; the signature is behind the 4 bytes of the key's id.
sed '/^$/,$d' "$log/checkpoint" > "$tmp/text"
tail -n 1 "$log/checkpoint" | sed 's/.* //' | openssl base64 -d -A > "$tmp/raw"
tail -c +5 "$tmp/raw" > "$tmp/sig"
[ "$(wc -c < "$tmp/sig")" = 64 ]
ok $? 'the signature has 64 bytes'
verify() { openssl pkeyutl -verify -pubin -inkey "$tmp/key.pem" -rawin -in "$1" -sigfile "$tmp/sig" > "$tmp/out" 2>&1; }
verify "$tmp/text"
ok $? "openssl: $(cat "$tmp/out")"
id=$(head -c 4 "$tmp/raw" | od -An -tx1 | tr -d ' \n')
name=$(sed 's/+.*//' "$log/vkey")
sum=$({ printf '%s\n\001' "$name"; tail -c 32 "$tmp/key.der"; } | openssl dgst -sha256 -r | cut -c 1-8)
[ "$id" = "$sum" ] && grep -q "^$name+$sum+" "$log/vkey"
ok $? "the key's id is the hash of name and key: $id"
flip "$tmp/text" 3
! verify "$tmp/text"
ok $? 'another text is refused'
finish
