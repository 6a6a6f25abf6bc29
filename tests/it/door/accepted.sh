# An ordinary message: accepted, queued byte for byte, archived with its envelope, and the pid the caller saw is the
# one in the Received line, in the queue record and in the archive.
. tests/it/door/lib.sh
start_journal
printf 'Subject: x\n\nbody\0with NUL, \377 and no end' > "$tmp/m"
send -f me@example.com -r you@example.org -r other@example.net -m "$tmp/m"
is "$code" exit=0 'accepted'
is "$(queued) $(leftover) $(records)" '1 0 1' 'one queued, one archived'
queued_message > "$tmp/got"
cmp -s "$tmp/got" "$tmp/m"
ok $? 'queued byte for byte'
is "$(field sha256)" "$(sum "$tmp/m")" 'archived byte for byte'
is "$(field sender)" me@example.com 'sender'
is "$(field recipient | tr '\n' ' ')" 'you@example.org other@example.net ' 'recipients in order'
is "$(field peer | cut -d' ' -f3)" "$pid" 'archived under the pid the caller saw'
grep -aq "^Received: (qmail $pid invoked " "$Q"/mess/*/*
ok $? 'which is the pid in Received'
is "$(field kind) $(field source) $(field proto)" 'message queue local' 'kind, source, proto'
is "$(direct)" 0 'through md_journal, not direct'
finish
