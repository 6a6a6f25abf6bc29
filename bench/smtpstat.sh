# What smtpstat adds to SMTP sessions: the same server under tcpserver alone and behind smtpstat, in turn, with postfix's smtp-source
# and swaks as clients. The servers are qpsmtpd, and a stand-in as quick as qmail-smtpd, which hands mail to the stand-in for qmail-queue
# (with its two syncs) or, to see smtpstat alone, throws it away.
. bench/lib.sh
source=build/postfix/smtp-source
[ -x "$source" ] || die 'no smtp-source; make tools'
if [ "$BENCH_QUICK" = 1 ]; then total=200; else total=1000; fi
stats=$work/stats

# serve NAME COMMAND...: under tcpserver; its port in $port
serve() {
	port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
	tcpserver -HRl0 -c 100 127.0.0.1 "$port" "$@" 2> /dev/null &
	server=$!
	pids="$pids $server"
	until perl -MIO::Socket::INET -e "exit !IO::Socket::INET->new(PeerAddr => '127.0.0.1:$port')"; do sleep 0.05; done
}

unserve() {
	kill "$server"
	wait "$server" 2> /dev/null
}

# seconds that a process and the children it has waited for have run
ran() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13 + $14 + $15) / hz }' "/proc/$1/stat"
}

# timed NAME SERVER CLIENT...: a line "WALL CPU" more, CPU that of all on the server's side; the client finds the port in @PORT@
timed() {
	name=$1 command=$2
	shift 2
	# shellcheck disable=SC2086 # several words
	serve $command
	for a; do
		shift
		case $a in @PORT@) a=127.0.0.1:$port ;; esac
		set -- "$@" "$a"
	done
	meter "$@" > "$work/took" 2> "$work/log" || die "failed: $* ($(tail -1 "$work/log"))"
	sleep 0.1 # the last sessions end
	echo "$(cut -d' ' -f1 "$work/took") $(ran "$server")" >> "$work/t.$name"
	unserve
}

# compare TAG COUNT TARGET SERVER CLIENT...
compare() {
	tag=smtpstat.$1 count=$2 target=$3 plain_server=$4
	shift 4
	rm -f "$work/t.plain" "$work/t.ours"
	run=0
	while [ $run -lt "$BENCH_RUNS" ]; do
		run=$((run + 1))
		timed plain "$plain_server" "$@"
		timed ours "smtpstat -s -f $stats $plain_server" "$@"
	done
	plain=$(column 1 "$work/t.plain") ours=$(column 1 "$work/t.ours")
	put "$tag.plain.rate" "$(calc "$count / $plain" %.0f)" /s
	put "$tag.ours.rate" "$(calc "$count / $ours" %.0f)" /s
	put "$tag.lost" "$(calc "100 * (1 - $plain / $ours)" %.1f)" '% of throughput' "$target"
	plain=$(column 2 "$work/t.plain") ours=$(column 2 "$work/t.ours")
	put "$tag.plain.cpu" "$(calc "1e6 * $plain / $count" %.0f)" 'us each'
	put "$tag.added.cpu" "$(calc "1e6 * ($ours - $plain) / $count" %.0f)" 'us each'
}

# a queue for the stand-in for qmail-queue
Q=$work/queue
export QA_STANDIN_QUEUE="$Q"
mkdir -p "$Q/pid" "$Q/intd" "$Q/todo" "$Q/lock"
i=0
while [ $i -lt 23 ]; do
	mkdir -p "$Q/mess/$i"
	i=$((i + 1))
done

note "smtpstat, load $(load)"
quick=$BUILD/tests/smtpd
queueing="env QMAILQUEUE=$BUILD/tests/qmail-queue $quick"
for s in 1 4; do
	compare "qmail.session.4k.$s" $total '<= 10' "$queueing" \
		"$source" -s "$s" -m $total -l 4096 -f s@example.org -t r@example.com @PORT@
done
compare qmail.mails.4k.4 $((total * 2)) '<= 10' "$queueing" \
	"$source" -d -s 4 -m $((total * 2)) -l 4096 -f s@example.org -t r@example.com @PORT@
compare qmail.mails.64k.4 $total '<= 10' "$queueing" \
	"$source" -d -s 4 -m $total -l 65536 -f s@example.org -t r@example.com @PORT@
compare bare.session.4k.4 $((total * 2)) '' "$quick" \
	"$source" -s 4 -m $((total * 2)) -l 4096 -f s@example.org -t r@example.com @PORT@
compare bare.mails.4k.4 $((total * 10)) '' "$quick" \
	"$source" -d -s 4 -m $((total * 10)) -l 4096 -f s@example.org -t r@example.com @PORT@
compare bare.mails.1m.1 200 '' "$quick" \
	"$source" -d -s 1 -m 200 -l 1048576 -f s@example.org -t r@example.com @PORT@

if [ -f /usr/share/perl5/Qpsmtpd/TcpServer.pm ]; then
	QPSMTPD_CONFIG=$work/qpsmtpd
	export QPSMTPD_CONFIG
	mkdir -p "$QPSMTPD_CONFIG" "$work/spool" "$work/Maildir"
	chmod 700 "$work/spool"
	cd "$QPSMTPD_CONFIG" || exit 2
	echo /usr/share/qpsmtpd/plugins > plugin_dirs
	echo "$work/spool" > spool_dir
	echo 0 > loglevel
	: > logging
	echo example.com > rcpthosts
	printf '%s\n' rcpt_ok "queue/maildir $work/Maildir" > plugins
	cd - > /dev/null || exit 2
	compare qpsmtpd.session.4k.2 $((total / 20)) '<= 10' "perl tests/it/smtpstat/qpsmtpd.pl" \
		"$source" -s 2 -m $((total / 20)) -l 4096 -f s@example.org -t r@example.com @PORT@
	printf 'Subject: x\n\nhello\n' > "$work/mail"
	cat > "$work/ten" << 'END'
for i in 1 2 3 4 5 6 7 8 9 10; do
	swaks --server "$1" --helo c.example.org --from s@example.org --to r@example.com --data "@$2" > /dev/null || exit 1
done
END
	command -v swaks > /dev/null && compare qpsmtpd.swaks 10 '<= 10' "perl tests/it/smtpstat/qpsmtpd.pl" \
		sh "$work/ten" @PORT@ "$work/mail"
fi
