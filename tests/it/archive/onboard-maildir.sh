# A Maildir++ tree: cur and new, subfolders, not tmp; what is no mail beside it is told and left.
. tests/it/archive/lib.sh
box=$tmp/Maildir
mkdir -p "$box/cur" "$box/new" "$box/tmp" "$box/.Sent/cur" "$box/.Sent/new" "$box/.Sent/tmp"
mail "$box/cur/1:2,S" 1 '2 Mar 2026 10:00:00'
mail "$box/new/2" 2 '3 Mar 2026 10:00:00'
mail "$box/.Sent/cur/3:2,RS" 3 '4 Apr 2025 10:00:00'
mail "$box/tmp/4" 4 '5 Mar 2026 10:00:00'
cp "$box/new/2" "$box/.Sent/cur/copy"
echo 1 > "$box/dovecot-uidlist"
exits 0 'md_import' md_import -q $D "$box"
is "$(cat "$tmp/out")" '4 messages: 3 filed, 1 known already, 0 failed; 0 without a believable date' 'it counts; a copy is known'
sums $D > "$tmp/got"
sums_of "$box/cur/1:2,S" "$box/new/2" "$box/.Sent/cur/3:2,RS" > "$tmp/want"
cmp -s "$tmp/got" "$tmp/want"
ok $? 'all of it is there but tmp'

# In a folder that is no Maildir every file is looked at.
mkdir -p "$tmp/folder/sub"
mail "$tmp/folder/sub/5.eml" 5 '6 Mar 2026 10:00:00'
mail "$tmp/folder/6" 6 '7 Mar 2026 10:00:00'
echo 'no field here' > "$tmp/folder/notes.txt"
: > "$tmp/folder/empty"
i=0
while [ $i -lt 50 ]; do
	i=$((i + 1))
	echo "note $i" > "$tmp/folder/sub/note-$i"
done
exits 1 'what is no mail makes it 1' md_import -q $D "$tmp/folder"
is "$(cat "$tmp/out")" '2 messages: 2 filed, 0 known already, 0 failed; 0 without a believable date' 'the mail is filed'
is "$(wc -l < "$tmp/err")" 52 'each other file is named'
grep -q "^md_import: $tmp/folder/notes.txt: not mail: no header at its start\$" "$tmp/err"
ok $? 'and why'
grep -q "^md_import: $tmp/folder/empty: empty file\$" "$tmp/err"
ok $? 'an empty one too'
verified
finish
