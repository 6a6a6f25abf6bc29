# For tests of popstat, sourced: a mailbox $tmp/Maildir of user `u`, the stats file $stats, and a server between tcpserver and curl.
# shellcheck shell=sh
. tests/it/lib.sh
H=$MAILDEPOT_HOME
popstat=$BUILD/bin/popstat
dovecot=$PWD/build/dovecot
mkdir -p "$H/etc" "$tmp/Maildir/cur" "$tmp/Maildir/new" "$tmp/Maildir/tmp" "$tmp/open"
stats=$tmp/open/stats
echo "$stats" > "$H/etc/stats"
echo mx1.example.net > "$H/etc/me"
export HOME="$tmp" CVM_PWFILE_PATH="$tmp/pw" CVM_PWFILE_CMP=plain
unset VPOPUSER AUTHENTICATED USER TCPREMOTEIP
# the servers refuse to serve root
as='' uid=$(id -u) gid=$(id -g)
if [ "$uid" = 0 ]; then
	as='setuidgid nobody' uid=$(id -u nobody) gid=$(id -g nobody)
	chown -R nobody "$tmp/Maildir" "$tmp/open"
	chmod 755 "$tmp"
fi
echo "u:pw:$uid:$gid:Real:$tmp:/bin/sh" > "$tmp/pw"
# What Debian has of it may be elsewhere than where PATH looks.
PATH=$PATH:/usr/sbin
needs() {
	for need; do
		command -v "$need" > /dev/null || skip_all "no $need"
	done
}
needs tcpserver setuidgid curl socat
# A checkout that root alone may enter: the programs go where their user may run them.
# shellcheck disable=SC2086 # words
if [ -n "$as" ] && ! $as test -x "$popstat"; then
	mkdir "$tmp/bin"
	cp "$popstat" "$tmp/bin/"
	popstat=$tmp/bin/popstat
	[ ! -d "$dovecot/root" ] || cp -r "$dovecot/imap" "$dovecot/pop3" "$dovecot/root" "$tmp/bin/"
	dovecot=$tmp/bin
fi
needs_dovecot() {
	[ -x "$dovecot/imap" ] || skip_all 'no Dovecot in build/dovecot'
	LD_LIBRARY_PATH=$dovecot/root/usr/lib/dovecot ldd "$dovecot/root/usr/lib/dovecot/imap" | grep -q 'not found' &&
		skip_all 'a library of Dovecot is missing'
}
maildir_login="pop3front-auth $(command -v cvm-pwfile)"

# mail BYTES: one message more, of about so many; $tmp/mail.N is what a client should get
mails=0
mail() {
	mails=$((mails + 1))
	{ printf 'Subject: %s\n\n' $mails; yes 'a line of text, and more of it' | head -c "$1"; echo; } > "$tmp/mail.$mails"
	cp "$tmp/mail.$mails" "$tmp/Maildir/cur/$mails.host:2,S"
	[ -z "$as" ] || chown nobody "$tmp/Maildir/cur/$mails.host:2,S"
}

# serve COMMAND...: behind tcpserver; the port to $port
serve() {
	: > "$tmp/port"
	# shellcheck disable=SC2086 # words
	$as tcpserver -1 -v -HRl0 127.0.0.1 0 "$@" > "$tmp/port" 2> "$tmp/tcpserver" &
	pids="$pids $!"
	until_true 10 test -s "$tmp/port" || echo '# no server'
	port=$(cat "$tmp/port")
}

# wire [ADDRESS [ADDRESS]]: socat before that port (or between two others of its addresses), which keeps what passes; its port to $port
wire() {
	rm -f "$tmp/up" "$tmp/down" "$tmp/wire"
	socat -d -d -r "$tmp/up" -R "$tmp/down" "${1:-TCP-LISTEN:0,bind=127.0.0.1,reuseaddr}" "${2:-TCP:127.0.0.1:$port}" 2> "$tmp/wire" &
	pids="$pids $!"
	until_true 10 grep -q 'listening on' "$tmp/wire"
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$tmp/wire")
}
# wire_bytes: what passed there, both ways
wire_bytes() {
	until_true 10 grep -q 'exiting with status' "$tmp/wire"
	cat "$tmp/up" "$tmp/down" | wc -c
}

# lines [N]: when there are N of them (1), the stats file's lines without date and time; then no file
lines() {
	until_true 10 sh -c "[ \$(wc -l < '$stats') -ge ${1:-1} ]"
	[ ! -f "$stats" ] || sed -E 's/^.{15} //; s/\[[0-9]+\]: [0-9]+\|/: /' "$stats"
	rm -f "$stats"
}
