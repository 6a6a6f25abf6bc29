# boot/install makes a tree with every program, the set-gid bit on the doors only, and the instance's folders.
n=0 bad=0
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; fi; }
tmp=$(mktemp -d "${TMPDIR:-/tmp}/install.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT
h=$tmp$(sed -n 1p conf-home)

progs=$(ls -d "$BUILD"/bin/* 2>/dev/null)
DESTDIR=$tmp PROGS_front=$progs PROGS_back='' MANS=$(ls -d man/*.[1-8]) sh boot/install > "$tmp/out" 2>&1
ok $? "installs into DESTDIR"
for p in $progs; do
	case ${p##*/} in
	qmail-queue|qmail-archive) want=2755 ;;
	*) want=755 ;;
	esac
	[ "$(stat -c %a "$h/bin/${p##*/}")" = $want ]
	ok $? "${p##*/} has mode $want"
done
[ "$(stat -c '%a' "$h/journal") $(stat -c '%a' "$h/journal/direct")" = '750 770' ]
ok $? 'only owner and group reach the journal'
[ "$(stat -c '%a' "$h/statistic")" = 750 ]
ok $? 'nor does anybody else see the traffic'
[ -f "$h/man/man7/qmail-archive.7" ]
ok $? 'the overview page is there'
[ "$(stat -c '%a %s' "$h/var/failopen")" = '660 8' ]
ok $? 'the counter is there'
mkdir -m 700 "$tmp/private"
: > "$tmp/secret"
chmod 600 "$tmp/secret"
rm -r "$h/journal/direct" "$h/var/failopen"
ln -s "$tmp/private" "$h/journal/direct"
ln -s "$tmp/secret" "$h/var/failopen"
DESTDIR=$tmp PROGS_front=$progs PROGS_back='' MANS=$(ls -d man/*.[1-8]) sh boot/install > "$tmp/out" 2>&1
ok $? 'a second time is as good'
[ "$(stat -c %a "$tmp/private" "$tmp/secret" | xargs)" = '700 600' ]
ok $? 'and follows no link that the daemons could have put there'
! find "$tmp" -name '.new.*' | grep -q .
ok $? 'nothing is left over'
echo "1..$n"
exit $bad
