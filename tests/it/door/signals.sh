# Ignored and blocked signals of the caller do not reach the next program, but those qmail-queue ignores itself;
# what would kill the door while it reads becomes exit 81.
. tests/it/door/lib.sh
start_journal
last() { tail -n 1 "$tmp/log"; }
send -b -r a@example.com
is "$code" exit=0 'a caller with SIGCHLD blocked, TERM, HUP and PIPE ignored'
is "$(last | sed 's/.* blocked=\([0-9,]*\) .*/\1/')" '' 'nothing is blocked'
is "$(last | sed 's/.* ignored=\([0-9,]*\) .*/\1/')" '1,2,3,13,24,25,26,27,' 'ignored: HUP INT QUIT PIPE XCPU XFSZ VTALRM PROF'
slow() { # SIGNAL: the code of a door that gets it while it reads
	"$inject" -w 300 -r a@example.com -s 3000 "$queue" > "$tmp/slow" &
	injector=$!
	wait_for 5 ready
	kill "-$1" "$(door_pid)"
	wait $injector
	out=$(cat "$tmp/slow")
	parts
}
# shellcheck disable=SC2317 # by wait_for
ready() { grep -q '^SigCgt:.*[4-7c-f].......$' "/proc/$(door_pid)/status"; } # SIGSYS, 31, is the last that it catches
door_pid() { pgrep -P "$injector" -x qmail-queue; }
for s in TERM USR1 USR2 SEGV ABRT BUS SYS; do
	slow $s
	is "$code" exit=81 "SIG$s while it reads"
done
slow ALRM
is "$code" exit=52 'SIGALRM'
for s in HUP INT QUIT PIPE XFSZ; do
	slow $s
	is "$code" exit=0 "SIG$s is ignored"
done
is "$(leftover)" 0 'nothing is left over'
finish
