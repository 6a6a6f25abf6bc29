# Sourced by the tests of the log: TAP, a folder of their own, synthetic logs.
# shellcheck shell=sh
set -u
LC_ALL=C
export LC_ALL
n=0 bad=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/log.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM

ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; fi; }
finish() { echo "1..$n"; exit $bad; }
skip() { echo "1..0 # SKIP $1"; exit 0; }

# flip FILE [OFFSET]: the lowest bit of the byte in its middle, or at OFFSET; twice is as before
flip() {
	at=${2:-$(($(wc -c < "$1") / 2))}
	byte=$(od -An -tu1 -j "$at" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059 # an octal escape
	printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2> /dev/null
}
