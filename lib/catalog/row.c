#include "catalog/row.h"

#include "base/num.h"
#include "term/term.h"

const char *const qa_column_names[QA_COLUMNS] = {"body",  "subject", "author", "dest", "copy", "blind",
						 "reply", "sender",  "rcpt",   "file", "mark"};

void
qa_row_init(struct qa_row *r)
{
	*r = (struct qa_row){0};
	for (int i = 0; i < QA_COLUMNS; i++) {
		r->col[i].texts = g_array_new(FALSE, FALSE, sizeof(qa_span));
		r->col[i].raw = g_byte_array_new();
	}
}

void
qa_row_clear(struct qa_row *r)
{
	struct qa_row empty = {0};

	for (int i = 0; i < QA_COLUMNS; i++) {
		g_array_set_size(r->col[i].texts, 0);
		g_byte_array_set_size(r->col[i].raw, 0);
		empty.col[i] = r->col[i];
	}
	*r = empty;
}

void
qa_row_free(struct qa_row *r)
{
	for (int i = 0; i < QA_COLUMNS; i++) {
		if (r->col[i].texts)
			g_array_free(r->col[i].texts, TRUE);
		if (r->col[i].raw)
			g_byte_array_free(r->col[i].raw, TRUE);
	}
	*r = (struct qa_row){0};
}

void
qa_row_text(struct qa_row *r, enum qa_column c, qa_span text)
{
	if (text.n)
		g_array_append_val(r->col[c].texts, text);
}

/* Appends one raw term; a row of an event gets it in its own form. */
static void
put(struct qa_row *r, enum qa_column c, bool colocated, const void *p, size_t n)
{
	GByteArray *raw = r->col[c].raw;
	bool event = !(r->flags & QA_ROW_MESSAGE) && c != QA_COL_MARK;
	unsigned char head[4] = {colocated};

	qa_le16_put(head + 1, (uint16_t)(n + event));
	head[3] = QA_TOKEN_EVENT;
	g_byte_array_append(raw, head, event ? 4 : 3);
	g_byte_array_append(raw, p, (guint)n);
	for (guchar *q = raw->data + raw->len - n, *end = raw->data + raw->len; q < end; q++)
		if (!*q)
			*q = 1; /* FTS5 keeps terms as C strings */
}

struct words {
	struct qa_row *r;
	enum qa_column c;
};

static int
word(void *arg, const struct qa_term *t)
{
	struct words *w = arg;

	/* the address itself is put by qa_row_address, whatever its form */
	if (!(t->flags & QA_TERM_ADDRESS))
		put(w->r, w->c, (t->flags & QA_TERM_COLOCATED) != 0, t->p, t->n);
	return 0;
}

void
qa_token_lower(qa_span text, GString *out)
{
	size_t n = text.n < QA_ADDRESS_CUT ? text.n : QA_ADDRESS_CUT;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = text.p[i];

		g_string_append_c(out, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
	}
}

void
qa_token_address(qa_span address, GString *out)
{
	size_t at = address.n, end = address.n;

	while (at && address.p[at - 1] != '@')
		at--;
	/* the domain's labels, the last one first; without an '@' there is no domain */
	for (size_t i = at ? address.n : 0; i-- > at;) {
		if (i > at && address.p[i - 1] != '.')
			continue;
		g_string_append_c(out, out->len ? '.' : '@');
		qa_token_lower(qa_span_cut(address, i, end - i), out);
		end = i ? i - 1 : 0;
	}
	g_string_append_c(out, '@');
	qa_token_lower(qa_span_cut(address, 0, at ? at - 1 : address.n), out);
	if (out->len > QA_ADDRESS_CUT)
		g_string_truncate(out, QA_ADDRESS_CUT);
}

void
qa_row_address(struct qa_row *r, enum qa_column c, qa_span name, qa_span address)
{
	struct words w = {r, c};
	GByteArray *raw = r->col[c].raw;
	static const unsigned char gap = QA_TOKEN_GAP;
	guint before;

	if (!name.n && !address.n)
		return;
	if (raw->len)
		put(r, c, false, &gap, 1);
	if (qa_term_each(name, QA_TERM_INDEX, word, &w))
		return;
	before = raw->len;
	if (qa_term_each(address, QA_TERM_INDEX, word, &w) || !address.n)
		return;
	g_autoptr(GString) token = g_string_new(NULL);
	qa_token_address(address, token);
	/* without any word of its own the address takes a position */
	put(r, c, raw->len > before, token->str, token->len);
}

void
qa_row_mark(struct qa_row *r, char letter, qa_span what)
{
	g_autoptr(GString) token = g_string_new(NULL);

	g_string_append_c(token, QA_TOKEN_MARK);
	g_string_append_c(token, letter);
	if (letter == 'T' || letter == 'L')
		qa_token_lower(what, token);
	else
		g_string_append_len(token, (const char *)what.p, (gssize)what.n);
	put(r, QA_COL_MARK, false, token->str, token->len);
}

void
qa_row_mark_digest(struct qa_row *r, char letter, const struct qa_digest *d)
{
	qa_row_mark(r, letter, qa_span_of(d->b, QA_DIGEST_CUT));
}

struct qa_digest
qa_token_id(qa_span id)
{
	while (id.n && (id.p[0] == ' ' || id.p[0] == '<'))
		id = qa_span_cut(id, 1, id.n);
	while (id.n && (id.p[id.n - 1] == ' ' || id.p[id.n - 1] == '>'))
		id.n--;
	return qa_sha256_of(id);
}

void
qa_row_mark_id(struct qa_row *r, char letter, qa_span id)
{
	struct qa_digest d = qa_token_id(id);

	qa_row_mark_digest(r, letter, &d);
}

int64_t
qa_row_key(const struct qa_digest *d)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | d->b[i];
	return v ? (int64_t)v : 1;
}
