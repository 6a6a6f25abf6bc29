# For tests of smtpstat, sourced: servers behind it under tcpserver on the loopback, clients, and its lines in $stats.
# shellcheck shell=sh
. tests/it/lib.sh
here=tests/it/smtpstat
stats=$tmp/stats log=$tmp/log
TZ=UTC
export TZ
unset TCPREMOTEIP RELAYCLIENT QMAILQUEUE
command -v tcpserver > /dev/null || skip_all 'needs tcpserver (ucspi-tcp)'

# listen COMMAND...: under tcpserver; its port in $port
listen() {
	port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
	tcpserver -v -HRl0 127.0.0.1 "$port" "$@" > "$tmp/listen" 2>> "$log" &
	pids="$pids $!"
	until_true 20 perl -MIO::Socket::INET -e "exit !IO::Socket::INET->new(PeerAddr => '127.0.0.1:$port')" ||
		{ echo '# tcpserver does not listen'; cat "$log"; exit 1; }
}

# qpsmtpd LINE...: a configuration with these plugins; use: listen smtpstat -f "$stats" $qpsmtpd
qpsmtpd() {
	[ -f /usr/share/perl5/Qpsmtpd/TcpServer.pm ] || skip_all 'needs qpsmtpd'
	Q=$tmp/qpsmtpd
	mkdir -p "$Q/config" "$Q/spool" "$Q/Maildir"
	chmod 700 "$Q/spool"
	echo /usr/share/qpsmtpd/plugins > "$Q/config/plugin_dirs"
	echo "$Q/spool" > "$Q/config/spool_dir"
	echo 4 > "$Q/config/loglevel"
	echo example.com > "$Q/config/rcpthosts"
	echo mx.example.com > "$Q/config/me"
	echo refused@example.com > "$Q/config/badrcptto"
	: > "$Q/config/logging"
	printf '%s\n' "$@" badrcptto rcpt_ok "queue/maildir $Q/Maildir" > "$Q/config/plugins"
	QPSMTPD_CONFIG=$Q/config
	export QPSMTPD_CONFIG
	qpsmtpd="perl $here/qpsmtpd.pl"
}

# talk: a script on standard input, see talk.pl; what the server said in $tmp/said
talk() {
	perl "$here/talk.pl" "$port" > "$tmp/said" 2>&1
}

# lines N: waits until there are N lines and prints them: sender>recipient bytes status attempts
lines() {
	until_true 20 has_lines "$1" || echo "(not $1 lines)"
	sed 's/^.*in\[[0-9]*\]: [0-9]*|\([^|]*\)|\([^|]*\)|\([0-9]*\)|\([a-z]*\)|*\([0-9]*\)$/\1>\2 \3 \4 \5/; s/ $//' "$stats"
}
has_lines() { [ -f "$stats" ] && [ "$(grep -c . "$stats")" -ge "$1" ]; }

# quiet: no session is running, so all that will be written is there
quiet() {
	until_true 20 all_ended
}
all_ended() { [ "$(grep -c '^tcpserver: end ' "$log")" = "$(grep -c '^tcpserver: pid .* from ' "$log")" ]; }
