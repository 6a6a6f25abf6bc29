#include "message/transfer.h"

#define STEP ((size_t)64 << 10)

GMimeContentEncoding
qa_transfer_encoding(qa_span v)
{
	static const struct {
		const char *name;
		GMimeContentEncoding encoding;
	} others[] = {{"quoted_printable", GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE},
		      {"base-64", GMIME_CONTENT_ENCODING_BASE64}};
	char word[24];
	size_t n = 0;

	while (v.n && (v.p[0] == '"' || v.p[0] == ' ' || v.p[0] == '\t'))
		v.p++, v.n--;
	while (n < v.n && n < sizeof word - 1 && v.p[n] > ' ' && v.p[n] != ';' && v.p[n] != '"' &&
	       v.p[n] != '(') {
		word[n] = (char)v.p[n];
		n++;
	}
	word[n] = '\0';
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (qa_span_caseeq(qa_span_of(word, n), qa_span_str(others[i].name)))
			return others[i].encoding;
	return g_mime_content_encoding_from_string(word);
}

bool
qa_transfer_encoded(GMimeContentEncoding e)
{
	return e == GMIME_CONTENT_ENCODING_BASE64 || e == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE ||
	       e == GMIME_CONTENT_ENCODING_UUENCODE;
}

void
qa_transfer_init(struct qa_transfer *t, GMimeContentEncoding encoding)
{
	t->soft = QA_TRANSFER_HARD;
	g_mime_encoding_init_decode(&t->encoding, encoding);
}

static size_t
step(struct qa_transfer *t, const unsigned char *p, size_t n, unsigned char *out)
{
	return g_mime_encoding_step(&t->encoding, (const char *)p, n, (char *)out);
}

/* GMime takes the first '=' for the end. */
static size_t
base64_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	size_t n = 0;

	while (in.n) {
		const unsigned char *pad = memchr(in.p, '=', in.n);
		size_t piece = pad ? (size_t)(pad - in.p) + 1 : in.n;

		n += step(t, in.p, piece, out + n);
		if (pad)
			g_mime_encoding_reset(&t->encoding);
		in = qa_span_cut(in, piece, in.n);
	}
	return n;
}

/* GMime takes no blanks behind a soft line break, and no CR for a line's end: what follows a '='
 * up to a line break goes away, and a '\n' goes in. */
static size_t
soft_step(struct qa_transfer *t, qa_span *in, unsigned char *out)
{
	unsigned char c = in->p[0];

	if (t->soft == QA_TRANSFER_SOFT && (c == ' ' || c == '\t' || c == '\r')) {
		t->soft = c == '\r' ? QA_TRANSFER_SOFT_CR : QA_TRANSFER_SOFT;
		*in = qa_span_cut(*in, 1, in->n);
		return 0;
	}
	if (t->soft == QA_TRANSFER_SOFT_CR && c == '\n')
		*in = qa_span_cut(*in, 1, in->n);
	bool ends = t->soft == QA_TRANSFER_SOFT_CR;
	t->soft = QA_TRANSFER_HARD;
	return ends ? step(t, (const unsigned char *)"\n", 1, out) : 0;
}

static size_t
qp_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	size_t n = 0;

	while (in.n) {
		const unsigned char *e;
		size_t piece;

		if (t->soft != QA_TRANSFER_HARD) {
			n += soft_step(t, &in, out + n);
			continue;
		}
		e = memchr(in.p, '=', in.n);
		piece = e ? (size_t)(e - in.p) + 1 : in.n;
		n += step(t, in.p, piece, out + n);
		t->soft = e ? QA_TRANSFER_SOFT : QA_TRANSFER_HARD;
		in = qa_span_cut(in, piece, in.n);
	}
	return n;
}

/* GMime takes a CR for a length. */
static size_t
uu_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	size_t n = 0;

	while (in.n) {
		const unsigned char *cr = memchr(in.p, '\r', in.n);
		size_t piece = cr ? (size_t)(cr - in.p) : in.n;

		n += step(t, in.p, piece, out + n);
		in = qa_span_cut(in, piece + 1, in.n);
	}
	return n;
}

size_t
qa_transfer_step(struct qa_transfer *t, qa_span in, unsigned char *out)
{
	switch (t->encoding.encoding) {
	case GMIME_CONTENT_ENCODING_BASE64:
		return base64_step(t, in, out);
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		return qp_step(t, in, out);
	case GMIME_CONTENT_ENCODING_UUENCODE:
		return uu_step(t, in, out);
	default:
		return in.n ? step(t, in.p, in.n, out) : 0;
	}
}

/* The end closes a quantum of base64; the rest of an escape is lost in GMime. */
size_t
qa_transfer_end(struct qa_transfer *t, unsigned char *out)
{
	bool base64 = t->encoding.encoding == GMIME_CONTENT_ENCODING_BASE64;

	return base64 ? base64_step(t, qa_span_str("="), out) : 0;
}

void
qa_transfer_all(GMimeContentEncoding encoding, qa_span in, struct qa_sink *out)
{
	size_t limit = out->b.limit ? out->b.limit : (size_t)1 << 30, n;
	struct qa_transfer t;
	unsigned char *to;

	in = qa_transfer_body(encoding, in);
	qa_transfer_init(&t, encoding);
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
		if (g_ascii_isalnum((char)s.p[i]) || s.p[i] == '+' || s.p[i] == '/' || s.p[i] == '=')
			good++;
		else if (s.p[i] != '\n' && s.p[i] != '\r')
			bad++;
	return bad * 16 <= good;
}

size_t
qa_transfer_uu_begin(qa_span s, qa_span *name_r)
{
	const unsigned char *nl = s.n ? memchr(s.p, '\n', s.n < 300 ? s.n : 300) : NULL;
	size_t n = nl ? (size_t)(nl - s.p) : 0, digits = 0;

	if (n < 11 || memcmp(s.p, "begin ", 6) != 0)
		return 0;
	while (digits < 4 && s.p[6 + digits] >= '0' && s.p[6 + digits] <= '7')
		digits++;
	if (digits < 3 || s.p[6 + digits] != ' ')
		return 0;
	*name_r = qa_span_cut(s, 7 + digits, n - 7 - digits);
	return n + 1;
}

qa_span
qa_transfer_body(GMimeContentEncoding encoding, qa_span body)
{
	qa_span name;
	size_t head;

	if (encoding != GMIME_CONTENT_ENCODING_UUENCODE)
		return body;
	for (size_t at = 0; at < body.n;) {
		const unsigned char *p = memmem(body.p + at, body.n - at, "begin ", 6);
		size_t i = p ? (size_t)(p - body.p) : body.n;

		if (p && (i == 0 || body.p[i - 1] == '\n') &&
		    (head = qa_transfer_uu_begin(qa_span_cut(body, i, body.n), &name)))
			return qa_span_cut(body, i + head, body.n);
		at = i + 1;
	}
	return body;
}
