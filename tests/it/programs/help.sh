# Every tool answers --help and --version, refuses an unknown option with its usage line and exit 2, and its manual
# page names every option that --help names.
n=0 bad=0
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; fi; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/help.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT

for p in "$BUILD"/bin/md_* "$BUILD/bin/statline" "$BUILD/bin/logstat" "$BUILD/bin/smtpstat" "$BUILD/bin/mail_anlz" "$BUILD/bin/mailstatistics"; do
	[ -x "$p" ] || continue
	name=${p##*/}
	"$p" --help > "$tmp/out" 2> "$tmp/err" < /dev/null
	[ $? = 0 ] && [ ! -s "$tmp/err" ] && grep -q "^usage: $name " "$tmp/out"
	ok $? "$name --help"
	"$p" --version > "$tmp/version" 2>&1 < /dev/null && grep -q "^$name (qmail-archive) [0-9]" "$tmp/version"
	ok $? "$name --version"
	"$p" --no-such-option > "$tmp/nothing" 2> "$tmp/err" < /dev/null
	[ $? = 2 ] && [ ! -s "$tmp/nothing" ] && grep -q "^usage: $name" "$tmp/err"
	ok $? "$name refuses an unknown option"
	page=''
	for m in "man/$name.1" "man/$name.8"; do [ ! -f "$m" ] || page=$m; done
	: > "$tmp/missing"
	[ -n "$page" ] && for o in $(sed -n 's/^  *\(-[-A-Za-z0-9]*\).*/\1/p' "$tmp/out"); do
		case $o in --help|--version|-H) continue ;; esac
		o=${o#-}
		# mdoc: .Fl n, .Fl -json, or both in one macro such as .Op Fl 1q
		grep -qE "Fl +([A-Za-z0-9]*${o#-}|-${o#-})([^A-Za-z-]|$)|Fl +${o}|Fl +[A-Za-z0-9]*$o" "$page" || echo "$o" >> "$tmp/missing"
	done
	[ -n "$page" ] && [ ! -s "$tmp/missing" ]
	ok $? "${page:-a page for $name} names its options $(tr '\n' ' ' < "$tmp/missing")"
done
[ $n -gt 0 ] || { echo '1..0 # SKIP no programs yet'; exit 0; }
echo "1..$n"
exit $bad
