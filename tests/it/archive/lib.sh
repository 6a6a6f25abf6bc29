# For tests of the archive, sourced: an instance with example.com, the door in front of a stand-in, the daemons, and all that the
# archive gives back.
# shellcheck shell=sh
. tests/it/lib.sh
TZ=UTC
export TZ
H=$MAILDEPOT_HOME
D=example.com
QA_STANDIN_QUEUE=$tmp/queue
export QA_STANDIN_QUEUE
unset QMAILQUEUE RELAYCLIENT TCPREMOTEIP TCPREMOTEHOST TCPREMOTEINFO PROTO TCPLOCALPORT
mkdir -p "$tmp/queue/pid" "$tmp/queue/intd" "$tmp/queue/todo" "$tmp/queue/lock" "$tmp/in"
k=0
while [ $k -lt 23 ]; do mkdir -p "$tmp/queue/mess/$k"; k=$((k + 1)); done
md_domain add $D > "$tmp/out" || exit 2
printf '%s\nfinal\n' "$BUILD/tests/qmail-queue" > "$H/etc/next-queue"

# start PROGRAM: in the background, ready when this returns; its pid in $pid
start() {
	rm -f "$tmp/ready"
	mkfifo "$tmp/ready"
	"$1" -d 3 3> "$tmp/ready" 2>> "$tmp/$1.log" &
	pid=$!
	pids="$pids $pid"
	read -r _ < "$tmp/ready"
}

# deliver FILE RCPT...: through the door, as qmail-smtpd does
deliver() {
	f=$1
	shift
	{ printf 'Fsender@elsewhere.example\0'; printf 'T%s\0' "$@"; printf '\0'; } > "$tmp/envelope"
	TCPREMOTEIP=192.0.2.1 qmail-queue < "$f" 1< "$tmp/envelope"
}

# ids DOMAIN: every ID there is: 1, 2, ... of each month until md_cat says that there is none
ids() {
	for p in "$H/domain/$1/depot"/*-*; do
		[ -d "$p" ] || continue
		i=1
		while :; do
			md_cat "$1" "${p##*/}/$i" > "$tmp/cat" 2> "$tmp/cat.err"
			got=$?
			[ $got = 1 ] && break
			[ $got = 0 ] || { echo "md_cat $1 ${p##*/}/$i exits $got: $(cat "$tmp/cat.err")"; break; }
			printf '%s %s\n' "$(sha256sum < "$tmp/cat" | cut -c 1-64)" "${p##*/}/$i"
			i=$((i + 1))
		done
	done
}

# sums DOMAIN: the digests of all messages, sorted; and of files
sums() { ids "$1" | cut -d ' ' -f 1 | sort; }
sums_of() { for f; do sha256sum < "$f"; done | cut -c 1-64 | sort; }

verified() {
	md_verify -q --deep > "$tmp/verify" 2>&1
	ok $? "md_verify --deep: ${1:-all is well}"
}

# mail FILE NUMBER DATE: a small one, dated as in "2 Mar 2026 10:00:00"
mail() {
	printf 'Date: %s +0000\nFrom: a@b.example\nSubject: number %s\nMessage-ID: <%s@x>\n\nText of %s.\n' "$3" "$2" "$2" "$2" > "$1"
}

# flip FILE [OFFSET]: the lowest bit of the byte in its middle, or at OFFSET; twice is as before
flip() {
	at=${2:-$(($(wc -c < "$1") / 2))}
	byte=$(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2> /dev/null
}
