# The next program is never this one, and one that cannot be had is a failure for now, not a bounce.
. tests/it/remote/lib.sh
says 'r|Kgood|'
try() { # NEXT NAME
	echo "$1" > "$H/etc/next-remote"
	run timeout 20 "$remote" example.org me@example.com you@example.org
	is "$code $(wc -c < "$tmp/said")" '111 0' "$2"
}
try "$remote" 'ourselves'
ln -s "$remote" "$tmp/other"
try "$tmp/other" 'ourselves by another name'
ln "$remote" "$tmp/hard" 2> /dev/null || cp -l "$remote" "$tmp/hard" 2> /dev/null || ln -s "$remote" "$tmp/hard"
try "$tmp/hard" 'by a third name'
try "$tmp/none" 'missing'
: > "$tmp/plain"
try "$tmp/plain" 'not a program'
try qmail-remote 'a name without a path, which could be ourselves again'
is "$(lines)" '' 'nothing was tried, nothing is counted'
rm "$H/etc/next-remote"
mkdir "$H/etc/next-remote"
run "$remote" example.org me@example.com you@example.org
is "$code" 111 'a control file that cannot be read'
rmdir "$H/etc/next-remote"
ln -s "$remote" "$tmp/qmail-remote"
echo "$standin" > "$H/etc/next-remote"
(cd "$tmp" && PATH=$tmp:$PATH qmail-remote example.org me@example.com you@example.org < "$tmp/m" > "$tmp/said")
is "$? $(lines | cut -d'|' -f4)" '0 success' 'found along PATH, as qmail-rspawn looks for it'
finish
