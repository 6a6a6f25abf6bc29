# The shell linter, on every script.
. tests/lint/lib.sh

{
	files .sh
	for f in .ci/* boot/* mk/* bench/*; do
		[ -f "$f" ] || continue
		case $f in *.sh|*.md|*.txt|*.c|*.h|*.mk|*.py|*.awk|*.pl|*.go) continue ;; esac
		case $(head -n 1 "$f") in '#!/bin/sh'*|'# '*) echo "$f" ;; esac
	done
} | sort -u > "$tmp/list"
while read -r f; do
	# sources are named relative to the project's top, where tests run
	shellcheck -s sh -x -S info -e SC1090,SC1091,SC2013,SC2015,SC2034,SC2119,SC2120,SC2153,SC2154 -f gcc "$f"
done < "$tmp/list" > "$tmp/wrong" 2>&1
verdict "shellcheck finds nothing in $(wc -l < "$tmp/list") scripts" "$tmp/wrong"
finish
