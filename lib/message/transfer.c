#include "message/transfer.h"

#define STEP ((size_t)64 << 10)

enum qa_transfer_kind
qa_transfer_kind_of(qa_span v)
{
	static const struct {
		const char *name;
		enum qa_transfer_kind kind;
	} names[] = {{"base64", QA_TRANSFER_BASE64}, {"quoted-printable", QA_TRANSFER_QP},
		     {"x-uuencode", QA_TRANSFER_UU}, {"x-uue", QA_TRANSFER_UU},
		     {"uuencode", QA_TRANSFER_UU},   {"quoted_printable", QA_TRANSFER_QP},
		     {"base-64", QA_TRANSFER_BASE64}};
	size_t n = 0;

	while (v.n && (v.p[0] == '"' || v.p[0] == ' ' || v.p[0] == '\t'))
		v.p++, v.n--;
	while (n < v.n && v.p[n] > ' ' && v.p[n] != ';' && v.p[n] != '"' && v.p[n] != '(')
		n++;
	v.n = n;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (qa_span_caseeq(v, qa_span_str(names[i].name)))
			return names[i].kind;
	return QA_TRANSFER_NONE;
}

void
qa_transfer_init(struct qa_transfer *t, enum qa_transfer_kind kind)
{
	*t = (struct qa_transfer){.kind = kind};
}

/* Value of a base64 digit, 64 for '=', 65 for anything else. */
#define X 65
static const unsigned char digit64[256] = {
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	62, X,	X,  X,	63, 52, 53, 54, 55,
    56, 57, 58, 59, 60, 61, X,	X,  X,	64, X,	X,  X,	0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12,
    13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X,  X,	X,  X,	X,  X,	26, 27, 28, 29, 30, 31, 32,
    33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X,  X,	X,  X,	X,  X,	X,
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,
    X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X,  X,	X};
#undef X

/* The bytes of an unfinished quantum. */
static size_t
base64_flush(struct qa_transfer *t, unsigned char *out)
{
	uint32_t b = t->bits << 6 * (4 - t->have);
	size_t n = t->have > 1 ? t->have - 1 : 0;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(b >> (16 - 8 * i));
	t->have = 0;
	t->bits = 0;
	return n;
}

static size_t
base64_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	size_t i = 0, n = 0;

	while (i < in.n) {
		unsigned char d;

		while (t->have == 0 && in.n - i >= 4) {
			unsigned a = digit64[in.p[i]], b = digit64[in.p[i + 1]], c = digit64[in.p[i + 2]],
				 e = digit64[in.p[i + 3]];

			if ((a | b | c | e) > 63)
				break;
			uint32_t v = a << 18 | b << 12 | c << 6 | e;
			out[n++] = (unsigned char)(v >> 16);
			out[n++] = (unsigned char)(v >> 8);
			out[n++] = (unsigned char)v;
			i += 4;
		}
		if (i >= in.n)
			break;
		d = digit64[in.p[i++]];
		if (d == 64) {
			n += base64_flush(t, out + n);
		} else if (d < 64) {
			t->bits = t->bits << 6 | d;
			if (++t->have == 4)
				n += base64_flush(t, out + n);
		}
	}
	return n;
}

static int
hex_of(unsigned char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* have: 0 plain, 1 after "=", 2 after "=X", 3 after "=\r" */
static size_t
qp_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n;) {
		unsigned char c = in.p[i];

		if (t->have == 0) {
			const unsigned char *e = memchr(in.p + i, '=', in.n - i);
			size_t run = e ? (size_t)(e - in.p) - i : in.n - i;

			memcpy(out + n, in.p + i, run);
			n += run;
			i += run;
			if (e) {
				t->have = 1;
				i++;
			}
		} else if (t->have == 1) {
			if (hex_of(c) >= 0) {
				t->held = c;
				t->have = 2;
				i++;
			} else if (c == '\r') {
				t->have = 3;
				i++;
			} else if (c == '\n') {
				t->have = 0;
				i++;
			} else if (c == ' ' || c == '\t') {
				i++; /* blanks behind a soft line break */
			} else {
				out[n++] = '=';
				t->have = 0;
			}
		} else if (t->have == 2) {
			if (hex_of(c) >= 0) {
				out[n++] = (unsigned char)(hex_of(t->held) << 4 | hex_of(c));
				i++;
			} else {
				out[n++] = '=';
				out[n++] = t->held;
			}
			t->have = 0;
		} else {
			if (c == '\n')
				i++;
			t->have = 0;
		}
	}
	return n;
}

/* state: 0 at the start of a line, 1 in data, 2 in what is left of a line, 3 after "end" */
static size_t
uu_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = in.p[i];

		if (c == '\n' || c == '\r') {
			t->state = t->state == 3 ? 3 : 0;
			t->have = 0;
		} else if (t->state == 0) {
			/* "begin 644 x" and "end" start with letters, which no length does */
			t->left = (unsigned)(c - 32) & 63;
			t->state = c >= 'a' ? 2 : 1;
		} else if (t->state == 1 && t->left) {
			t->bits = t->bits << 6 | ((unsigned)(c - 32) & 63);
			if (++t->have < 4)
				continue;
			for (unsigned k = 0; k < 3 && t->left; k++, t->left--)
				out[n++] = (unsigned char)(t->bits >> (16 - 8 * k));
			t->have = 0;
		}
	}
	return n;
}

size_t
qa_transfer_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	switch (t->kind) {
	case QA_TRANSFER_BASE64:
		return base64_step(t, in, out);
	case QA_TRANSFER_QP:
		return qp_step(t, in, out);
	case QA_TRANSFER_UU:
		return uu_step(t, in, out);
	case QA_TRANSFER_NONE:
		break;
	}
	if (in.n)
		memcpy(out, in.p, in.n);
	return in.n;
}

size_t
qa_transfer_end(struct qa_transfer *t, unsigned char *out)
{
	size_t n = 0;

	if (t->kind == QA_TRANSFER_BASE64)
		return base64_flush(t, out);
	if (t->kind == QA_TRANSFER_QP && t->have == 2) {
		out[n++] = '=';
		out[n++] = t->held;
	}
	t->have = 0;
	return n;
}

void
qa_transfer_all(enum qa_transfer_kind kind, qa_span in, struct qa_sink *out)
{
	size_t limit = out->b.limit ? out->b.limit : (size_t)1 << 30, n;
	struct qa_transfer t;
	unsigned char *to;

	qa_transfer_init(&t, kind);
	for (size_t at = 0; at < in.n; at += n) {
		size_t left = limit - out->b.n;

		n = in.n - at < STEP ? in.n - at : STEP;
		if (n + 4 > left && left <= 8) {
			out->full = true;
			return;
		}
		n = n + 4 > left ? left - 4 : n;
		if (!(to = qa_sink_room(out, n + 4)))
			return;
		out->b.n += qa_transfer_step(&t, qa_span_cut(in, at, n), to);
	}
	if ((to = qa_sink_room(out, 4)))
		out->b.n += qa_transfer_end(&t, to);
}

bool
qa_transfer_is_base64(qa_span s)
{
	size_t good = 0, bad = 0;

	s = qa_span_cut(s, 0, 4096);
	for (size_t i = 0; i < s.n; i++)
		if (digit64[s.p[i]] < 65)
			good++;
		else if (s.p[i] != '\n' && s.p[i] != '\r')
			bad++;
	return bad * 16 <= good;
}
