# A text of one's own goes to 6, with its exit code, only when configured and only to a caller that listens there.
. tests/it/door/lib.sh
rm -rf "$H/journal/direct"
send -r a@example.com
is "$code ${out##*text=}" 'exit=71 ' 'not configured: 71, no text'
printf '82\nZarchive is away, try again (#4.3.0)\n' > "$H/etc/errortext"
send -r a@example.com
is "$code ${out##*text=}" 'exit=82 Zarchive is away, try again (#4.3.0)' 'configured: 82 and the text'
send -6 -r a@example.com
is "$code" exit=71 'a caller without 6: 71'
"$inject" -6 -x -r a@example.com "$queue" > "$tmp/out"
is "$(cut -d' ' -f1 "$tmp/out")" exit=71 'also with other descriptors open'
for t in '82\nno letter' '82\nZ' '82\nZtab\there' 'x\nZtext' '0\nZtext' '300\nZtext' '' '82'; do
	printf '%b' "$t" > "$H/etc/errortext"
	send -r a@example.com
	is "$code ${out##*text=}" 'exit=71 ' "not used when it says: $t"
done
printf '82\nZarchive is away\n' > "$H/etc/errortext"
start_journal
send -r a@example.com
is "$code ${out##*text=}" 'exit=0 ' 'no text with accepted mail'
QA_STANDIN_EXIT=82 "$inject" -r a@example.com "$queue" > "$tmp/out"
is "$(sed 's/ .*text=/ /' "$tmp/out")" 'exit=82 ' 'nor with a refusal of the next program'
finish
