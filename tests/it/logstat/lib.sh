# For tests of logstat, sourced: logs made of a seed (tests/tools-back/qlog.c), and what must come out of them.
# shellcheck shell=sh
. tests/it/lib.sh
PATH=$BUILD/tests:$PATH
TZ=UTC
export TZ
cd "$tmp" || exit 2

# The fields of stats lines as qlog tells them: DIRECTION TIME SENDER|RECIPIENT|BYTES|STATUS|ATTEMPTS
fields() { sed -E 's/^.* (in|out)\[[0-9]+\]: ([0-9]+)\|/\1 \2 /' "$@"; }

# The same without the time, for logs that have none
timeless() { sed -E 's/^(in|out) [0-9]+ /\1 /'; }

# same FILE TRUTH NAME: the stats file has these transfers
same() {
	fields "$1" | cmp -s - "$2"
	ok $? "$3 ($(wc -l < "$2") transfers)"
}
