# Whatever is wrong with the stats file, the caller and the mail do not notice.
. tests/it/remote/lib.sh
good() {
	deliver 'r|Kgood|'
	is "$code $(tr '\0' '|' < "$tmp/said")" '0 r|Kgood|' "$1"
}
mkdir "$stats"
good 'a folder in its place'
rmdir "$stats"
echo "$tmp/none/stats" > "$H/etc/stats"
good 'no folder for it'
echo /dev/full > "$H/etc/stats"
good 'a full disk'
mkfifo "$tmp/fifo"
echo "$tmp/fifo" > "$H/etc/stats"
good 'a pipe that nobody reads'
rm "$H/etc/stats"
mkdir "$H/etc/stats"
good 'a control file that cannot be read'
rmdir "$H/etc/stats"
echo - > "$H/etc/stats"
good 'none wanted'
echo "$stats" > "$H/etc/stats"
says 'r|Kgood|'
prlimit --nofile=4 "$remote" example.org me@example.com you@example.org < "$tmp/m" > "$tmp/said"
is "$? $(tr '\0' '|' < "$tmp/said")" '0 r|Kgood|' 'no descriptor left for a pipe'
is "$(lines)" '' 'there it runs unwatched'
(ulimit -f 0; "$remote" example.org me@example.com you@example.org < "$tmp/m" | cat > /dev/null)
is "$?" 0 'no file may grow'
head -c 1000000 /dev/zero > "$tmp/report"
QA_STANDIN_COPY=$tmp/copy "$remote" example.org me@example.com you@example.org < "$tmp/m" | head -c 10 > /dev/null
cmp "$tmp/copy" "$tmp/m"
ok $? 'a caller that goes away stops no delivery'
finish
