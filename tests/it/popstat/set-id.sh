# Installed set-gid, it adds lines for every user to a file of that group, and the server has the user's group alone; no path from the
# caller is taken then. In a mount namespace of its own, as root only.
. tests/it/popstat/lib.sh
h=$(sed -n 1p conf-home) group=65533
unshare -m sh -c 'mount -t tmpfs none /mnt' 2> /dev/null || skip_all 'no mount namespace'
command -v setpriv > /dev/null || skip_all 'no setpriv'
chmod 755 "$tmp"
cat > "$tmp/inside" <<'END'
set -e
mount -t tmpfs none "$(dirname "$h")"
mkdir -p "$h/etc" "$h/bin" "$h/logs"
echo logs/stats > "$h/etc/stats"
echo mx1.example.net > "$h/etc/me"
cp "$popstat" "$h/bin/popstat"
chgrp $group "$h/bin/popstat" "$h/logs"
chmod 2755 "$h/bin/popstat"
chmod 2770 "$h/logs"
export MAILDEPOT_HOME="$tmp/nowhere"
set +e
umask 077
for uid in 65531 65532; do
	echo bytes | USER=u$uid@example.com setpriv --reuid=$uid --regid=$uid --clear-groups "$h/bin/popstat" imap \
		sh -c 'cat; echo "$(id -u) $(id -g) $(sed -n "s/^Gid:.//p" /proc/self/status | tr "\t" " ")"; umask'
	echo "exit=$?"
done
USER=u@example.com setpriv --reuid=65532 --regid=65532 --clear-groups "$h/bin/popstat" -f "$h/logs/stats" imap echo refused < /dev/null
echo "exit=$?"
echo "file=$(stat -c '%g %a' "$h/logs/stats")"
cut -d'|' -f2,4 "$h/logs/stats"
END
export h tmp popstat group
unshare -m sh "$tmp/inside" > "$tmp/out" 2> "$tmp/err"
is "$(cat "$tmp/out")" 'bytes
65531 65531 65531 65531 65531 65531
0077
exit=0
bytes
65532 65532 65532 65532 65532 65532
0077
exit=0
refused
exit=0
file=65533 660
imap@u65531@example.com|53
imap@u65532@example.com|53' 'any user, one file, and nothing of the group for the server'
sed 's/^/# /' "$tmp/err"
finish
