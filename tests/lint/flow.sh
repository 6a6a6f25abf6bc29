# Each folder of programs says in its README what it reads, writes, runs as and fails as, for `make flow`.
. tests/lint/lib.sh

n=0
for d in qmail-archive statistic depot; do
	[ -d "$d" ] || continue
	n=$((n + 1))
	for key in reads writes 'runs as' 'fails as'; do
		head -n 6 "$d/README.md" 2>/dev/null | grep -q "^$key: ." || echo "$d/README.md does not begin with a line \"$key: ...\""
	done
done > "$tmp/wrong"
verdict "the READMEs of $n folders begin with the four lines" "$tmp/wrong"
finish
