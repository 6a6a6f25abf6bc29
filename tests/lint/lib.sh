# Sourced by the lint scripts: TAP from shell. Set by make: BUILD OWFAT LAYERS FRONT_LAYERS
# PROGS_front PROGS_back TESTS FUZZERS and the compilers' flags.
# shellcheck shell=sh
set -u
LC_ALL=C
export LC_ALL
tap=0 bad=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/lint.XXXXXX") || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 2' HUP INT TERM

# verdict NAME FILE: good when FILE (what was found wrong) is empty
verdict() {
	tap=$((tap + 1))
	if [ -s "$2" ]; then
		bad=1
		echo "not ok $tap - $1"
		sed 's/^/# /' "$2" | head -n 40
	else
		echo "ok $tap - $1"
	fi
}

# alarmed NAME FILE: good when FILE is not empty: the check just made sees a planted fault
alarmed() {
	if [ -s "$2" ]; then : > "$tmp/quiet"; else echo 'the planted fault was not seen' > "$tmp/quiet"; fi
	verdict "$1" "$tmp/quiet"
}

finish() {
	echo "1..$tap"
	exit $bad
}

# Every file of the project with one of the given endings.
files() {
	for e; do
		find . \( -name build -o -name .git -o -name try \) -prune -o -type f -name "*$e" -print
	done | sed 's,^\./,,' | sort
}
