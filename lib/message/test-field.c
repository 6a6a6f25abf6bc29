/* Header fields and transfer encodings, as they are sent and as they should not be. */
#include "message/field.h"
#include "message/transfer.h"
#include "tests/tap.h"

#include <stdlib.h>

static struct qa_sink out = QA_SINK(0);

static void
text(const char *value, const char *want)
{
	qa_sink_clear(&out);
	qa_field_text(qa_span_str(value), &out);
	if (!OKF(qa_span_is(qa_sink_span(&out), want), "text %.40s", want))
		printf("# have [%.*s]\n", (int)out.b.n, out.b.p);
}

static void
words(void)
{
	text("plain", "plain");
	text("a\r\n b\n\tc", "a b c");
	text("=?utf-8?Q?caf=C3=A9_x?=", "caf\xc3\xa9 x");
	text("=?UTF-8?b?44GC?=", "\xe3\x81\x82");
	text("=?utf-8*en?q?x?= y", "x y");
	text("a =?utf-8?q?b?=  =?utf-8?q?c?= d", "a bc d");
	text("a=?utf-8?q?b?=c", "abc");
	text("=?utf-8?B?44E=?= =?utf-8?B?gg==?=", "\xe3\x81\x82"); /* a character split between words */
	text("=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "a\xc3\xa9");
	text("=?iso-2022-jp?B?GyRCSl0=?=\n =?iso-2022-jp?B?Qjg=?=", "\xe4\xbf\x9d\xe5\xad\x98");
	text("=?utf-8?q?how are you?\?=", "how are you?");
	text("=?utf-8?q?a?=b?= =?utf-8?q?c", "ab?= =?utf-8?q?c");
	text("=?x?q?=?y?q?=?utf-8?q?z?=", "=?x?q?=?y?q?z");
	text("=?utf-8?x?a?= =? ?= =?=", "=?utf-8?x?a?= =? ?= =?=");
	text("=?utf-8?q?a=0Ab=00c?=", "a b c");
	text("\x1b$BJ]\x1b(B, \"x\"", "\xe4\xbf\x9d, \"x\"");
	text("raw \xe3\x81\x82", "raw \xe3\x81\x82");
	text("raw caf\xe9", "raw caf\xc3\xa9");
	text("", "");
}

static bool
box(void *arg, const struct qa_mailbox *m)
{
	struct qa_sink *all = arg;

	qa_sink_add(all, ";", all->b.n > 0);
	qa_word_text(m->name, all);
	qa_sink_addc(all, '|');
	qa_sink_add(all, m->addr.p, m->addr.n);
	return true;
}

/* "name|addr;name|addr" */
static void
boxes(const char *value, const char *want)
{
	struct qa_sink flat = QA_SINK(0), all = QA_SINK(0);
	bool good = qa_mailbox_each(qa_field_utf8(qa_span_str(value), &flat), box, &all);

	if (!OKF(good && qa_span_is(qa_sink_span(&all), want), "mailboxes %.50s", want))
		printf("# have [%.*s]\n", (int)all.b.n, all.b.p);
	qa_sink_free(&flat);
	qa_sink_free(&all);
}

static void
addresses(void)
{
	boxes("a@b.c", "|a@b.c");
	boxes("A <a@b.c>, \"D, E\" <d@e>", "A|a@b.c;D, E|d@e");
	boxes("a@b.c (An (old) form)", "An (old) form|a@b.c");
	boxes("G: a@b, C <c@d>; e@f", "|a@b;C|c@d;|e@f");
	boxes("undisclosed-recipients:;", "");
	boxes("<@x,@y:a@b>", "|a@b");
	boxes("\"quoted local\"@b.c", "|\"quoted local\"@b.c");
	boxes("<\"quoted local\"@b.c>", "|\"quoted local\"@b.c");
	boxes("a . b @ c . d", "|a.b@c.d");
	boxes("A <a@b, C <c@d>", "A|a@b;C|c@d");
	boxes("A <a @ b>", "A|a@b");
	boxes("=?utf-8?q?D=2C_E?= <d@e>", "D, E|d@e");
	boxes("\"\\\"x\\\\y\\z\" <a@b>", "\"x\\yz|a@b");
	boxes("\x83\x5c\x83\x74\x83\x67 <a@b>", "\xe3\x82\xbd\xe3\x83\x95\xe3\x83\x88|a@b"); /* SJIS: 5C is no escape */
	boxes("\x1b$B$\"\"<\x1b(B <a@b>", "\xe3\x81\x82\xe2\x8a\x86|a@b"); /* JIS: bytes like '"' and '<' */
	boxes("name only", "name only|");
	boxes(",,;; ,", "");
	boxes("\"never closed <a@b>", "never closed|a@b");
	boxes("(never closed <a@b>", "(never closed <a@b|");
	boxes("<", "");
	boxes("a@b <c@d>", "a@b|c@d");
	boxes("mailing list a@b", "mailing list|a@b");
	boxes("a..b@c, .d@e, f.@g", "|a..b@c;|.d@e;|f.@g"); /* as phones in Japan had them */
	boxes("<a@b> (Name (old))", "Name (old)|a@b");
	boxes("a@xn--wgv71a.jp", "|a@xn--wgv71a.jp");
	boxes("a@\xe6\x97\xa5\xe6\x9c\xac.jp", "|a@\xe6\x97\xa5\xe6\x9c\xac.jp");
	boxes("=?utf-8?q?a?= x <=?b?@c>", "a x|=?b?@c");
	boxes("<a@b> x", "|a@b;x|;a@b> x|"); /* no word gets lost */
}

static void
param(const char *value, const char *name, const char *want)
{
	struct qa_params p;
	bool has;

	qa_sink_clear(&out);
	qa_params_type(&p, qa_span_str(value));
	has = qa_params_get(&p, name, &out);
	if (!OKF(want ? has && qa_span_is(qa_sink_span(&out), want) : !has, "%s of %.40s", name, value))
		printf("# have %d [%.*s]\n", has, (int)out.b.n, out.b.p);
	qa_params_free(&p);
}

static void
type(const char *value, const char *want)
{
	struct qa_params p;

	qa_params_type(&p, qa_span_str(value));
	if (!OKF(strcmp(p.value, want) == 0, "type %s", value))
		printf("# have [%s]\n", p.value);
	qa_params_free(&p);
}

static void
params(void)
{
	param("text/plain; charset=utf-8", "charset", "utf-8");
	param("text/plain; CharSet = \"utf-8\" ; x=y", "charset", "utf-8");
	param("text/plain;charset=utf-8;", "x", NULL);
	param("text/plain", "charset", NULL);
	param("text/plain; charset", "charset", NULL);
	param("a/b; name=a file.txt; x=1", "name", "a file.txt");
	param("a/b; name=\"a;b\\\"c\\d.txt\"", "name", "a;b\"c\\d.txt");
	param("a/b; name=\"never closed", "name", "\"never closed");
	param("a/b (c;name=x); name=y", "name", "y");
	param("a/b; =; ;;= name=x", "name", NULL);
	param("a/b; name==?utf-8?B?44GC?=", "name", "\xe3\x81\x82");
	param("a/b; name=\"=?utf-8?B?44GC?=\r\n =?utf-8?B?44GE?=\"", "name", "\xe3\x81\x82\xe3\x81\x84");
	param("a/b; name*=utf-8'ja'%E3%81%82.txt", "name", "\xe3\x81\x82.txt");
	param("a/b; name*=%E3%81%82", "name", "\xe3\x81\x82");
	param("a/b; name*1*=%82.t; name*2=xt; name*0*=utf-8''%E3%81", "name", "\xe3\x81\x82.txt");
	param("a/b; name*0=\"one\"; name*1=\"two\"; name*3=four", "name", "onetwofour");
	param("a/b; name=plain; name*=utf-8''extended", "name", "extended");
	param("a/b; name*=iso-2022-jp''%1B$BJ%5D%1B%28B", "name", "\xe4\xbf\x9d");
	param("a/b; name*=x%zz%4", "name", "x%zz%4");
	param("a/b; name=\"C:\\TEMP\\x.png\"", "name", "C:\\TEMP\\x.png");
	param("a/b; name*0=\"it's bob's\"; name*1=\" 5%41\"", "name", "it's bob's 5%41");
	param("a/b; name*=utf-7''+AGE-; x=1", "name", "a");
	param("BINARY; name=x", "name", "x");
	param("a/b; name*99999999999999999999*=x; name*0x=y; names*0=z", "name", "x");
	param("a/b; name=\"\x83\x5c\x82\xf0.txt\"", "name", "\xe3\x82\xbd\xe3\x82\x92.txt"); /* 5C is no escape */
	param("a/b; name=\"\xe3\x81\x82.txt\"", "name", "\xe3\x81\x82.txt");
	type(" (c) Text/Plain ;x", "text/plain");
	type("text; charset=x", "");
	type("", "");
	type(";", "");
	type("nonsense", "");
}

static void
ids(void)
{
	qa_span s = qa_span_str("<a@b> (x)\n\t< c@d ><e> word f@g <unclosed"), id;

	OK(qa_msgid_next(&s, &id) && qa_span_is(id, "a@b"));
	OK(qa_msgid_next(&s, &id) && qa_span_is(id, "c@d"));
	OK(qa_msgid_next(&s, &id) && qa_span_is(id, "e"));
	OK(qa_msgid_next(&s, &id) && qa_span_is(id, "f@g"));
	OK(qa_msgid_next(&s, &id) && qa_span_is(id, "unclosed"));
	OK(!qa_msgid_next(&s, &id) && !qa_msgid_next(&s, &id));
}

/* Each case whole, and cut into pieces at every place. */
static void
decodes(GMimeContentEncoding kind, const char *in, const char *want)
{
	size_t n = strlen(in);
	bool good = true;

	for (size_t cut = 0; cut <= n; cut++) {
		unsigned char *to = malloc(n + 16);
		struct qa_transfer t;
		size_t got;

		if (!to)
			exit(1);
		qa_transfer_init(&t, kind);
		got = qa_transfer_step(&t, qa_span_of(in, cut), to);
		got += qa_transfer_step(&t, qa_span_of(in + cut, n - cut), to + got);
		got += qa_transfer_end(&t, to + got);
		if (!qa_span_is(qa_span_of(to, got), want)) {
			printf("# cut at %zu: [%.*s]\n", cut, (int)got, to);
			good = false;
		}
		free(to);
	}
	OKF(good, "decoding %.30s", in);
}

static void
transfer(void)
{
	decodes(GMIME_CONTENT_ENCODING_BASE64, "YWJj", "abc");
	decodes(GMIME_CONTENT_ENCODING_BASE64, "YWI=\r\nYw==", "abc");
	decodes(GMIME_CONTENT_ENCODING_BASE64, "Y!W*J\nj ZA", "abcd");
	decodes(GMIME_CONTENT_ENCODING_BASE64, "=", "");
	decodes(GMIME_CONTENT_ENCODING_BASE64, "Y", "");
	decodes(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, "a=C3=a9b=\r\nc=\nd= \t\ne", "a\xc3\xa9" "bcde");
	decodes(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, "1+1=2 =zz =4", "1+1=2 =zz ");
	decodes(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, "x=\rx= \r\ny==\r\nz=", "xxy==\nz");
	decodes(GMIME_CONTENT_ENCODING_UUENCODE, "#86)C\n`\nend\n", "abc");
	decodes(GMIME_CONTENT_ENCODING_UUENCODE, "#86)C\r\n#86", "abc");
	decodes(GMIME_CONTENT_ENCODING_DEFAULT, "=3D", "=3D");
	OK(qa_transfer_encoding(qa_span_str("BASE64 (c)")) == GMIME_CONTENT_ENCODING_BASE64);
	OK(qa_transfer_encoding(qa_span_str(" quoted-Printable;")) == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	OK(!qa_transfer_encoded(qa_transfer_encoding(qa_span_str("8bit"))));
	OK(!qa_transfer_encoded(qa_transfer_encoding(qa_span_str(""))));

	qa_sink_clear(&out);
	qa_transfer_all(GMIME_CONTENT_ENCODING_UUENCODE, qa_span_str("text\nbegin 644 x.txt\r\n#86)C\r\n`\r\nend\r\n"), &out);
	OK(qa_span_is(qa_sink_span(&out), "abc"));

	struct qa_sink few = QA_SINK(10);
	qa_transfer_all(GMIME_CONTENT_ENCODING_BASE64, qa_span_str("YWJjYWJjYWJjYWJj"), &few);
	OK(few.full && qa_span_is(qa_span_cut(qa_sink_span(&few), 0, 3), "abc") && few.b.n <= 10);
	OK(qa_transfer_is_base64(qa_span_str("YWJj\r\nYWI=\n")) && qa_transfer_is_base64(qa_span_str("")));
	OK(!qa_transfer_is_base64(qa_span_str("<html> plain words under a wrong label</html>")));
	qa_sink_free(&few);
}

int
main(void)
{
	g_mime_init();
	words();
	addresses();
	params();
	ids();
	transfer();
	qa_sink_free(&out);
	return done();
}
