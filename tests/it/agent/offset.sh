# The offset of 0 is shared with qmail-local and the other lines of the file: it does not move. A pipe is refused.
. tests/it/agent/lib.sh
start_journal
file 100000
{ "$agent"; echo $? > "$tmp/rc"; cat > "$tmp/rest"; } < "$tmp/file"
cmp -s "$tmp/file" "$tmp/rest" && [ "$(cat "$tmp/rc")" = 0 ]
ok $? 'the next line reads the whole message'
{ dd bs=10 count=1 2> /dev/null > "$tmp/first"; "$agent"; cat > "$tmp/rest"; } < "$tmp/file"
is "$(cat "$tmp/first" "$tmp/rest" | sha256sum)" "$(sha256sum < "$tmp/file")" 'also from the middle'
is "$(field sha256 | sort -u)" "$(sum "$tmp/seen")" 'and the agent always starts at the beginning'
cat "$tmp/file" | "$agent" 2> "$tmp/err"
is $? 111 'a pipe: 111'
grep -q 'must be a file' "$tmp/err"
ok $? 'and says why'
finish
