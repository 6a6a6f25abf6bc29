# Writers of different users, members of the file's group, with any umask; strangers write nothing; a set-gid program takes no path.
. tests/it/lib.sh
if [ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null; then
	echo '1..0 # SKIP needs root and setpriv'
	exit 0
fi
chmod 755 "$tmp"
cp "$BUILD/bin/statline" "$tmp/statline"
mkdir -m 2770 "$tmp/logs"
chgrp 65533 "$tmp/logs"
chmod 2770 "$tmp/logs"
s=$tmp/logs/stats
as() { # USER GROUPS COMMAND...
	u=$1 g=$2
	shift 2
	setpriv --reuid="$u" --regid=65531 --groups="$g" "$@"
}
# shellcheck disable=SC2016 # the shell inside expands them
as 65001 65533 sh -c 'umask 077; "$@"' sh "$tmp/statline" -f "$s" a@example.org b@example.net 1 success; ok $? 'one makes the file'
is "$(stat -c '%u %g %a' "$s")" '65001 65533 660' 'for all of the group'
as 65002 65533 "$tmp/statline" -f "$s" a@example.org b@example.net 2 success; ok $? 'another adds to it'
mv "$s" "$s.1"
as 65002 65533 "$tmp/statline" -f "$s" a@example.org b@example.net 3 success; ok $? 'who comes first after a rotation'
as 65001 65533 "$tmp/statline" -f "$s" a@example.org b@example.net 4 success; ok $? 'makes it for the others'
exits 2 'a stranger writes nothing' as 65003 65531 "$tmp/statline" -f "$s" a@example.org b@example.net 5 success
chmod 620 "$s"
as 65001 65533 "$tmp/statline" -f "$s" a@example.org b@example.net 6 success; ok $? 'a file that the group may only write'
is "$(cut -d'|' -f4 "$s.1" "$s" | tr '\n' ' ')" '1 2 3 4 6 ' 'each line is there'

cat > "$tmp/inside" <<'END'
mount -t tmpfs -o mode=755 none "$tmp/logs" || exit 99
cp "$tmp/statline" "$tmp/logs/statline"
chgrp 65533 "$tmp/logs/statline"
chmod 2755 "$tmp/logs/statline"
exec setpriv --reuid=65003 --regid=65531 --clear-groups "$tmp/logs/statline" -f /dev/null a@example.org b@example.net 1 success
END
export tmp
if unshare -m sh -c 'mount -t tmpfs none /mnt' 2> /dev/null; then
	# a set-id program under a sanitizer ends with a code of the sanitizer's
	! unshare -m sh "$tmp/inside" 2> "$tmp/err"; ok $? 'a set-gid program takes no path'
	grep -q 'a set-id program writes to its own stats file alone' "$tmp/err"; ok $? 'and says so'
fi
finish
