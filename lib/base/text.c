#include "base/text.h"

#include <errno.h>
#include <stdint.h>

static const char digits[] = "0123456789abcdef";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool
qa_span_caseeq(qa_span a, qa_span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		unsigned char x = a.p[i], y = b.p[i];

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return true;
}

void
qa_hex(const void *p, size_t n, char *out)
{
	const unsigned char *s = p;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[s[i] >> 4];
		*out++ = digits[s[i] & 15];
	}
	*out = 0;
}

static int
hexdigit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
qa_unhex(qa_span s, unsigned char *out, size_t n)
{
	if (s.n != 2 * n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int a = hexdigit(s.p[2 * i]), b = hexdigit(s.p[2 * i + 1]);

		if (a < 0 || b < 0)
			return -1;
		out[i] = (unsigned char)(a << 4 | b);
	}
	return 0;
}

int
qa_base64_add(struct qa_buf *b, qa_span s)
{
	if (qa_buf_reserve(b, (s.n + 2) / 3 * 4))
		return -1;
	unsigned char *o = b->p + b->n;
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16;

		if (left > 1)
			v |= (uint32_t)s.p[i + 1] << 8;
		if (left > 2)
			v |= s.p[i + 2];
		*o++ = (unsigned char)alphabet[v >> 18];
		*o++ = (unsigned char)alphabet[v >> 12 & 63];
		*o++ = left > 1 ? (unsigned char)alphabet[v >> 6 & 63] : '=';
		*o++ = left > 2 ? (unsigned char)alphabet[v & 63] : '=';
	}
	b->n = (size_t)(o - b->p);
	return 0;
}

static int
sextet(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
qa_unbase64_add(struct qa_buf *b, qa_span s)
{
	size_t start = b->n;

	if (s.n % 4)
		goto bad;
	if (qa_buf_reserve(b, s.n / 4 * 3))
		return -1;
	for (size_t i = 0; i < s.n; i += 4) {
		int last = i + 4 == s.n;
		int pad = last ? (s.p[i + 3] == '=') + (s.p[i + 3] == '=' && s.p[i + 2] == '=') : 0;
		uint32_t v = 0;

		for (int k = 0; k < 4; k++) {
			int d = k >= 4 - pad ? 0 : sextet(s.p[i + (size_t)k]);

			if (d < 0)
				goto bad;
			v = v << 6 | (uint32_t)d;
		}
		if ((pad == 1 && v & 0xff) || (pad == 2 && v & 0xffff))
			goto bad;
		b->p[b->n++] = (unsigned char)(v >> 16);
		if (pad < 2)
			b->p[b->n++] = (unsigned char)(v >> 8);
		if (pad < 1)
			b->p[b->n++] = (unsigned char)v;
	}
	return 0;
bad:
	b->n = start;
	errno = EPROTO;
	return -1;
}

size_t
qa_utf8_len(qa_span s)
{
	unsigned char c = s.n ? s.p[0] : 0xff;
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3
			: c >= 0xf0 && c < 0xf5 ? 4 : 0;

	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && s.p[1] < 0xa0) || (c == 0xed && s.p[1] > 0x9f) ||
	    (c == 0xf0 && s.p[1] < 0x90) || (c == 0xf4 && s.p[1] > 0x8f))
		return 0;
	return n;
}

/* Of a sequence of n bytes: one of the control characters U+0080 to U+009F, which many terminals obey. */
static int
is_c1(const unsigned char *p, size_t n)
{
	return n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

/* U+2028 to U+202E and U+2066 to U+2069: they break lines, or turn the text around that follows. */
static int
is_layout(const unsigned char *p, size_t n)
{
	return n == 3 && p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
					  (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

int
qa_json_add(struct qa_buf *b, qa_span s)
{
	size_t start = b->n;

	if (qa_buf_addc(b, '"'))
		return -1;
	for (size_t i = 0; i < s.n;) {
		size_t n = qa_utf8_len(qa_span_cut(s, i, s.n));
		unsigned char c = s.p[i];
		int rc;

		if (n == 0)
			rc = qa_buf_addstr(b, "\\ufffd"), n = 1;
		else if (c == '"' || c == '\\')
			rc = qa_buf_addf(b, "\\%c", c);
		else if (c == '\n')
			rc = qa_buf_addstr(b, "\\n");
		else if (c < 0x20 || c == 0x7f)
			rc = qa_buf_addf(b, "\\u%04x", c);
		else if (is_c1(s.p + i, n))
			rc = qa_buf_addf(b, "\\u%04x", s.p[i + 1]);
		else
			rc = qa_buf_add(b, s.p + i, n);
		if (rc)
			goto fail;
		i += n;
	}
	if (qa_buf_addc(b, '"') == 0)
		return 0;
fail:
	b->n = start;
	return -1;
}

int
qa_show_add(struct qa_buf *b, qa_span s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = qa_utf8_len(qa_span_cut(s, i, s.n));

		if (n == 0 || s.p[i] < 0x20 || s.p[i] == 0x7f || is_c1(s.p + i, n) || is_layout(s.p + i, n)) {
			if (qa_buf_addc(b, '?'))
				return -1;
			n = n ? n : 1;
		} else if (qa_buf_add(b, s.p + i, n)) {
			return -1;
		}
		i += n;
	}
	return 0;
}
