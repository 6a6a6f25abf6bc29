#include "message/charset.h"

#include "message/charset-private.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>

enum kind { LABELLED, UTF8, JIS };

static struct charset {
	const char *iconv; /* iconv's name */
	enum kind kind;
	bool single; /* one byte a character: hardly any byte breaks its rules */
	bool wide;   /* UTF-16, UTF-32, UTF-7: ASCII bytes do not mean themselves */
	iconv_t cd;
	bool opened;
} charsets[] = {
    {.iconv = "UTF-8", .kind = UTF8},
    {.iconv = "EUC-JP-MS", .kind = JIS}, /* the table behind ISO-2022-JP */
    {.iconv = "EUC-JP-MS"},
    {.iconv = "CP932"},
    {.iconv = "GB18030"},
    {.iconv = "BIG5-HKSCS"},
    {.iconv = "CP949"},
    {.iconv = "ISO-2022-KR", .wide = true},
    {.iconv = "EUC-TW"},
    {.iconv = "UTF-16", .wide = true},
    {.iconv = "UTF-16BE", .wide = true},
    {.iconv = "UTF-16LE", .wide = true},
    {.iconv = "UTF-32", .wide = true},
    {.iconv = "UTF-7", .wide = true},
    {.iconv = "CP1250", .single = true},
    {.iconv = "CP1251", .single = true},
    {.iconv = "CP1252", .single = true},
    {.iconv = "CP1253", .single = true},
    {.iconv = "CP1254", .single = true},
    {.iconv = "CP1255", .single = true},
    {.iconv = "CP1256", .single = true},
    {.iconv = "CP1257", .single = true},
    {.iconv = "CP1258", .single = true},
    {.iconv = "CP874", .single = true},
    {.iconv = "ISO-8859-2", .single = true},
    {.iconv = "ISO-8859-3", .single = true},
    {.iconv = "ISO-8859-4", .single = true},
    {.iconv = "ISO-8859-5", .single = true},
    {.iconv = "ISO-8859-6", .single = true},
    {.iconv = "ISO-8859-7", .single = true},
    {.iconv = "ISO-8859-8", .single = true},
    {.iconv = "ISO-8859-10", .single = true},
    {.iconv = "ISO-8859-13", .single = true},
    {.iconv = "ISO-8859-14", .single = true},
    {.iconv = "ISO-8859-15", .single = true},
    {.iconv = "ISO-8859-16", .single = true},
    {.iconv = "KOI8-R", .single = true},
    {.iconv = "KOI8-U", .single = true},
    {.iconv = "CP437", .single = true},
    {.iconv = "CP850", .single = true},
    {.iconv = "CP852", .single = true},
    {.iconv = "CP866", .single = true},
    {.iconv = "MACINTOSH", .single = true},
    {.iconv = "VISCII", .single = true},
};

/* Labels without '-', '_', '.' and ':', in lower case; sorted by nothing, the list is short
 * and the common ones stand first. */
static const struct {
	const char *label, *iconv;
} labels[] = {
    {"usascii", NULL},
    {"utf8", "UTF-8"},
    {"iso2022jp", "JIS"},
    {"iso88591", "CP1252"},
    {"windows1252", "CP1252"},
    {"shiftjis", "CP932"},
    {"eucjp", "EUC-JP-MS"},
    {"iso885915", "ISO-8859-15"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"euckr", "CP949"},
    {"koi8r", "KOI8-R"},
    {"koi8u", "KOI8-U"},
    {"windows1251", "CP1251"},
    {"windows1250", "CP1250"},
    {"iso88592", "ISO-8859-2"},
    {"latin1", "CP1252"},
    {"cp932", "CP932"},
    {"windows31j", "CP932"},
    {"ms932", "CP932"},
    {"sjis", "CP932"},
    {"xsjis", "CP932"},
    {"mskanji", "CP932"},
    {"csshiftjis", "CP932"},
    {"cswindows31j", "CP932"},
    {"xeucjp", "EUC-JP-MS"},
    {"ujis", "EUC-JP-MS"},
    {"cseucpkdfmtjapanese", "EUC-JP-MS"},
    {"eucjpms", "EUC-JP-MS"},
    {"iso2022jp1", "JIS"},
    {"iso2022jp2", "JIS"},
    {"iso2022jp3", "JIS"},
    {"iso2022jpms", "JIS"},
    {"csiso2022jp", "JIS"},
    {"cp50220", "JIS"},
    {"cp50221", "JIS"},
    {"jis", "JIS"},
    {"gb231280", "GB18030"},
    {"cp936", "GB18030"},
    {"xgbk", "GB18030"},
    {"euccn", "GB18030"},
    {"big5hkscs", "BIG5-HKSCS"},
    {"cnbig5", "BIG5-HKSCS"},
    {"cp950", "BIG5-HKSCS"},
    {"xxbig5", "BIG5-HKSCS"},
    {"ksc56011987", "CP949"},
    {"ksc5601", "CP949"},
    {"ksc56011989", "CP949"},
    {"cp949", "CP949"},
    {"uhc", "CP949"},
    {"windows949", "CP949"},
    {"iso2022kr", "ISO-2022-KR"},
    {"euctw", "EUC-TW"},
    {"utf16", "UTF-16"},
    {"utf16be", "UTF-16BE"},
    {"utf16le", "UTF-16LE"},
    {"unicode", "UTF-16"},
    {"ucs2", "UTF-16"},
    {"utf32", "UTF-32"},
    {"utf7", "UTF-7"},
    {"unicode11utf7", "UTF-7"},
    {"xunicode20utf7", "UTF-7"},
    {"unicode11utf8", "UTF-8"},
    {"xunicode20utf8", "UTF-8"},
    {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},
    {"cp1252", "CP1252"},
    {"xcp1252", "CP1252"},
    {"xcp1251", "CP1251"},
    {"xcp1250", "CP1250"},
    {"iso88591windows1252", "CP1252"},
    {"ansi", "CP1252"},
    {"windows1253", "CP1253"},
    {"windows1254", "CP1254"},
    {"windows1255", "CP1255"},
    {"windows1256", "CP1256"},
    {"windows1257", "CP1257"},
    {"windows1258", "CP1258"},
    {"windows874", "CP874"},
    {"cp874", "CP874"},
    {"tis620", "CP874"},
    {"iso885911", "CP874"},
    {"latin2", "ISO-8859-2"},
    {"iso88593", "ISO-8859-3"},
    {"iso88594", "ISO-8859-4"},
    {"iso88595", "ISO-8859-5"},
    {"iso88596", "ISO-8859-6"},
    {"iso88597", "ISO-8859-7"},
    {"iso88598", "ISO-8859-8"},
    {"iso88598i", "ISO-8859-8"},
    {"iso88599", "CP1254"},
    {"latin5", "CP1254"},
    {"iso885910", "ISO-8859-10"},
    {"iso885913", "ISO-8859-13"},
    {"iso885914", "ISO-8859-14"},
    {"latin9", "ISO-8859-15"},
    {"iso885916", "ISO-8859-16"},
    {"koi8", "KOI8-R"},
    {"cp437", "CP437"},
    {"ibm437", "CP437"},
    {"cp850", "CP850"},
    {"ibm850", "CP850"},
    {"cp852", "CP852"},
    {"ibm852", "CP852"},
    {"cp866", "CP866"},
    {"ibm866", "CP866"},
    {"macintosh", "MACINTOSH"},
    {"mac", "MACINTOSH"},
    {"xmacroman", "MACINTOSH"},
    {"viscii", "VISCII"},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct charset *
charset_named(const char *name)
{
	if (strcmp(name, "JIS") == 0)
		return charsets + 1;
	for (size_t i = 0; i < COUNT(charsets); i++)
		if (charsets[i].kind != JIS && strcmp(charsets[i].iconv, name) == 0)
			return charsets + i;
	return NULL;
}

/* The charset of a label; NULL when it is none, unknown, or only claims ASCII. */
static struct charset *
charset_of(qa_span label)
{
	char key[32];
	size_t n = 0;

	for (size_t i = 0; i < label.n; i++) {
		unsigned char c = label.p[i];

		if (c >= 'A' && c <= 'Z')
			c |= 32;
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			continue;
		if (n == sizeof key - 1)
			return NULL;
		key[n++] = (char)c;
	}
	key[n] = '\0';
	for (size_t i = 0; n && i < COUNT(labels); i++)
		if (strcmp(key, labels[i].label) == 0)
			return labels[i].iconv ? charset_named(labels[i].iconv) : NULL;
	return NULL;
}

static iconv_t
converter(struct charset *c)
{
	if (!c->opened) {
		c->cd = iconv_open("UTF-8", c->iconv);
		c->opened = true;
	}
	return c->cd;
}

void
qa_charset_init(void)
{
	for (size_t i = 0; i < COUNT(charsets); i++)
		converter(charsets + i);
}

/* Converts all of s to OUT (NULL: only counts); the bytes that no rule fits become U+FFFD.
 * Returns their number, or SIZE_MAX when the table cannot be had. */
static size_t
convert(struct charset *c, qa_span s, struct qa_sink *out)
{
	iconv_t cd = converter(c);
	char buf[8192], *in = (char *)(uintptr_t)s.p; /* iconv does not write there */
	size_t left = s.n, bad = 0;

	if (cd == (iconv_t)-1)
		return SIZE_MAX;
	iconv(cd, NULL, NULL, NULL, NULL);
	while (left) {
		char *to = buf;
		size_t room = sizeof buf, r = iconv(cd, &in, &left, &to, &room);

		if (out)
			qa_sink_add(out, buf, (size_t)(to - buf));
		if (r != (size_t)-1)
			break;
		if (errno == E2BIG && to != buf)
			continue;
		bad++;
		if (out)
			qa_sink_char(out, 0xfffd);
		in++;
		left--;
	}
	char *to = buf;
	size_t room = sizeof buf;
	if (iconv(cd, NULL, NULL, &to, &room) != (size_t)-1 && out)
		qa_sink_add(out, buf, (size_t)(to - buf));
	return bad;
}

static size_t
utf8_copy(qa_span s, struct qa_sink *out)
{
	size_t from = 0, bad = 0;

	for (size_t i = 0, n; i < s.n; i += n) {
		n = s.p[i] < 0x80 ? 1 : qa_utf8_length(qa_span_cut(s, i, 4));
		if (n)
			continue;
		n = 1;
		bad++;
		if (out) {
			qa_sink_add(out, s.p + from, i - from);
			qa_sink_char(out, 0xfffd);
		}
		from = i + 1;
	}
	if (out && from < s.n)
		qa_sink_add(out, s.p + from, s.n - from);
	return bad;
}

static size_t
jis_copy(struct charset *c, qa_span s, struct qa_sink *out)
{
	struct qa_sink euc = QA_SINK(0);
	size_t bad;

	qa_jis_to_euc(s, &euc);
	bad = convert(c, qa_sink_span(&euc), out);
	if (out)
		out->failed = out->failed || euc.failed;
	qa_sink_free(&euc);
	return bad;
}

static size_t
run(struct charset *c, qa_span s, struct qa_sink *out)
{
	return c->kind == UTF8 ? utf8_copy(s, out) : c->kind == JIS ? jis_copy(c, s, out) : convert(c, s, out);
}

static size_t
high_bytes(qa_span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] >= 0x80;
	return n;
}

/* A BOM, or zeros where UTF-16 of European text has them. */
static struct charset *
wide_of(struct charset *c, qa_span s)
{
	size_t even = 0, odd = 0;

	if (strcmp(c->iconv, "UTF-16") != 0 || (s.n >= 2 && ((s.p[0] == 0xfe && s.p[1] == 0xff) ||
							      (s.p[0] == 0xff && s.p[1] == 0xfe))))
		return c;
	for (size_t i = 0; i + 1 < s.n && i < 4096; i += 2) {
		even += s.p[i] == 0;
		odd += s.p[i + 1] == 0;
	}
	return charset_named(odd > even ? "UTF-16LE" : "UTF-16BE");
}

static struct charset *
japanese(qa_span s, int at_least)
{
	int euc = qa_guess_euc(s), sjis = qa_guess_sjis(s);

	if (euc >= at_least && euc >= sjis)
		return charset_named("EUC-JP-MS");
	return sjis >= at_least ? charset_named("CP932") : NULL;
}

/* Which charset the bytes are in, by label and look. */
static struct charset *
choose(qa_span label, qa_span s)
{
	struct charset *c = charset_of(label), *j;
	bool escapes, latin = c && strcmp(c->iconv, "CP1252") == 0;
	size_t bad, high;

	if (c && c->wide)
		return converter(c) == (iconv_t)-1 ? charsets : wide_of(c, s);
	if (qa_guess_ascii(s))
		return charsets;
	escapes = qa_guess_jis(s);
	high = high_bytes(s);
	if (!high)
		return escapes || (c && c->kind == JIS) ? charsets + 1 : charsets;
	/* UTF-8 is hardly ever something else by chance, but a table of two bytes a character
	 * may take it: such a label is asked first */
	if ((!c || c->single || c->kind != LABELLED) && !escapes && qa_utf8_valid(s))
		return charsets;
	if (latin && (j = japanese(s, 2)))
		return j;
	if (c && !(c->single && escapes) && run(c, s, NULL) == 0)
		return c;
	if (!escapes && qa_utf8_valid(s))
		return charsets;
	if (escapes)
		return charsets + 1;
	if ((j = japanese(s, 1)))
		return j;
	bad = c ? run(c, s, NULL) : SIZE_MAX;
	if (c && !c->single && bad <= high / 32 + 1 && bad < high / 2)
		return c;
	if (c && bad <= high / 8)
		return c;
	if (utf8_copy(s, NULL) <= high / 16)
		return charsets;
	return charset_named("CP1252");
}

bool
qa_charset_plain(qa_span label, qa_span bytes)
{
	struct charset *c = charset_of(label);

	return !(c && c->wide) && qa_guess_ascii(bytes);
}

void
qa_charset_add(struct qa_sink *out, qa_span label, qa_span bytes)
{
	struct charset *c = choose(label, bytes);

	if (run(c, bytes, out) == SIZE_MAX)
		utf8_copy(bytes, out);
}

const char *
qa_charset_name(qa_span label, qa_span bytes)
{
	struct charset *c = choose(label, bytes);

	return c->kind == JIS ? "ISO-2022-JP" : c->iconv;
}
