/* Charsets: each kind of Japanese under right, wrong and no labels, and the others. */
#include "message/charset.h"
#include "message/charset-private.h"
#include "tests/tap.h"

#define ARCHIVE "\xe4\xbf\x9d\xe5\xad\x98" /* two Han characters, UTF-8 */
#define WORDS "\xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab\xe3\x82\x92\xe4\xbf\x9d\xe5\xad\x98" /* kana and Han */

static const char sjis[] = "\x83\x81\x81\x5b\x83\x8b\x82\xf0\x95\xdb\x91\xb6";
static const char euc[] = "\xa5\xe1\xa1\xbc\xa5\xeb\xa4\xf2\xca\xdd\xc2\xb8";
static const char jis[] = "\x1b$B%a!<%k$rJ]B8\x1b(B";

static void
becomes(const char *label, const char *bytes, const char *want)
{
	struct qa_sink out = QA_SINK(0);

	qa_charset_add(&out, qa_span_str(label), qa_span_str(bytes));
	if (!OKF(qa_span_is(qa_sink_span(&out), want), "%s as %s: %s", want, *label ? label : "nothing",
		 qa_charset_name(qa_span_str(label), qa_span_str(bytes))))
		printf("# have %.*s\n", (int)out.b.n, out.b.p);
	qa_sink_free(&out);
}

static void
japanese(void)
{
	static const char *const labels[] = {"",	 "us-ascii",	"utf-8",     "iso-8859-1", "iso-2022-jp",
					     "Shift_JIS", "euc-jp",	"no-such",   "windows-1252"};

	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		becomes(labels[i], jis, WORDS);
		becomes(labels[i], WORDS, WORDS);
		becomes(labels[i], sjis, WORDS);
		becomes(labels[i], euc, WORDS);
	}
	becomes("x-sjis", sjis, WORDS);
	becomes("Windows-31J", sjis, WORDS);
	becomes("CP932", "\x87\x40\x87\x8a", "\xe2\x91\xa0\xe3\x88\xb1"); /* NEC: circled 1, (stock) */
	becomes("iso-2022-jp", "\x1b$B-!\x1b(B", "\xe2\x91\xa0");
	becomes("iso-2022-jp", "\x1b(I1;]\x1b(B!", "\xef\xbd\xb1\xef\xbd\xbb\xef\xbe\x9d!");
	becomes("iso-2022-jp", "\x0e" "1;\x0f!", "\xef\xbd\xb1\xef\xbd\xbb!");
	becomes("iso-2022-jp", "\x1b$BJ]\n\x1b$BB8\x1b(B", "\xe4\xbf\x9d\n\xe5\xad\x98");
	becomes("iso-2022-jp", "\x1b$BJ]B8", ARCHIVE);
	becomes("iso-2022-jp", "\x1b$(DB8\x1b(B", "\xe6\x99\x97"); /* JIS X 0212 */
	becomes("iso-2022-jp", "plain", "plain");
	becomes("Shift_JIS", "\xb1\xbb\xdd", "\xef\xbd\xb1\xef\xbd\xbb\xef\xbe\x9d");
	becomes("", "\xb1\xbb\xdd", "\xef\xbd\xb1\xef\xbd\xbb\xef\xbe\x9d");
	becomes("euc-jp", "\x8e\xb1", "\xef\xbd\xb1");
	becomes("utf-8", "\x82\xa0\x82", "\xe3\x81\x82\xef\xbf\xbd");
}

static void
others(void)
{
	becomes("", "caf\xe9 na\xefve", "caf\xc3\xa9 na\xc3\xafve");
	becomes("us-ascii", "don\x92t won\x92t it\x92s \x93T\x94", "don\xe2\x80\x99t won\xe2\x80\x99t it\xe2\x80\x99s "
								    "\xe2\x80\x9cT\xe2\x80\x9d");
	becomes("", "M\xf6glichkeit f\xfcr \xfc" "ber gr\xfc\xdf" "e", "M\xc3\xb6glichkeit f\xc3\xbcr \xc3\xbc"
								      "ber gr\xc3\xbc\xc3\x9f" "e");
	becomes("iso-8859-1", "\x80 1", "\xe2\x82\xac 1");
	becomes("iso-8859-1", "caf\xc3\xa9", "caf\xc3\xa9"); /* really UTF-8 */
	becomes("iso-8859-2", "\xb1\xe6", "\xc4\x85\xc4\x87");
	becomes("koi8-r", "\xed\xc9\xd2", "\xd0\x9c\xd0\xb8\xd1\x80");
	becomes("windows-1251", "\xcc\xe8\xf0", "\xd0\x9c\xd0\xb8\xd1\x80");
	becomes("gb2312", "\xd6\xd0\xce\xc4", "\xe4\xb8\xad\xe6\x96\x87");
	becomes("big5", "\xa4\xa4\xa4\xe5", "\xe4\xb8\xad\xe6\x96\x87");
	becomes("ks_c_5601-1987", "\xc7\xd1\xb1\xdb", "\xed\x95\x9c\xea\xb8\x80");
	becomes("utf-7", "+ZeVnLIqe-", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");
	becomes("utf-8", "a\xff" "b\xe3\x81", "a\xc3\xbf" "b\xc3\xa3\xef\xbf\xbd"); /* nothing of it is UTF-8 */
	becomes("utf-8", "ok \xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xff", "ok \xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xef\xbf\xbd");
	becomes("\"utf-8\"", "\xc3\xa9", "\xc3\xa9");
	becomes("../../../tmp/x", "a\xe9", "a\xc3\xa9");

	struct qa_sink out = QA_SINK(0);
	qa_charset_add(&out, qa_span_str("utf-16"), qa_span_of("\0a\0b", 4));
	qa_charset_add(&out, qa_span_str("utf-16"), qa_span_of("\xff\xfe" "c\0", 4));
	qa_charset_add(&out, qa_span_str("utf-16"), qa_span_of("d\0e\0f", 5));
	OK(qa_span_is(qa_sink_span(&out), "abcde\xef\xbf\xbd"));
	qa_sink_free(&out);
}

static void
looks(void)
{
	char text[40];

	memset(text, 'x', sizeof text);
	for (size_t at = 0; at < sizeof text; at++) {
		for (unsigned c = 0; c < 256; c++) {
			bool plain = c < 128 && c != 0x1b && c != 0x0e && c != 0x0f;

			text[at] = (char)c;
			if (qa_guess_ascii(qa_span_of(text, sizeof text)) != plain)
				OKF(0, "byte %u at %zu", c, at);
		}
		text[at] = 'x';
	}
	OK(qa_guess_ascii(qa_span_of(text, sizeof text)) && qa_guess_ascii(qa_span_of(NULL, 0)));
	OK(!qa_guess_euc(qa_span_str("\xa5")) && !qa_guess_sjis(qa_span_str("\x83")));
	OK(!qa_charset_plain(qa_span_str("utf-7"), qa_span_str("+ZeU-")));
}

static void
sinks(void)
{
	struct qa_sink s = QA_SINK(5);

	qa_sink_text(&s, qa_span_str("a\r\nb\rc"));
	OK(qa_span_is(qa_sink_span(&s), "a\nb\nc") && !s.full);
	qa_sink_addc(&s, 'x');
	OK(s.full && s.b.n == 5);
	qa_sink_clear(&s);
	qa_sink_add(&s, "1234567", 7);
	OK(s.full && qa_span_is(qa_sink_span(&s), "12345"));
	qa_sink_free(&s);
	s = (struct qa_sink)QA_SINK(0);
	qa_sink_text(&s, qa_span_of("\0\x01\x7f\t\xc2\x85\xed\xa0\x80\xff", 10));
	OK(qa_span_is(qa_sink_span(&s), "   \t\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
	qa_sink_clear(&s);
	qa_sink_char(&s, 0x1f600);
	qa_sink_char(&s, 0xd800);
	qa_sink_char(&s, 0x110000);
	OK(qa_span_is(qa_sink_span(&s), "\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd"));
	qa_sink_free(&s);
	OK(qa_utf8_length(qa_span_str("\xc0\x80")) == 0 && qa_utf8_length(qa_span_str("\xe0\x80\x80")) == 0 &&
	   qa_utf8_length(qa_span_str("\xf4\x90\x80\x80")) == 0 && qa_utf8_length(qa_span_str("\xf4\x8f\xbf\xbf")) == 4);
}

int
main(void)
{
	qa_charset_init();
	japanese();
	others();
	looks();
	sinks();
	return done();
}
