# What qmail-smtpd puts into the environment and the Received line is kept, as claims.
. tests/it/door/lib.sh
start_journal
printf 'Received: from unknown (HELO pc.example) (joe@10.0.0.1)\n  by mx.example with SMTP; 22 Nov 2026 11:04:19 -0000\nSubject: x\n\n' > "$tmp/m"
export PROTO=TCP TCPREMOTEIP=10.0.0.1 TCPREMOTEHOST=pc.example.net TCPREMOTEINFO=joe TCPLOCALPORT=25
echo mx.example > "$H/etc/me"
send -r a@example.com -m "$tmp/m"
is "$(field remote-ip) $(field remote-host) $(field helo) $(field proto) $(field local-port) $(field host)" \
	'10.0.0.1 pc.example.net pc.example TCP 25 mx.example' 'from the environment, the header and etc/me'
is "$(field auth)$("$dump" "$H" | grep -c '^relayclient=')" 0 'neither login nor relayclient'
is "$(field uid) $(field peer | cut -d' ' -f1)" "$(id -u) $(id -u)" 'uid, and the same by the socket'
rm -f "$H"/journal/0*
stop_journal
start_journal
export RELAYCLIENT='' SMTPAUTHUSER=joe@example.com
send -r a@example.com -m "$tmp/m"
is "$(field auth) $("$dump" "$H" | grep -c '^relayclient=$')" 'joe@example.com 1' 'login, and relayclient set but empty'
finish
