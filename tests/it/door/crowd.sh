# Sixteen callers at once: all accepted, all archived, several to a sync.
. tests/it/door/lib.sh
start_journal
"$inject" -r a@example.com -n 20 -p 16 -s 3000 "$queue" > "$tmp/out"
is "$(sed 's/.*failed=\([0-9]*\).*/\1/' "$tmp/out")" 0 'none refused'
is "$(queued) $(leftover) $(records)" '320 0 320' 'all queued, all archived'
is "$(field sha256 | sort -u | wc -l)" 320 'each once'
stop_journal
batches=$(sed -n 's/.*count=320 batches=\([0-9]*\).*/\1/p' "$tmp/journal.log")
[ "${batches:-320}" -lt 320 ]
ok $? "in ${batches:-?} batches"
finish
