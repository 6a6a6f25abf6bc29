# The two families never meet in one executable (INSTALL, "Two families"), by ldd and nm; and both see the
# same struct cdb, tinycdb's.
. tests/lint/lib.sh

owfat=$OWFAT/lib/libowfat.a
# What only libowfat defines. (Names that a program of ours might use as a static of its own are lower case in nm.)
nm -g --defined-only "$owfat" 2>/dev/null | awk '$2 ~ /^[TDRB]$/ { print $3 }' | sort -u > "$tmp/owfat"
[ -s "$tmp/owfat" ] && : > "$tmp/wrong" || echo "$owfat has no symbols" > "$tmp/wrong"
verdict 'libowfat can be read' "$tmp/wrong"
grep '^cdb' "$tmp/owfat" > "$tmp/wrong"
ls "$OWFAT"/include/libowfat/cdb*.h >> "$tmp/wrong" 2>/dev/null
verdict "libowfat's cdb is gone, headers and objects" "$tmp/wrong"

# carries FILE: the words owfat, ssl, glib for what the executable holds or loads, directly or not
carries() {
	nm "$1" > "$tmp/nm" 2>/dev/null
	awk '$2 ~ /^[TtDdRrBb]$/ && NF == 3 { print $3 }' "$tmp/nm" | sort -u > "$tmp/names"
	ldd "$1" > "$tmp/ldd" 2>/dev/null
	grep -qE '^(stralloc_|buffer_(flush|put|get)|io_(fd|wait|tryread)|byte_(copy|diff)|scan_ulong|taia_)' "$tmp/names" &&
		[ -n "$(comm -12 "$tmp/names" "$tmp/owfat")" ] && echo owfat
	grep -qE 'lib(ssl|crypto|pq|curl)\.' "$tmp/ldd" && echo ssl
	grep -qE '^(SSL_|EVP_|OPENSSL_|CRYPTO_|OSSL_)' "$tmp/names" && echo ssl
	grep -qE 'lib(glib|gobject|gio|gmime)' "$tmp/ldd" && echo glib
	grep -qE '^(g_malloc|g_free|g_mime_)' "$tmp/names" && echo glib
	grep -qE 'lib(sqlite3|zstd|utf8proc)\.' "$tmp/ldd" && echo glib
	:
}
meet() { # FILE: what is wrong about it in any family
	c=$(carries "$1")
	case $c in *owfat*) case $c in *ssl*) echo "$1 carries libowfat (GPL-2 only) and OpenSSL (Apache-2.0)" ;; esac ;; esac
}

: > "$tmp/wrong"
n=0
for p in $PROGS_front $PROGS_back $TESTS $FUZZERS; do
	[ -f "$p" ] || { echo "$p is not built" >> "$tmp/wrong"; continue; }
	n=$((n + 1))
	meet "$p" >> "$tmp/wrong"
done
verdict "$n executables: libowfat and OpenSSL never meet" "$tmp/wrong"

: > "$tmp/wrong"
n=0
for p in $PROGS_front; do
	n=$((n + 1))
	carries "$p" | grep -E 'ssl|glib' | sed "s,^,$p carries ," >> "$tmp/wrong"
	nm "$p" 2>/dev/null | grep -qE ' [Tt] (qa_|main$)' || echo "$p: nothing of ours to see; was it stripped?" >> "$tmp/wrong"
done
verdict "$n front programs hold no OpenSSL, GLib or other big library" "$tmp/wrong"

: > "$tmp/wrong"
for p in $PROGS_front; do
	readelf -l "$p" | grep -q INTERP && echo "$p is started through a dynamic linker" >> "$tmp/wrong"
done
[ -n "$FRONT_STATIC" ] || : > "$tmp/wrong" # with sanitizers, or a compiler that cannot
verdict 'front programs are static' "$tmp/wrong"

: > "$tmp/wrong"
n=0
for p in $PROGS_back; do
	n=$((n + 1))
	carries "$p" | grep owfat | sed "s,^,$p carries ," >> "$tmp/wrong"
done
verdict "$n back programs hold no libowfat" "$tmp/wrong"

# The check sees what it looks for: a program with both is refused.
cat > "$tmp/both.c" <<'END'
#include <libowfat/stralloc.h>
#include <openssl/evp.h>
int main(void)
{
	static stralloc s;
	return !stralloc_copys(&s, "x") || !EVP_MD_CTX_new();
}
END
if gcc -isystem "$OWFAT/include" -o "$tmp/both" "$tmp/both.c" "$owfat" -lcrypto > "$tmp/out" 2>&1; then
	meet "$tmp/both" > "$tmp/wrong"
else
	cp "$tmp/out" "$tmp/both.log"; : > "$tmp/wrong"
fi
alarmed 'a program with both would be seen' "$tmp/wrong"

# One struct cdb for all: the size is tinycdb's with either family's flags and include order.
cat > "$tmp/cdb.c" <<'END'
#ifdef FRONT
#include <libowfat/stralloc.h>
#include <libowfat/buffer.h>
#else
#include <glib.h>
#endif
#include <cdb.h>
_Static_assert(sizeof(struct cdb) == 40, "struct cdb is not tinycdb's");
int main(void)
{
	struct cdb c;
	return cdb_init(&c, -1) == 0;
}
END
: > "$tmp/wrong"
# shellcheck disable=SC2086
gcc -DFRONT $LINT_CFLAGS_FRONT -o "$tmp/f" "$tmp/cdb.c" "$owfat" -l:libcdb.a >> "$tmp/wrong" 2>&1 &&
	{ "$tmp/f" || echo 'front: cdb_init took a bad descriptor' >> "$tmp/wrong"; }
verdict 'front: struct cdb is tinycdb'"'s" "$tmp/wrong"
: > "$tmp/wrong"
# shellcheck disable=SC2086
gcc $LINT_CFLAGS_BACK -o "$tmp/b" "$tmp/cdb.c" -lcdb >> "$tmp/wrong" 2>&1 &&
	{ "$tmp/b" || echo 'back: cdb_init took a bad descriptor' >> "$tmp/wrong"; }
verdict 'back: struct cdb is tinycdb'"'s" "$tmp/wrong"
finish
