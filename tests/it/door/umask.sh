# umask is 033 whoever calls, for queue files and for direct files.
. tests/it/door/lib.sh
for u in 000 022 077 777; do
	(umask $u && "$inject" -r a@example.com "$queue") > "$tmp/out"
	is "$(cut -d' ' -f1 "$tmp/out") $(tail -n 1 "$tmp/log" | sed 's/.*umask=\([0-7]*\).*/\1/')" 'exit=0 033' "umask $u"
done
is "$(stat -c %a "$H"/journal/direct/* | sort -u)" 444 'direct files can be read by the one who imports them'
is "$(stat -c %a "$Q"/todo/* | sort -u)" 644 'queue files as qmail has them'
finish
