# What goes out is what came in, whole or not at all.
. tests/it/search/lib.sh
mail a '1 Mar 2026 10:00:00' 'one' 'From here\n>From there\n  From not\nend without newline'
mail b '2 Mar 2026 10:00:00' 'two' 'common text'
mail c '3 Mar 2026 10:00:00' 'three' 'common\r\ntext'
head -c -1 "$tmp/in/a.eml" > "$tmp/a" && mv "$tmp/a" "$tmp/in/a.eml"
cp -r "$tmp/in" "$tmp/orig"
import
index
exits 0 eml md_export --format eml --proof -o "$tmp/eml" $D '*'
is "$(cat "$tmp"/eml/*.eml | sha256sum)" "$(cat "$tmp"/orig/[abc].eml | sha256sum)" 'byte for byte'
md_domain show $D > "$tmp/show"
for f in "$tmp"/eml/*.eml; do
	md_checkproof -k "$MAILDEPOT_HOME/domain/$D/log/vkey" "${f%.eml}.proof" "$f" > "$tmp/out" 2>&1
	ok $? "proof of ${f##*/}"
done
exits 0 maildir md_export --format maildir -o "$tmp/md" $D '*'
is "$(cat "$tmp"/md/cur/* | sha256sum)" "$(cat "$tmp"/orig/[abc].eml | sha256sum)" 'byte for byte'
[ -d "$tmp/md/new" ] && [ -d "$tmp/md/tmp" ]
ok $? 'a whole Maildir'
exits 0 mbox md_export --format mbox --proof -o "$tmp/mb" $D '*'
exits 0 'options behind the query' md_export $D '*' -o "$tmp/mb2" --format mbox
is "$(grep -c '^From ' "$tmp/mb")" 3 'three messages'
is "$(sed -n 's/^>//; /^From \|^>*From there/p' "$tmp/mb" | grep -c 'From there')" 1 'From lines quoted once'
grep -q '^>From here$' "$tmp/mb" && grep -q '^>>From there$' "$tmp/mb" && grep -q '^  From not$' "$tmp/mb"
ok $? 'mboxrd'
is "$(find "$tmp/mb.proofs" -type f | wc -l)" 3 'proofs beside it'
if command -v python3 > "$tmp/out"; then
	is "$(python3 -c 'import mailbox,sys
print(len(mailbox.mbox(sys.argv[1])), len(mailbox.Maildir(sys.argv[2])), sorted(m["Subject"] for m in mailbox.mbox(sys.argv[1])))' "$tmp/mb" "$tmp/md")" \
	   "3 3 ['one', 'three', 'two']" 'Python reads both'
fi
is "$(cd "$tmp" && stat -c %a eml eml/*3.eml eml/*3.proof md md/cur md/cur/*N3.* mb mb.proofs mb.proofs/*3.proof | tr '\n' ' ')" \
   '700 600 600 700 700 600 600 700 600 ' 'for the eyes of its owner only'
exits 2 'no overwriting a file' md_export --format mbox -o "$tmp/mb" $D '*'
exits 2 'no overwriting a folder' md_export --format eml -o "$tmp/eml" $D '*'
exits 1 'nothing found' md_export --format eml -o "$tmp/none" $D zebra
[ ! -e "$tmp/none" ]
ok $? 'nothing left'
exits 2 'a folder that is not there' md_export --format eml -o "$tmp/no/where" $D '*'
exits 0 'some' md_export --format eml -o "$tmp/some/" $D common
is "$(cd "$tmp/some" && echo *)" '2026-03-000002.eml 2026-03-000003.eml' 'only those'
# a flipped bit in the store: the message is named and left out
seg=$(find "$depot/2026-03" -name 'segment-*')
size=$(stat -c %s "$seg")
dd if=/dev/zero of="$seg" bs=1 count=32 seek=$((size / 2)) conv=notrunc 2> "$tmp/err"
md_export --format mbox -o "$tmp/hurt" $D '*' > "$tmp/out" 2> "$tmp/err"
is $? 2 'damage is trouble'
grep -q 'is left out' "$tmp/err"
ok $? 'and named'
is "$(find "$tmp" -name '.tmp.*' | wc -l)" 0 'no left-overs'
finish
