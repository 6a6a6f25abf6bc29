# Installed set-gid, it adds lines to a file of that group for every user, and the real program has the user's group alone: in a mount
# namespace of its own, as root only.
. tests/it/remote/lib.sh
h=$(sed -n 1p conf-home) group=65533
unshare -m sh -c 'mount -t tmpfs none /mnt' 2> /dev/null || skip_all 'no mount namespace'
command -v setpriv > /dev/null || skip_all 'no setpriv'
says 'r|Kgood|'
chmod 755 "$tmp"
cat > "$tmp/inside" <<'END'
set -e
mount -t tmpfs none "$(dirname "$h")"
mkdir -p "$h/etc" "$h/bin" "$h/logs"
cp "$H/etc/next-remote" "$h/etc"
echo logs/stats > "$h/etc/stats"
cp "$remote" "$h/bin/qmail-remote"
chgrp $group "$h/bin/qmail-remote" "$h/logs"
chmod 2755 "$h/bin/qmail-remote"
chmod 2770 "$h/logs"
cp "$tmp/m" "$tmp/report" "$h"
mkdir -m 777 "$h/open"
export QA_STANDIN_REPORT="$h/report" QA_STANDIN_LOG="$h/open/log" MAILDEPOT_HOME="$tmp/nowhere"
set +e
for uid in 65531 65532; do
	(umask 077
	setpriv --reuid=$uid --regid=$uid --clear-groups "$h/bin/qmail-remote" example.org "me$uid@example.com" you@example.org < "$h/m" > "$h/said")
	echo "exit=$? said=$(tr '\0' '|' < "$h/said")"
	chmod 666 "$h/open/log"
done
echo "file=$(stat -c '%g %a' "$h/logs/stats")"
sed 's/.*: /line=/' "$h/logs/stats" | cut -d'|' -f2-
sed -n 's/.* \(uid=[0-9]* gid=[0-9]* egid=[0-9]*\) .*/\1/p' "$h/open/log"
END
export h tmp H remote group
unshare -m sh "$tmp/inside" > "$tmp/out" 2> "$tmp/err"
sed 's/^/# /' "$tmp/err"
is "$(cat "$tmp/out")" 'exit=0 said=r|Kgood|
exit=0 said=r|Kgood|
file=65533 660
me65531@example.com|you@example.org|5000|success|1
me65532@example.com|you@example.org|5000|success|1
uid=65531 gid=65531 egid=65531
uid=65532 gid=65532 egid=65532' 'any user, one file, and nothing of the group for the real program'
finish
