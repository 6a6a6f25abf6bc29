# statline: the line it adds is the one that was asked for; what makes no line is refused; --check finds the bad ones.
. tests/it/lib.sh
TZ=UTC
export TZ
mkdir -p "$MAILDEPOT_HOME/etc"
echo mx1.example.net > "$MAILDEPOT_HOME/etc/me"

exits 0 'a line is added' statline -f "$tmp/s" --time 1709528767 --attempts 1 a@example.org b@example.net 1834 success
is "$(sed 's/\[[0-9]*\]/[4242]/' "$tmp/s")" \
	'Mar  4 05:06:07 mx1.example.net in[4242]: 1709528767|a@example.org|b@example.net|1834|success|1' 'in the form of the stats file'
is "$(stat -c %a "$tmp/s")" 660 'a new file may be written by its group'

rm "$tmp/s"
statline -f "$tmp/s" web@maillist l@example.com 10 success
statline -f "$tmp/s" pop3@u@example.com u@example.com 20 success
statline -f "$tmp/s" --out '' b@example.net 30 reject
statline -f "$tmp/s" --in pop3@u@example.com u@example.com 40 success
is "$(sed 's/.* \(in\|out\)\[.*|\([0-9]*|[a-z]*\)$/\1 \2/' "$tmp/s" | tr '\n' ' ')" \
	'in 10|success out 20|success out 30|reject in 40|success ' 'the direction follows from the sender, or is said'

rm "$tmp/s"
nl='
'
statline -f "$tmp/s" --host 'h st' "x|y${nl}Mar  4 05:06:07 h in[1]: 1|z@a|z@b|9999|success" ' 100%@example.net ' 1 success
is "$(wc -l < "$tmp/s") $(cut -d: -f4- "$tmp/s" | cut -d'|' -f3-) $(grep -c 'h_st in\[' "$tmp/s")" \
	'1 %20100%25@example.net%20|1|success 1' 'no address forges a second line'
exits 0 'and the line is a good one' statline --check "$tmp/s"

for words in 'a b x success' 'a b -1 success' 'a b 18446744073709551616 success' 'a b 1 suc|cess' 'a b 1' 'a b 1 c d'; do
	# shellcheck disable=SC2086 # words
	exits 2 "refused: $words" statline -f "$tmp/none" $words
done
exits 2 'refused: a time after the year 9999' statline -f "$tmp/none" --time 253402300800 a b 1 success
exits 2 'refused: a time before 1970' statline -f "$tmp/none" --time -1 a b 1 success
[ ! -e "$tmp/none" ]; ok $? 'and nothing is written'
exits 2 'refused: no recipient' statline -f "$tmp/none" a@b.example '' 1 success
gzip -c "$tmp/s" > "$tmp/s.gz"
exits 2 'a packed file is none of lines' statline --check "$tmp/s.gz"
exits 2 'no folder, no line' statline -f "$tmp/no/s" a b 1 success
grep -q "cannot open $tmp/no/s: No such file" "$tmp/err"; ok $? 'it says why'

echo "$tmp/other" > "$MAILDEPOT_HOME/etc/stats"
exits 0 'etc/stats names the file' statline a b 1 success
[ -s "$tmp/other" ]; ok $? 'and it is used'
echo - > "$MAILDEPOT_HOME/etc/stats"
exits 0 'etc/stats says: none' statline a b 1 success
is "$(wc -l < "$tmp/other")" 1 'so nothing is written'

{
	echo 'Mar  4 05:06:07 h in[1]: 1709528767|a@b|c@d|1|success'
	echo 'rubbish'
	echo
	printf '1709528767|a@b|c@d|1|success\r\n'
	head -c 70000 /dev/zero | tr '\0' x
	echo
	echo '1709528767|a@b|c@d|1|success|x'
	printf '1709528767|a@b|c@d|1|succ'
} > "$tmp/mixed"
exits 1 'a file with bad lines' statline --check "$tmp/mixed"
is "$(cut -c 1-60 "$tmp/out")" "$(printf '%s\n' "$tmp/mixed:2: no date: rubbish" "$tmp/mixed:5: too long: $(printf '%60s' '' | tr ' ' x)" \
	"$tmp/mixed:6: attempts are no number: 1709528767|a@b|c@d|1|success|x" \
	"$tmp/mixed:7: no line feed at its end: 1709528767|a@b|c@d|1|succ" | cut -c 1-60)" 'each is named with its number'
exits 1 'the same by a pipe' statline --check - < "$tmp/mixed"
exits 0 'an empty file is good' statline --check /dev/null
exits 2 'no file' statline --check "$tmp/nowhere"
finish
