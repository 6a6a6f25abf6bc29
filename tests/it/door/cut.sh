# What is cut anywhere is refused with 54 and neither queued nor archived.
. tests/it/door/lib.sh
start_journal
for c in 0 1 100 4095 4096; do
	send -r a@example.com -s 4096 -c $c
	is "$code" exit=54 "hung up after $c bytes of the message"
done
send -r a@example.com -s 3000000 -c 2000000
is "$code" exit=54 'hung up in a large message'
for c in 0 1 10 19 20 21 33; do
	send -f sender@example.com -r a@example.com -e $c
	is "$code" exit=54 "envelope cut after $c bytes"
done
is "$(queued) $(leftover) $(records) $(direct)" '0 0 0 0' 'nothing queued, left over or archived'
finish
