/* Parameters of Content-Type and Content-Disposition: RFC 2045, RFC 2231 and the rest. */
#include "message/charset.h"
#include "message/field.h"

#define PIECES 100 /* of one RFC 2231 value */

static bool
blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips blanks and whole comments. */
static qa_span
skip(qa_span s)
{
	unsigned depth = 0;
	size_t i = 0;

	for (; i < s.n; i++) {
		if (depth && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && depth)
			depth--;
		else if (!depth && !blank(s.p[i]))
			break;
	}
	return qa_span_cut(s, i, s.n);
}

qa_span
qa_param_value(qa_span s)
{
	size_t n = 0;

	s = skip(s);
	while (n < s.n && !blank(s.p[n]) && s.p[n] != ';' && s.p[n] != '(')
		n++;
	return qa_span_cut(s, 0, n);
}

/* The end of a quoted string from its opening quote on; without a closing one, the next ';'
 * or the end. */
static size_t
quoted_end(qa_span s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\'))
			i++;
	}
	return s.n;
}

/* The next "name=value" of *rest; the value with its quotes. */
static bool
next(qa_span *rest, qa_span *name_r, qa_span *value_r)
{
	for (;;) {
		qa_span s = skip(*rest);
		size_t n = 0, v;

		if (!s.n)
			return false;
		if (s.p[0] == ';') {
			*rest = qa_span_cut(s, 1, s.n);
			continue;
		}
		while (n < s.n && s.p[n] != '=' && s.p[n] != ';' && !blank(s.p[n]))
			n++;
		*name_r = qa_span_cut(s, 0, n);
		s = skip(qa_span_cut(s, n, s.n));
		if (!s.n || s.p[0] != '=') {
			if (n == 0) /* cannot be: kept so that the loop always moves */
				s = qa_span_cut(s, 1, s.n);
			*rest = s;
			continue;
		}
		s = qa_span_cut(s, 1, s.n);
		while (s.n && blank(s.p[0]))
			s = qa_span_cut(s, 1, s.n);
		if (s.n && s.p[0] == '"') {
			v = quoted_end(s);
		} else {
			/* blanks in a value are wrong and common: it ends at the ';' */
			for (v = 0; v < s.n && s.p[v] != ';'; v++)
				;
		}
		*value_r = qa_span_cut(s, 0, v);
		while (value_r->n && blank(value_r->p[value_r->n - 1]))
			value_r->n--;
		*rest = qa_span_cut(s, v, s.n);
		return true;
	}
}

/* A value without quotes and quoting. */
static void
plain(qa_span v, struct qa_sink *out)
{
	bool q = v.n && v.p[0] == '"';

	for (size_t i = q; i < v.n; i++) {
		if (q && v.p[i] == '"')
			return;
		if (q && v.p[i] == '\\' && i + 1 < v.n && (v.p[i + 1] == '"' || v.p[i + 1] == '\\'))
			i++;
		qa_sink_addc(out, v.p[i]);
	}
}

static int
hex_of(unsigned char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static void
percent(qa_span v, struct qa_sink *out)
{
	for (size_t i = 0; i < v.n; i++) {
		int h = -1, l = -1;

		if (v.p[i] == '%' && i + 2 < v.n) {
			h = hex_of(v.p[i + 1]);
			l = hex_of(v.p[i + 2]);
		}
		if (h >= 0 && l >= 0) {
			qa_sink_addc(out, (unsigned char)(h << 4 | l));
			i += 2;
		} else {
			qa_sink_addc(out, v.p[i]);
		}
	}
}

/* One piece of an RFC 2231 value: its number (0 when it has none), -1 when the parameter is
 * another one. */
static int
piece_of(qa_span name, const char *want, bool *extended_r)
{
	size_t n = strlen(want), i = n + 1;
	int number = 0;

	if (name.n <= n || name.p[n] != '*' || !qa_span_caseeq(qa_span_cut(name, 0, n), qa_span_str(want)))
		return -1;
	if (i == name.n) {
		*extended_r = true;
		return 0;
	}
	for (; i < name.n && name.p[i] >= '0' && name.p[i] <= '9'; i++) {
		number = number * 10 + (name.p[i] - '0');
		if (number >= PIECES)
			return -1;
	}
	*extended_r = i < name.n && name.p[i] == '*';
	return i + *extended_r == name.n ? number : -1;
}

/* Takes "charset'language'" from the front of *v; the charset goes to label. */
static size_t
charset_take(qa_span *v, unsigned char *label, size_t size)
{
	const unsigned char *a = v->n ? memchr(v->p, '\'', v->n) : NULL, *b;
	size_t n;

	if (!a || !(b = memchr(a + 1, '\'', v->n - (size_t)(a + 1 - v->p))))
		return 0;
	n = (size_t)(a - v->p);
	if (n <= size)
		memcpy(label, v->p, n);
	else
		n = 0;
	*v = qa_span_cut(*v, (size_t)(b + 1 - v->p), v->n);
	return n;
}

struct piece {
	qa_span value;
	bool here, extended;
};

static void
join(const struct piece *pieces, struct qa_sink *out)
{
	struct qa_sink raw = QA_SINK(0), one = QA_SINK(0);
	unsigned char label[40];
	size_t label_n = 0;
	bool converts = false;

	for (int i = 0; i < PIECES && pieces[i].here; i++) {
		qa_span v;

		qa_sink_clear(&one);
		plain(pieces[i].value, &one);
		v = qa_sink_span(&one);
		if (i == 0 && pieces[i].extended)
			label_n = charset_take(&v, label, sizeof label);
		if (pieces[i].extended)
			percent(v, &raw);
		else
			qa_sink_add(&raw, v.p, v.n);
		converts = converts || pieces[i].extended;
	}
	if (converts)
		qa_charset_add(out, qa_span_of(label, label_n), qa_sink_span(&raw));
	else
		qa_word_text(qa_sink_span(&raw), out);
	out->failed = out->failed || raw.failed || one.failed;
	qa_sink_free(&raw);
	qa_sink_free(&one);
}

static bool
rfc2231(qa_span params, const char *want, struct qa_sink *out)
{
	struct piece pieces[PIECES];
	qa_span name, value;

	for (int i = 0; i < PIECES; i++)
		pieces[i].here = false;
	while (next(&params, &name, &value)) {
		bool extended = false;
		int i = piece_of(name, want, &extended);

		if (i >= 0 && !pieces[i].here)
			pieces[i] = (struct piece){value, true, extended};
	}
	if (pieces[0].here)
		join(pieces, out);
	return pieces[0].here;
}

bool
qa_param_get(qa_span s, const char *want, struct qa_sink *out)
{
	qa_span params, rest, name, value;

	value = qa_param_value(s);
	if (!value.p)
		return false;
	params = rest = qa_span_cut(s, (size_t)(value.p + value.n - s.p), s.n);
	if (!params.n)
		return false;
	if (memchr(params.p, '*', params.n) && rfc2231(params, want, out))
		return true;
	while (next(&rest, &name, &value)) {
		struct qa_sink one = QA_SINK(0);

		if (!qa_span_caseeq(name, qa_span_str(want)))
			continue;
		plain(value, &one);
		qa_word_text(qa_sink_span(&one), out);
		out->failed = out->failed || one.failed;
		qa_sink_free(&one);
		return true;
	}
	return false;
}
