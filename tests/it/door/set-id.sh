# Installed set-gid, any user may send mail and none may touch the journal: in a mount namespace of its own, as root only.
. tests/it/door/lib.sh
h=$(sed -n 1p conf-home)
unshare -m sh -c 'mount -t tmpfs none /mnt' 2> /dev/null || { echo '1..0 # SKIP no mount namespace'; exit 0; }
command -v setpriv > /dev/null || { echo '1..0 # SKIP no setpriv'; exit 0; }
chmod 755 "$tmp"
chmod -R a+rwX "$Q"
: > "$tmp/log"
chmod 666 "$tmp/log"
cat > "$tmp/inside" <<'END'
set -e
mount -t tmpfs none "$(dirname "$h")"
mkdir -p "$h/etc" "$h/journal/direct" "$h/bin"
cp "$H/etc/next-queue" "$h/etc"
cp "$queue" "$h/bin/qmail-queue"
chgrp 65533 "$h/journal" "$h/journal/direct" "$h/bin/qmail-queue"
chmod 2755 "$h/bin/qmail-queue"
chmod 750 "$h/journal"
chmod 770 "$h/journal/direct"
set +e
as() { setpriv --reuid=65532 --regid=65531 --clear-groups "$@"; }
export MAILDEPOT_HOME="$tmp/nowhere"
as "$inject" -r a@example.com "$h/bin/qmail-queue"
as ls "$h/journal" > /dev/null 2>&1 && echo 'journal is open to all'
as env MAILDEPOT_HOME="$h" "$inject" -r a@example.com "$queue" | sed 's/^/without set-gid: /'
printf '#!/bin/sh\nexec prlimit --nproc=1 "%s"\n' "$h/bin/qmail-queue" > "$h/few"
chmod 755 "$h/few"
as "$inject" -r a@example.com "$h/few" | sed 's/^/no process left: /'
MAILDEPOT_HOME=$h "$BUILD/bin/md_journal" 2> /dev/null &
j=$!
i=0
while [ ! -S "$h/journal/.socket" ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done
as "$inject" -r b@example.com "$h/bin/qmail-queue" | sed 's/^/by md_journal: /'
echo "direct=$(ls "$h/journal/direct" | wc -l)"
"$dump" "$h" | sed -n 's/^peer=/peer=/p'
"$dump" "$h" | sed -n 's/^uid=/uid=/p'
kill $j
wait $j
END
export h tmp H Q queue inject dump
unshare -m sh "$tmp/inside" > "$tmp/out" 2> "$tmp/err"
sed 's/^/# /' "$tmp/err"
has() { grep -q "$1" "$tmp/out"; ok $? "$2"; }
has '^exit=0 ' 'any user sends mail, whatever MAILDEPOT_HOME says'
! grep -q 'journal is open' "$tmp/out"
ok $? 'and cannot look into the journal'
has '^without set-gid: exit=71 ' 'nor write there without the set-gid program'
has '^no process left: exit=71 ' 'no process for a helper: 71'
has '^by md_journal: exit=0 ' 'through md_journal too'
is "$(grep -c '^direct=1$' "$tmp/out")" 1 'one direct file, of the first'
is "$(grep '^uid=' "$tmp/out" | sort | uniq -c | tr -s ' ')" ' 2 uid=65532' 'the uid is the caller'"'s"
is "$(grep '^peer=' "$tmp/out" | cut -d' ' -f1-2 | sort -u)" 'peer=65532 65533' 'the peer has the group of the door'
is "$(sed -n 's/.*\(uid=[0-9]* gid=[0-9]* egid=[0-9]*\).*/\1/p' "$tmp/log" | sort -u)" 'uid=65532 gid=65531 egid=65531' \
	'the next program has the group of the caller, real and effective'
finish
