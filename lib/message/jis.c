/*
 * ISO-2022-JP as it is sent: RFC 1468 and RFC 2237 sets, JIS X 0201 kana by escape, by SO/SI
 * or as plain 8-bit bytes, lines that forget to return to ASCII.
 */
#include "message/charset-private.h"

enum set { ASCII, KANA, TWO, SUPPLEMENT };

/* The set an escape sequence at the front of s (behind ESC) selects; its length, or 0. */
static size_t
escape(qa_span s, enum set *set_r)
{
	if (s.n >= 2 && s.p[0] == '(') {
		*set_r = s.p[1] == 'I' ? KANA : ASCII;
		return s.p[1] == 'B' || s.p[1] == 'J' || s.p[1] == 'H' || s.p[1] == 'I' ? 2 : 0;
	}
	if (s.n >= 2 && s.p[0] == '$' && (s.p[1] == '@' || s.p[1] == 'B')) {
		*set_r = TWO;
		return 2;
	}
	if (s.n >= 3 && s.p[0] == '$' && s.p[1] == '(') {
		/* D is the supplement; @ and B are long forms; O, P and Q (JIS X 0213) extend TWO */
		*set_r = s.p[2] == 'D' ? SUPPLEMENT : TWO;
		return strchr("D@BOQ", s.p[2]) && s.p[2] ? 3 : 0;
	}
	if (s.n >= 2 && s.p[0] == '&' && s.p[1] == '@') {
		*set_r = ASCII; /* announces JIS X 0208-1990; its own escape follows */
		return 2;
	}
	return 0;
}

static void
double_add(struct qa_sink *out, enum set set, const unsigned char *p)
{
	unsigned char e[3] = {0x8f, p[0] | 0x80, p[1] | 0x80};

	if (set == SUPPLEMENT)
		qa_sink_add(out, e, 3);
	else
		qa_sink_add(out, e + 1, 2);
}

static void
kana_add(struct qa_sink *out, unsigned char c)
{
	unsigned char e[2] = {0x8e, c | 0x80};

	qa_sink_add(out, e, 2);
}

void
qa_jis_to_euc(qa_span s, struct qa_sink *out)
{
	enum set set = ASCII;
	bool shifted = false;
	size_t i = 0, n;

	while (i < s.n) {
		unsigned char c = s.p[i];

		if (c == 0x1b && (n = escape(qa_span_cut(s, i + 1, 3), &set))) {
			i += n + 1;
		} else if (c == 0x0e || c == 0x0f) {
			shifted = c == 0x0e;
			i++;
		} else if (c == '\n' || c == '\r') {
			set = ASCII; /* RFC 1468: lines end in ASCII */
			shifted = false;
			qa_sink_addc(out, c);
			i++;
		} else if (set >= TWO && c > 0x20 && c < 0x7f && i + 1 < s.n && s.p[i + 1] > 0x20 &&
			   s.p[i + 1] < 0x7f) {
			double_add(out, set, s.p + i);
			i += 2;
		} else {
			bool kana = (c > 0x20 && c < 0x60 && (set == KANA || (shifted && set == ASCII))) ||
				    (c > 0xa0 && c < 0xe0);

			if (kana)
				kana_add(out, c);
			else
				qa_sink_addc(out, c);
			i++;
		}
	}
}
