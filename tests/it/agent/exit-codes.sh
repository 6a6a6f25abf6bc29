# Exit codes: as asked for, when it went well and when the archive is not there; 111 for a wrong call.
# shellcheck disable=SC2119 # options are optional
. tests/it/agent/lib.sh
file 100
domains 'example.com' 'no.example archive=no'
deliver
is "$rc $(direct)" '0 1' 'without md_journal: direct, 0'
deliver -o 99
is "$rc" 99 '-o 99'
rm -rf "$H/journal/direct"
deliver
is "$rc" 111 'no archive: 111'
grep -q '^qmail-archive: cannot ' "$tmp/err"
ok $? 'and says what is wrong'
for e in 100 0 111; do
	deliver -e $e
	is "$rc" $e "-e $e"
done
USER=no.example deliver
is "$rc" 0 'a domain that is not archived: nothing to do'
for o in '-o 1' '-e 5' '-x' 'word'; do
	# shellcheck disable=SC2086 # two words
	deliver $o
	is "$rc" 111 "$o: 111"
done
for v in SENDER RECIPIENT LOCAL HOST USER EXT DTLINE RPLINE; do
	(unset $v; "$agent" < "$tmp/file" 2> "$tmp/err")
	is "$? $(grep -c "$v is not in the environment" "$tmp/err")" '111 1' "without $v: 111"
done
"$agent" <&- 2> /dev/null
is $? 111 '0 closed: 111'
finish
