# md_journal killed again and again under load: whatever was accepted is archived.
. tests/it/door/lib.sh
start_journal
"$inject" -r a@example.com -n 60 -p 8 -s 2000 "$queue" > "$tmp/out" &
injector=$!
while kill -0 $injector 2> /dev/null; do
	sleep 0.2
	kill -KILL "$journal"
	wait "$journal" 2> /dev/null
	start_journal
done
wait $injector
sed 's/^/# /' "$tmp/out"
is "$(sed 's/.*messages=\([0-9]*\) failed=\([0-9]*\).*/\1 \2/' "$tmp/out")" '480 0' 'all were accepted'
"$dump" "$H" > "$tmp/dump"
ok $? 'the journal is sound'
sed -n 's/^sha256=//p' "$tmp/dump" | sort -u > "$tmp/archived"
find "$Q/mess" -type f | while read -r f; do sed 1d "$f" | sha256sum | cut -d' ' -f1; done | sort -u > "$tmp/queued"
is "$(wc -l < "$tmp/queued") $(comm -23 "$tmp/queued" "$tmp/archived" | wc -l)" '480 0' 'each one accepted is archived'
finish
