# The helper waits five seconds for a bounce, since qmail-send stands still meanwhile; then the message is refused for
# now, or passes where all domains say fail=open.
. tests/it/door/lib.sh
strace -f -o /dev/null true 2> /dev/null || { echo '1..0 # SKIP strace does not work here'; exit 0; }
domains 'open.example fail=open' 'closed.example'
# a direct file hangs at its name for longer than anybody waits
printf '#!/bin/sh\nexec strace -f -q -o /dev/null -e trace=linkat -e inject=linkat:delay_enter=9000000 "%s"\n' "$queue" > "$tmp/slow"
chmod +x "$tmp/slow"
slow() {
	start=$(date +%s)
	"$inject" -6 -f '' -r "$1" "$tmp/slow" > "$tmp/out-$1" 2> /dev/null
	echo $(($(date +%s) - start)) > "$tmp/took-$1"
}
export TCPREMOTEIP=10.0.0.1
slow a@closed.example &
slow a@open.example &
# the exit code comes through strace, which waits for the writer too; what was queued is there before
sleep 7
is "$(queued) $(failopen)" '1 1' 'after five seconds: closed is refused, open passes and is counted'
is "$(direct)" 0 'while no copy has its name yet'
wait
is "$(cut -d' ' -f1 "$tmp/out-a@closed.example") $(cut -d' ' -f1 "$tmp/out-a@open.example")" 'exit=54 exit=0' 'with these codes'
is "$(direct) $(leftover)" '2 0' 'the copies came later; at worst a copy of what was not accepted'
finish
