# A module of lib/ includes only modules below it; front programs only the front layers; a foreign
# library's headers appear only where that library is at home. Read from the compilers' own .d files.
. tests/lint/lib.sh

# homes: header as the compiler names it, then the places (folders or files) that may include it
cat > "$tmp/homes" <<'END'
/glib-2.0/ lib/message lib/term lib/catalog lib/db lib/store lib/archive depot lib/traffic statistic
/gmime-3.0/ lib/message
/sqlite3.h lib/db lib/catalog lib/sys/sim-sqlite.c tests/crash
/openssl/ lib/base/sha256-back.c lib/base/sha256.h lib/tlog lib/archive
/zstd.h lib/store
/utf8proc.h lib/term
/cdb.h lib/conf lib/store lib/traffic
/nettle/ lib/base/sha256-front.c lib/base/sha256.h
/libowfat/ qmail-archive statistic
/libpq-fe.h lib/db
/zlib.h lib/traffic
END

# deps: "SOURCE HEADER" for each pair in the .d files
deps() {
	for d; do
		sed -e 's/\\$//' "$d" | tr ' ' '\n' | awk '
			/:$/ { if (seen++) exit; next }
			/./ { if (!src) src = $0; else print src, $0 }'
	done
}

check() { # reads "SOURCE HEADER", prints what is wrong
	awk -v layers="$LAYERS" -v homes="$tmp/homes" '
	function module(p) { if (p !~ /^lib\//) return ""; split(p, a, "/"); return a[2] }
	function at_home(src, list,   n, i, a) {
		n = split(list, a, " ")
		for (i = 2; i <= n; i++) if (src == a[i] || index(src, a[i] "/") == 1) return 1
		return 0
	}
	BEGIN {
		n = split(layers, a, " "); for (i = 1; i <= n; i++) rank[a[i]] = i
		while ((getline line < homes) > 0) { split(line, a, " "); home[a[1]] = line }
	}
	{
		sub(/^\.\//, "", $1); sub(/^\.\//, "", $2)
		s = module($1); h = module($2)
		if (s != "" && !(s in rank)) print $1 ": lib/" s " is not in LAYERS of the Makefile"
		if (h != "" && s != "" && rank[h] > rank[s]) print $1 " includes upward: " $2
		if ($1 ~ /^lib\// && $2 ~ /^(qmail-archive|statistic|depot|bench)\//) print $1 " includes a program: " $2
		if ($1 ~ /(^|\/)(test|fuzz)-[^\/]*$/ || $1 ~ /^(tests|bench)\//) next
		if ($2 ~ /^\/|^build\/owfat\//)
			for (k in home) if (index($2, k)) direct[$1 SUBSEP k] = 1
	}
	END {
		for (x in direct) {
			split(x, a, SUBSEP)
			if (!at_home(a[1], home[a[2]])) print a[1] " includes a foreign header away from its home: " a[2]
		}
	}'
}

# front: sources of front programs and of their libraries; lib/ modules of the front must not reach GLib or libowfat
front() { # reads "SOURCE HEADER", prints what is wrong
	awk -v front="$FRONT_LAYERS" -v sources="$FRONT_SRCS" '
	BEGIN {
		n = split(front, a, " "); for (i = 1; i <= n; i++) ok[a[i]] = 1
		n = split(sources, a, " "); for (i = 1; i <= n; i++) own[a[i]] = 1
	}
	$1 in own && $2 ~ /^lib\// { split($2, a, "/"); if (!(a[2] in ok)) print $1 ": a front program includes " $2 }
	$1 ~ /^lib\// { split($1, a, "/"); if (a[2] in ok && $2 ~ /glib-2\.0|gmime|libowfat/) print $1 " serves both families but includes " $2 }'
}

find "$BUILD" \( -path "$BUILD/san" -o -path "$BUILD/fuzz" -o -path "$BUILD/clang" -o -path "$BUILD/mutant*" \) -prune -o -name '*.d' -print > "$tmp/list"
[ -s "$tmp/list" ] || echo "no .d files under $BUILD: build first" > "$tmp/none"
touch "$tmp/none"
verdict 'there are .d files to read' "$tmp/none"
# shellcheck disable=SC2046
deps $(cat "$tmp/list") > "$tmp/deps"
check < "$tmp/deps" > "$tmp/wrong"
verdict 'includes point downward, foreign headers stay at home' "$tmp/wrong"

front < "$tmp/deps" > "$tmp/wrong"
verdict 'the front family stays in its layers' "$tmp/wrong"

echo 'lib/base/x.c lib/catalog/y.h' | check > "$tmp/wrong"
alarmed 'an upward include would be seen' "$tmp/wrong"
echo 'lib/base/x.c /usr/include/sqlite3.h' | check > "$tmp/wrong"
alarmed 'a foreign header away from home would be seen' "$tmp/wrong"
echo 'statistic/smtpstat.c lib/catalog/y.h' | front > "$tmp/wrong"
alarmed 'a front program above its layers would be seen' "$tmp/wrong"
finish
