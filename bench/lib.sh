# Sourced by the scripts of the bench. BUILD is set by make; QA_CORPUS names a folder of real mail (its eml/ and mbox/, or
# all of it), without it tests/corpus is used.
# shellcheck shell=sh
: "${BUILD:?run by make bench}"
set -u
LC_ALL=C
PATH=$BUILD/bin:$BUILD/bench:$PATH
: "${BENCH_QUICK:=0}" "${BENCH_FULL:=0}" "${BENCH_OUT:=bench/results.txt}"
if [ "$BENCH_QUICK" = 1 ]; then : "${BENCH_RUNS:=1}"; else : "${BENCH_RUNS:=3}"; fi
work=$(mktemp -d "${TMPDIR:-/var/tmp}/bench.XXXXXX") || exit 2
MAILDEPOT_HOME=$work/home
export LC_ALL PATH MAILDEPOT_HOME BENCH_RUNS BENCH_QUICK BENCH_FULL BENCH_OUT
unset RELAYCLIENT
pids=''
umask 022

# Processes that a script notes in $pids end with it.
clean() {
	# shellcheck disable=SC2086 # several
	[ -z "$pids" ] || kill -9 $pids 2> /dev/null
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 2' HUP INT TERM

if [ -n "${QA_CORPUS:-}" ] && [ -d "$QA_CORPUS/eml" ]; then
	set -- "$QA_CORPUS/eml"
	[ ! -d "$QA_CORPUS/mbox" ] || set -- "$@" "$QA_CORPUS/mbox"
else
	set -- "${QA_CORPUS:-tests/corpus}"
fi
corpus=$*

note() {
	printf '# %s\n' "$*" >&2
}

die() {
	note "$0: $*"
	exit 2
}

# put NAME VALUE UNIT [TARGET]: one figure, to the terminal and to the results
put() {
	printf '%-38s %12s  %-18s %s\n' "$1" "$2" "$3" "${4:-}" | tee -a "$BENCH_OUT"
}

# median < NUMBERS
median() {
	sort -n | awk '{ v[NR] = $1 } END { print NR ? (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) : "none" }'
}

# column N FILE: the median of a column
column() {
	awk -v n="$1" '{ print $n }' "$2" | median
}

# calc EXPRESSION [FORMAT]
calc() {
	awk "BEGIN { printf \"${2:-%.2f}\", $1 }"
}

# metered NAME COMMAND...: a line "WALL CPU RSS" more in $work/m.NAME
metered() {
	name=$1
	shift
	meter "$@" >> "$work/m.$name" 2> "$work/log" || {
		tail -5 "$work/log" >&2
		die "failed: $*"
	}
}

# instance N: an empty instance with domain example.com, or with d1.example ... dN.example
instance() {
	rm -rf "$MAILDEPOT_HOME"
	if [ "$1" = 1 ]; then
		md_domain add example.com > /dev/null || exit 2
		return
	fi
	md_domain add d1.example > /dev/null || exit 2
	i=2
	while [ "$i" -le "$1" ]; do
		echo "d$i.example archive=both"
		i=$((i + 1))
	done >> "$MAILDEPOT_HOME/etc/domains"
	md_domain update > /dev/null || exit 2
}

# fed [OPTIONS]: the corpus into the journal; sets $messages and $bytes
fed() {
	# shellcheck disable=SC2086 # several
	count=$(feed "$@" "$MAILDEPOT_HOME" $corpus) || exit 2
	messages=${count%% *}
	bytes=${count#*, }
	bytes=${bytes% *}
}

# copies N: how often the corpus must be fed to give N messages
copies() {
	if [ -z "${corpus_n:-}" ]; then
		# shellcheck disable=SC2086 # several
		corpus_n=$(feed -o "$work/count" $corpus) || exit 2
		corpus_n=${corpus_n%% *}
		rm -rf "$work/count"
	fi
	echo $((($1 + corpus_n - 1) / corpus_n))
}

load() {
	cut -d' ' -f1 /proc/loadavg
}
