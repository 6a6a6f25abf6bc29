/*
 * Text of header fields: RFC 2047, read as it is written.
 *
 * Words are told apart here, their bytes are decoded by GMime, their charset is ours. GMime's own
 * reader of whole texts gives no bytes: it hands the label to iconv, whatever it names, and
 * believes it.
 */
#include "message/charset.h"
#include "message/field.h"
#include "message/transfer.h"

struct word {
	qa_span charset, text;
	unsigned char encoding; /* 'b' or 'q' */
	size_t length;		/* of all of it, from "=?" to "?=" */
};

/* The encoded word at the front of s. */
static bool
word_at(qa_span s, struct word *w)
{
	size_t i = 2, charset, text;

	if (s.n < 8 || s.p[0] != '=' || s.p[1] != '?')
		return false;
	while (i < s.n && i < 80 && s.p[i] > ' ' && s.p[i] < 127 && s.p[i] != '?')
		i++;
	charset = i;
	if (i + 3 >= s.n || s.p[i] != '?' || s.p[i + 2] != '?')
		return false;
	w->encoding = s.p[i + 1] | 32;
	if (w->encoding != 'b' && w->encoding != 'q')
		return false;
	text = i += 3;
	/* a '?' may stand in it by mistake, the start of another word may not */
	while (i + 1 < s.n && !(s.p[i] == '?' && s.p[i + 1] == '=') &&
	       !(s.p[i] == '=' && s.p[i + 1] == '?' && i + 2 < s.n && s.p[i + 2] != '='))
		i++;
	if (i + 1 >= s.n || s.p[i] != '?')
		return false;
	w->charset = qa_span_cut(s, 2, charset - 2);
	w->text = qa_span_cut(s, text, i - text);
	w->length = i + 2;
	const unsigned char *star = w->charset.n ? memchr(w->charset.p, '*', w->charset.n) : NULL;
	if (star) /* RFC 2231 section 5: a language */
		w->charset.n = (size_t)(star - w->charset.p);
	return true;
}

static void
word_bytes(const struct word *w, struct qa_sink *bytes)
{
	struct qa_sink text = QA_SINK(0);

	if (w->encoding == 'b') {
		qa_transfer_all(GMIME_CONTENT_ENCODING_BASE64, w->text, bytes);
		return;
	}
	qa_sink_add(&text, w->text.p, w->text.n);
	for (size_t i = 0; i < text.b.n; i++)
		if (text.b.p[i] == '_')
			text.b.p[i] = ' ';
	qa_transfer_all(GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, qa_sink_span(&text), bytes);
	bytes->failed = bytes->failed || text.failed;
	qa_sink_free(&text);
}

/* The bytes gathered so far, as text of one line. */
static void
flush(struct qa_sink *bytes, qa_span charset, struct qa_sink *out)
{
	struct qa_sink text = QA_SINK(0);
	qa_span s;

	if (bytes->b.n) {
		qa_charset_add(&text, charset, qa_sink_span(bytes));
		s = qa_sink_span(&text);
		for (size_t i = 0; i < text.b.n; i++)
			if (qa_blank(text.b.p[i]))
				text.b.p[i] = ' ';
		qa_sink_text(out, s);
	}
	out->failed = out->failed || text.failed || bytes->failed;
	qa_sink_free(&text);
	qa_sink_clear(bytes);
}

void
qa_word_text(qa_span s, struct qa_sink *out)
{
	struct qa_sink bytes = QA_SINK(0);
	qa_span charset = {NULL, 0};
	bool after = false; /* the last thing was an encoded word */
	size_t i = 0, plain = 0;

	while (i < s.n) {
		const unsigned char *e = memchr(s.p + i, '=', s.n - i);
		struct word w;

		i = e ? (size_t)(e - s.p) : s.n;
		if (!e)
			break;
		if (!word_at(qa_span_cut(s, i, s.n), &w)) {
			i++;
			continue;
		}
		size_t from = plain;
		while (from < i && qa_blank(s.p[from]))
			from++;
		if (!after || from < i) {
			flush(&bytes, charset, out);
			qa_sink_text(out, qa_span_cut(s, plain, i - plain));
		} else if (!qa_span_caseeq(charset, w.charset)) {
			flush(&bytes, charset, out);
		}
		charset = w.charset;
		word_bytes(&w, &bytes);
		after = true;
		plain = i += w.length;
	}
	flush(&bytes, charset, out);
	qa_sink_text(out, qa_span_cut(s, plain, s.n));
	qa_sink_free(&bytes);
}

qa_span
qa_field_utf8(qa_span v, struct qa_sink *scratch)
{
	static const qa_span none = {NULL, 0};
	struct qa_sink flat = QA_SINK(0);
	bool clean = qa_charset_plain(none, v);

	for (size_t i = 0; clean && i < v.n; i++)
		clean = v.p[i] >= ' ' && v.p[i] < 127;
	if (clean)
		return v;
	/* unfold first: a line break would end an ISO-2022-JP sequence */
	for (size_t i = 0; i < v.n;) {
		size_t n = 0;

		while (i + n < v.n && v.p[i + n] != '\r' && v.p[i + n] != '\n')
			n++;
		qa_sink_add(&flat, v.p + i, n);
		i += n;
		n = 0;
		while (i + n < v.n && qa_blank(v.p[i + n]))
			n++;
		if (n)
			qa_sink_addc(&flat, ' ');
		i += n;
	}
	qa_sink_clear(scratch);
	if (qa_charset_plain(none, qa_sink_span(&flat)))
		qa_sink_text(scratch, qa_sink_span(&flat));
	else
		qa_charset_add(scratch, none, qa_sink_span(&flat));
	for (size_t i = 0; i < scratch->b.n; i++)
		if (scratch->b.p[i] < ' ' || scratch->b.p[i] == 127)
			scratch->b.p[i] = ' ';
	scratch->failed = scratch->failed || flat.failed;
	qa_sink_free(&flat);
	return qa_sink_span(scratch);
}

void
qa_field_text(qa_span value, struct qa_sink *out)
{
	struct qa_sink scratch = QA_SINK(0);

	qa_word_text(qa_field_utf8(value, &scratch), out);
	out->failed = out->failed || scratch.failed;
	qa_sink_free(&scratch);
}

bool
qa_msgid_next(qa_span *rest, qa_span *id_r)
{
	while (rest->n) {
		bool open = rest->p[0] == '<';
		size_t n = open;

		if (qa_blank(rest->p[0])) {
			rest->p++, rest->n--;
			continue;
		}
		while (n < rest->n && rest->p[n] != '<' && (open ? rest->p[n] != '>' : !qa_blank(rest->p[n])))
			n++;
		*id_r = qa_span_trim(qa_span_cut(*rest, open, n - open));
		*rest = qa_span_cut(*rest, n, rest->n);
		/* old programs wrote ids bare, or prose about a message */
		if (open ? id_r->n > 0 : memchr(id_r->p, '@', id_r->n) != NULL)
			return true;
	}
	return false;
}
