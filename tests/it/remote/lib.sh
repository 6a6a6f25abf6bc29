# For tests of qmail-remote, sourced: an instance in $H with the stats file $stats, the stand-in as the next program, a message of
# 5000 bytes in $tmp/m.
# shellcheck shell=sh
. tests/it/lib.sh
H=$MAILDEPOT_HOME
stats=$tmp/stats
remote=$BUILD/bin/qmail-remote standin=$BUILD/tests/qmail-remote
mkdir -p "$H/etc"
echo "$standin" > "$H/etc/next-remote"
echo "$stats" > "$H/etc/stats"
echo mx1.example.net > "$H/etc/me"
{ printf 'Subject: x\n\n'; head -c 4987 /dev/zero | tr '\0' 'x'; echo; } > "$tmp/m"

# says TEXT: the stand-in's report, `|` for NUL
says() {
	printf '%s' "$1" | tr '|' '\0' > "$tmp/report"
	QA_STANDIN_REPORT=$tmp/report
	export QA_STANDIN_REPORT
}
# run PROGRAM [ARGUMENT...]: as qmail-rspawn does; what it wrote to $tmp/said, its exit status to $code
run() {
	{ "$@" < "$tmp/m" 2>&1; echo $? > "$tmp/code"; } 2> "$tmp/shell" | cat > "$tmp/said"
	code=$(cat "$tmp/code")
}
# deliver REPORT [RECIPIENT...]: by our program
deliver() {
	says "$1"
	shift
	[ $# -gt 0 ] || set -- you@example.org
	run "$remote" example.org me@example.com "$@"
}
# The stats file's lines without date and time, and then no file.
lines() {
	[ ! -f "$stats" ] || sed -E 's/^.{15} //; s/\[[0-9]+\]: [0-9]+\|/: /' "$stats"
	rm -f "$stats"
}
