# Every log line starts with event=<area>.<object>.<outcome>; areas, events and keys are those of doc/log-keys.md.
. tests/lint/lib.sh

# found FILE...: "FILE:LINE<tab>format" of every qa_log call, adjacent strings joined
found() {
	perl -0777 -ne '
		while (/\bqa_log\s*\(\s*[^,"]*,\s*((?:"(?:\\.|[^"\\])*"\s*(?:PRI\w+\s*)?)+)/g) {
			my ($m, $pre) = ($1, substr($_, 0, $-[0]));
			my $line = 1 + ($pre =~ tr/\n//);
			my $f = join "", $m =~ /"((?:\\.|[^"\\])*)"/g;
			print "$ARGV:$line\t$f\n";
		}' "$@" /dev/null
}
# wrong: reads that, prints what the registry does not allow
wrong() {
	awk -F'\t' -v reg=doc/log-keys.md '
	BEGIN {
		while ((getline line < reg) > 0) {
			if (line ~ /^## /) sect = line
			if (line !~ /^\| `/) continue
			split(line, cell, "|")
			n = split(cell[2], a, "`")
			for (i = 2; i <= n; i += 2) if (sect ~ /Areas/) area[a[i]] = 1; else if (sect ~ /Keys/) key[a[i]] = 1
		}
	}
	{
		f = $2
		if (f !~ /^event=[a-z0-9]+\.[a-z0-9-]+\.[a-z0-9-]+( |$)/) { print $1 ": does not start with event=area.object.outcome: " f; next }
		split(substr(f, 7), a, /[. ]/)
		if (!(a[1] in area)) print $1 ": area not in doc/log-keys.md: " a[1]
		gsub(/\\"[^"]*\\"/, "", f)
		n = split(f, w, " ")
		for (i = 2; i <= n; i++) {
			if (w[i] !~ /=/) { print $1 ": not key=value: " w[i]; continue }
			k = w[i]; sub(/=.*/, "", k)
			if (!(k in key)) print $1 ": key not in doc/log-keys.md: " k
		}
	}'
}

files .c | grep -vE '(^|/)(test|fuzz)-|^lib/base/log\.c$' > "$tmp/list"
# shellcheck disable=SC2046
found $(cat "$tmp/list") > "$tmp/found"
wrong < "$tmp/found" > "$tmp/wrong"
verdict "$(wc -l < "$tmp/found") log lines: event first, keys registered" "$tmp/wrong"
printf 'x.c:1\tevent=journal.file.open subject=%%s\n' | wrong > "$tmp/wrong"
alarmed 'an unregistered key would be seen' "$tmp/wrong"
n=$(xargs cat < "$tmp/list" | grep -c 'qa_log(')
[ "$n" = "$(wc -l < "$tmp/found")" ] && : > "$tmp/wrong" ||
	echo "$n calls of qa_log, $(wc -l < "$tmp/found") with a literal format" > "$tmp/wrong"
verdict 'every call has a literal format' "$tmp/wrong"
finish
