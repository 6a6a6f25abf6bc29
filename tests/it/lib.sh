# Sourced by the integration tests: TAP from shell. BUILD is set by make; the programs under test come first in PATH.
#
#	. tests/it/lib.sh
#	md_domain add example.com > "$tmp/out"; ok $? 'a domain is added'
#	is "$(cat "$tmp/out")" 'example.com: added' 'it says so'
#	finish
#
# $tmp is a folder of the test's own, removed at its end; MAILDEPOT_HOME is an instance in it that md_domain makes.
# shellcheck shell=sh
: "${BUILD:?run by make check}"
set -u
LC_ALL=C
PATH=$BUILD/bin:$PATH
tmp=$(mktemp -d "${TMPDIR:-/tmp}/it.XXXXXX") || exit 2
MAILDEPOT_HOME=$tmp/home
export LC_ALL PATH MAILDEPOT_HOME
tap=0 bad=0 pids=''
umask 022

# Processes that a test notes in $pids end with it.
clean() {
	# shellcheck disable=SC2086 # several
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null
	rm -rf "$tmp"
}
trap clean EXIT
trap 'exit 2' HUP INT TERM

# ok STATUS NAME: good when STATUS is 0
ok() {
	tap=$((tap + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap - $2"
	else
		bad=1
		echo "not ok $tap - $2"
		echo "# status $1"
	fi
}

# is GOT WANTED NAME
is() {
	tap=$((tap + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $tap - $3"
	else
		bad=1
		echo "not ok $tap - $3"
		printf 'got:\n%s\nwanted:\n%s\n' "$1" "$2" | sed 's/^/# /'
	fi
}

# exits STATUS NAME COMMAND...: runs it, words to $tmp/out and $tmp/err
exits() {
	want=$1 name=$2
	shift 2
	"$@" > "$tmp/out" 2> "$tmp/err"
	got=$?
	tap=$((tap + 1))
	if [ $got = "$want" ]; then
		echo "ok $tap - $name"
	else
		bad=1
		echo "not ok $tap - $name"
		echo "# exit $got, wanted $want: $*"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
	fi
}

# until_true SECONDS COMMAND...: tries ten times a second; 1 when it never came true
until_true() {
	tries=$(($1 * 10))
	shift
	while ! "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

finish() {
	echo "1..$tap"
	exit $bad
}
