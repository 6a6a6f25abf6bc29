# What must not stand in the code: unbounded copying, parsers that do not see overflow, unfinished work.
. tests/lint/lib.sh

files .c .h > "$tmp/list"
# calls FILE...: forbidden calls, comments and strings left out
calls() {
	# shellcheck disable=SC2016 # perl's own
	perl -0777 -ne '
		my $t = $_;
		$t =~ s{/\*.*?\*/}{my $c = $&; $c =~ s/[^\n]//g; $c}gse;
		$t =~ s{"(?:\\.|[^"\\\n])*"}{""}g;
		$t =~ s{//[^\n]*}{}g;
		my $l = 0;
		for (split /\n/, $t) {
			$l++;
			print "$ARGV:$l: $1\n" if /(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strtok|strtok_r|atoi|atol|atoll|alloca|gets|mktemp|tmpnam|system|strncpy)\s*\(/;
		}' "$@"
}
# shellcheck disable=SC2046
calls $(cat "$tmp/list") > "$tmp/all"
# tests may run a command and cut their own constants into words
grep -vE '(/(test|fuzz|crash)-[^/]*|/testing\.h|^tests/.*):[0-9]+: (system|strtok_r|strcpy)$' "$tmp/all" > "$tmp/wrong"
verdict "$(wc -l < "$tmp/list") files: no forbidden calls" "$tmp/wrong"
printf 'int f(void)\n{\n\treturn atoi ("1"); /* sprintf( is fine in a comment */\n}\n' > "$tmp/planted.c"
calls "$tmp/planted.c" > "$tmp/wrong"
alarmed 'a forbidden call would be seen' "$tmp/wrong"

{ cat "$tmp/list"; files .sh .mk .go .py; echo Makefile; ls boot/* mk/*; } | grep -v '^tests/lint/words.sh$' |
	xargs grep -nE '(^|[^A-Za-z])(TO''DO|FIX''ME|XX''X)([^A-Za-z]|$)' > "$tmp/wrong"
verdict 'nothing is left to be done in the code' "$tmp/wrong"

# Storage system calls go through lib/sys; elsewhere they would be hidden from the simulator.
grep -E '^lib/(conf|journal|tlog|store|archive)/|^qmail-archive/|^depot/' "$tmp/list" | grep -vE '/(test|fuzz|crash)-|/testing[^/]*\.h$' > "$tmp/disk"
# shellcheck disable=SC2016 # perl's own
xargs perl -0777 -ne '
		my $t = $_;
		$t =~ s{/\*.*?\*/}{my $c = $&; $c =~ s/[^\n]//g; $c}gse;
		$t =~ s{"(?:\\.|[^"\\\n])*"}{""}g;
		my $l = 0;
		for (split /\n/, $t) {
			$l++;
			print "$ARGV:$l: $1\n" if /(?<![\w.>])(fsync|fdatasync|sync_file_range|syncfs|renameat2?|rename|linkat|pwritev?|ftruncate|fopen|creat)\s*\(/;
		}' < "$tmp/disk" > "$tmp/wrong" 2>&1
verdict 'storage system calls go through lib/sys' "$tmp/wrong"
finish
