# What the real qmail-remote says and how it ends reaches the caller as it is, whatever it is; and it is started as the caller would
# have started it.
. tests/it/remote/lib.sh
same() { # NAME: the next program alone and behind ours
	run "$standin" example.org me@example.com you@example.org
	mv "$tmp/said" "$tmp/want"
	want=$code
	run "$remote" example.org me@example.com you@example.org
	is "$code" "$want" "$1: exit $want"
	cmp "$tmp/said" "$tmp/want"
	ok $? "$1: byte for byte"
}
says 'r|K192.0.2.1 accepted message.|'
same 'a good report'
says 'r|'
same 'a report without its end'
says ''
same 'no report'
says '|||xyz|r|Kyes|and more'
same 'an odd report'
head -c 300000 /dev/urandom > "$tmp/report"
same 'three hundred kilobytes of noise'
says 'hno|Dno|'
QA_STANDIN_PIECE=1 same 'byte by byte'
QA_STANDIN_WORDS='loading failed' same 'words on standard error, in their place'
for e in 1 100 111 255; do
	QA_STANDIN_EXIT=$e same "exit code $e"
done
for s in 6 9 11 15; do
	QA_STANDIN_SIGNAL=$s same "signal $s"
done

rm -f "$tmp/log"
export QA_STANDIN_LOG="$tmp/log"
run "$standin" example.org '' 'a b@example.org' '|'
sed 's/pid=[0-9]* //; s,^arg=/.*,arg=0,' "$tmp/log" > "$tmp/want"
rm "$tmp/log"
run "$remote" example.org '' 'a b@example.org' '|'
sed 's/pid=[0-9]* //; s,^arg=/.*,arg=0,' "$tmp/log" > "$tmp/got"
is "$(cat "$tmp/got")" "$(cat "$tmp/want")" 'same arguments, descriptors, ids, signals, folder'
for f in "$tmp/want" "$tmp/got"; do
	rm "$tmp/log"
	[ "$f" = "$tmp/want" ] && p=$standin || p=$remote
	(trap '' INT CHLD USR1; "$p" a b c < "$tmp/m" > /dev/null 2>&-)
	sed 's/pid=[0-9]* //; s,^arg=/.*,arg=0,' "$tmp/log" > "$f"
done
is "$(cat "$tmp/got")" "$(cat "$tmp/want")" 'also with 2 closed and signals ignored'
unset QA_STANDIN_LOG

QA_STANDIN_COPY=$tmp/copy run "$remote" example.org me@example.com you@example.org
cmp "$tmp/copy" "$tmp/m"
ok $? 'it gets the message'
run "$remote" example.org me@example.com
is "$code $(tr '\0' '|' < "$tmp/said")" '0 hno|Dno|' 'without a recipient it is run too'
finish
