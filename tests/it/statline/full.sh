# The disk becomes full within a line: the torn line stays, the next one is whole.
. tests/it/lib.sh
statline -f "$tmp/s" a@example.org b@example.net 1 success
# ulimit counts in 512 bytes here: room for less than a line
head -c 3900 /dev/zero | tr '\0' '\n' >> "$tmp/s"
statline -f "$tmp/s" a@example.org b@example.net 2 success
(ulimit -f 8; trap '' XFSZ; statline -f "$tmp/s" "$(printf '%100s' '' | tr ' ' x)@example.org" b@example.net 3 success) 2> "$tmp/err"
is $? 2 'a line that finds no room is an error'
grep -q "cannot append to $tmp/s: " "$tmp/err"; ok $? 'which names the file'
is "$(stat -c %s "$tmp/s")" 4096 'half a line is there'
exits 0 'room again' statline -f "$tmp/s" a@example.org b@example.net 4 success
is "$(tail -n 1 "$tmp/s" | cut -d'|' -f2-)" 'a@example.org|b@example.net|4|success' 'the next line stands alone'
exits 1 'the torn one is found' statline --check "$tmp/s"
is "$(wc -l < "$tmp/out")" 1 'and no other'
finish
