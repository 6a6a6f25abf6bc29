# For tests of the door, sourced: an instance in $H, a queue in $Q, the stand-in as the next program, and
# what one asks of them. Programs: $queue (ours), $standin, $inject, $dump.
n=0 bad=0
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; fi; }
is() { # GOT WANT NAME
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || printf '# got:  %s\n# want: %s\n' "$1" "$2"
}
finish() { stop_journal; echo "1..$n"; exit $bad; }

tmp=$(mktemp -d "${TMPDIR:-/tmp}/door.XXXXXX") || exit 2
pids=''
trap 'for p in $pids; do kill -9 $p 2>/dev/null; done; rm -rf "$tmp"' EXIT
H=$tmp/h Q=$tmp/q
queue=$BUILD/bin/qmail-queue
standin=$BUILD/tests/qmail-queue inject=$BUILD/tests/inject dump=$BUILD/tests/journal-dump
export MAILDEPOT_HOME="$H" QA_STANDIN_QUEUE="$Q" QA_STANDIN_LOG="$tmp/log"
unset QMAILQUEUE RELAYCLIENT TCPREMOTEIP TCPREMOTEHOST TCPREMOTEINFO PROTO TCPLOCALPORT
mkdir -p "$H/etc" "$H/var" "$H/journal/direct" "$Q/pid" "$Q/intd" "$Q/todo" "$Q/lock"
i=0
while [ $i -lt 23 ]; do mkdir -p "$Q/mess/$i"; i=$((i + 1)); done
printf '%s\nfinal\n' "$standin" > "$H/etc/next-queue"
dd if=/dev/zero of="$H/var/failopen" bs=8 count=1 2> /dev/null

# domains LINE...: the table
domains() {
	printf '%s\n' "$@" > "$H/etc/domains"
	"$BUILD/tests/domains-update" "$H" || exit 2
}

# start_journal [PROGRAM...]: md_journal, ready when this returns; its pid in $journal
start_journal() {
	[ $# -gt 0 ] || set -- "$BUILD/bin/md_journal"
	rm -f "$tmp/ready"
	mkfifo "$tmp/ready"
	"$@" -d 3 3> "$tmp/ready" 2>> "$tmp/journal.log" &
	journal=$!
	pids="$pids $journal"
	read -r _ < "$tmp/ready"
	rm -f "$tmp/ready"
}
stop_journal() {
	[ -z "${journal:-}" ] && return
	# in this order: a CONT behind the TERM can meet the leak checker, which stops the process at its end, and hang it
	kill -CONT "$journal" 2> /dev/null
	kill -TERM "$journal" 2> /dev/null
	wait "$journal" 2> /dev/null
	stopped=$?
	journal=''
}

# send OPTION...: injects one message; $out, and its parts $code ("exit=0") and $pid
send() {
	out=$("$inject" "$@" "$queue" 2> "$tmp/stderr")
	parts
}
parts() {
	code=${out%% *}
	pid=${out##*pid=}
	pid=${pid%% *}
}

sanitized() { nm "$queue" 2> /dev/null | grep -q __asan_init; } # whose memory is not what it seems
# How many messages are queued for delivery; files left in the queue beside them; how many are archived.
queued() { find "$Q/todo" -type f | wc -l; }
leftover() { echo $(($(find "$Q/mess" -type f | wc -l) + $(find "$Q/intd" "$Q/pid" -type f | wc -l) - 2 * $(queued))); }
records() { "$dump" "$H" | grep -c '^record '; }
direct() { find "$H/journal/direct" -type f | wc -l; }
field() { "$dump" "$H" | sed -n "s/^$1=//p"; } # NAME: its values, all records
failopen() { od -An -tu8 "$H/var/failopen" | tr -d ' '; }
wait_for() { # SECONDS COMMAND...: until it succeeds
	limit=$(($1 * 20))
	shift
	while ! "$@" > /dev/null 2>&1; do
		limit=$((limit - 1))
		[ $limit -gt 0 ] || return 1
		sleep 0.05
	done
}
# The bytes of the one queued message, without qmail's own Received line.
queued_message() { find "$Q/mess" -type f -exec sed 1d {} +; }
# sum FILE: its SHA-256
sum() { sha256sum < "$1" | cut -d' ' -f1; }
# helper PID: the process that holds back the NUL, a child of that one (which is the next program by then)
helper() { pgrep -P "$1" -x qmail-queue; }
