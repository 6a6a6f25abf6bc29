# Every header of ours compiles alone, with gcc and with clang.
. tests/lint/lib.sh

: > "$tmp/wrong"
files .h > "$tmp/list"
for cc in gcc clang; do
	command -v $cc >/dev/null || continue
	: > "$tmp/wrong"
	while read -r h; do
		printf '#include "%s"\n' "$h" > "$tmp/t.c"
		case $h in *-private.h) continue ;; esac
		# shellcheck disable=SC2086
		$cc -fsyntax-only $LINT_CFLAGS "$tmp/t.c" > "$tmp/out" 2>&1 || { echo "$h:"; head -n 5 "$tmp/out"; } >> "$tmp/wrong"
	done < "$tmp/list"
	verdict "$(wc -l < "$tmp/list") headers compile alone ($cc)" "$tmp/wrong"
done

: > "$tmp/wrong"
while read -r h; do
	grep -q '^#ifndef QA_[A-Z0-9_]*_H$' "$h" || echo "$h: no guard of the form QA_..._H"
done < "$tmp/list" > "$tmp/wrong"
verdict 'every header has its guard' "$tmp/wrong"
finish
