# The sources are also clean C23.
. tests/lint/lib.sh

# shellcheck disable=SC2086
set -- $SRCS
n=$#
: > "$tmp/wrong"
if gcc -std=gnu2x -fsyntax-only -xc /dev/null 2>/dev/null; then
	# shellcheck disable=SC2086
	printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 8 gcc -fsyntax-only $LINT_CFLAGS -std=gnu2x > "$tmp/wrong" 2>&1
fi
verdict "$n sources are clean C23" "$tmp/wrong"
finish
