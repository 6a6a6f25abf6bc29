# Little memory, small files, few descriptors and no processes: nothing is accepted wrongly, and what can work works.
. tests/it/door/lib.sh
if sanitized; then
	echo '1..0 # SKIP the sanitizer takes more memory than that'
	exit 0
fi
start_journal
for s in 100 65536 1000000 5000000; do
	before=$(records)
	out=$(prlimit --as=3000000 --data=3000000 --stack=3000000 "$inject" -r a@example.com -s 100 "$standin")
	[ "${out%% *}" = exit=0 ] || echo '# the caller itself does not run so'
	head -c $s /dev/urandom > "$tmp/m"
	# shellcheck disable=SC2016 # for the inner shell
	printf '#!/bin/sh\nexec softlimit -m 3000000 "%s"\n' "$queue" > "$tmp/limited"
	chmod +x "$tmp/limited"
	out=$("$inject" -r a@example.com -m "$tmp/m" "$tmp/limited")
	is "${out%% *} $(($(records) - before))" 'exit=0 1' "softlimit -m 3000000, $s bytes"
	is "$(field sha256 | tail -n 1)" "$(sum "$tmp/m")" "and equal"
	[ $s -le 1048576 ] || rm -f "$H"/journal/direct/*
done
limited() { # OPTION OF prlimit, OPTION OF inject...
	printf '#!/bin/sh\nexec prlimit %s "%s"\n' "$1" "$queue" > "$tmp/limited"
	shift
	out=$("$inject" -r a@example.com "$@" "$tmp/limited" 2> /dev/null)
	parts
}
before=$(queued)
limited --fsize=1000 -s 5000
is "$code $(queued)" "exit=53 $before" 'RLIMIT_FSIZE below the message: 53, as qmail-queue has it'
limited --fsize=1000 -s 3000000
is "$code $(queued)" "exit=53 $before" 'the same with a large message'
limited --fsize=1000000 -s 5000
is "$code" exit=0 'RLIMIT_FSIZE above it'
limited --nofile=16 -s 5000
is "$code" exit=0 'sixteen descriptors'
before=$(queued)
for f in 3 4 5 6 7 8 9 10 11 12 13; do
	q=$(queued) r=$(records)
	limited --nofile=$f -s 5000
	case $code in
	exit=0) [ "$(queued) $(records)" = "$((q + 1)) $((r + 1))" ] ;;
	*) [ "$(queued)" = "$q" ] ;;
	esac
	ok $? "$f descriptors: $code, and nothing queued that is not archived"
done
finish
