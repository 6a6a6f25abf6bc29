# Signals reach the real program, and it does not outlive ours: qmail would try again while it still delivers.
. tests/it/remote/lib.sh
mkfifo "$tmp/go"
export QA_STANDIN_GO="$tmp/go" QA_STANDIN_PIECE=2 QA_STANDIN_LOG="$tmp/log"
says 'r|Kgood|'
begin() {
	rm -f "$tmp/log" "$tmp/said"
	"$remote" example.org me@example.com you@example.org < "$tmp/m" > "$tmp/said" &
	p=$!
	pids="$pids $p"
	until_true 10 test -s "$tmp/said"
	real=$(sed -n 's/^pid=\([0-9]*\) .*/\1/p' "$tmp/log")
}
gone() { ! kill -0 "$real" 2> /dev/null; }
for s in 15 1 10; do
	begin
	kill -$s $p
	wait $p 2> /dev/null
	is $? $((128 + s)) "signal $s goes to the real program and comes back as its end"
	gone
	ok $? 'which is gone'
	is "$(lines | cut -d'|' -f4)" readerr 'and counted'
done
begin
kill -KILL $p
wait $p 2> /dev/null
until_true 10 gone
ok $? 'SIGKILL takes the real program along'
finish
