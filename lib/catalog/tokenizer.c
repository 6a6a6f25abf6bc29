/*
 * The FTS5 tokenizer: terms come from the row being added, or from a query's text in which they are spelled out.
 *
 * Spelled-out terms: 0x1e (new position) or 0x1d (same position), then the bytes; those FTS5 or the spelling needs
 * (quote, 0x1b to 0x1e) as 0x1b and the byte xor 0x40. No term holds a NUL: FTS5 keeps terms as C strings, so 0x01 stands
 * for it.
 */
#include "catalog/catalog-private.h"

#include "base/num.h"
#include "term/term.h"

#include <errno.h>
#include <string.h>

enum { NEW = 0x1e, SAME = 0x1d, ESCAPE = 0x1b };

typedef int emit_fn(void *ctx, int flags, const char *p, int n, int start, int end);

struct emit {
	emit_fn *fn;
	void *ctx;
	int rc;
};

static int
emit(struct emit *e, bool colocated, const void *p, size_t n)
{
	e->rc = e->fn(e->ctx, colocated ? FTS5_TOKEN_COLOCATED : 0, p, (int)n, 0, 0);
	return e->rc;
}

static int
emit_term(void *arg, const struct qa_term *t)
{
	return emit(arg, (t->flags & QA_TERM_COLOCATED) != 0, t->p, t->n);
}

static int
emit_column(const struct qa_row_column *col, struct emit *e)
{
	static const char gap = QA_TOKEN_GAP;
	const unsigned char *p = col->raw->data;
	size_t left = col->raw->len;

	while (left) {
		size_t n = qa_le16_get(p + 1);

		if (emit(e, p[0] != 0, p + 3, n))
			return e->rc;
		p += 3 + n;
		left -= 3 + n;
	}
	for (guint i = 0; i < col->texts->len; i++) {
		if (i && emit(e, false, &gap, 1))
			return e->rc;
		if (qa_term_each(g_array_index(col->texts, qa_span, i), QA_TERM_INDEX, emit_term, e))
			return e->rc;
	}
	return SQLITE_OK;
}

static int
emit_spelled(const char *text, size_t n, struct emit *e)
{
	g_autoptr(GString) term = g_string_new(NULL);
	size_t i = 0;

	while (i < n) {
		bool same = text[i] == SAME;

		if (text[i] != NEW && text[i] != SAME)
			return SQLITE_ERROR;
		g_string_truncate(term, 0);
		for (i++; i < n && text[i] != NEW && text[i] != SAME; i++) {
			if (text[i] == ESCAPE && ++i < n)
				g_string_append_c(term, text[i] ^ 0x40);
			else if (i < n)
				g_string_append_c(term, text[i]);
		}
		if (emit(e, same, term->str, term->len))
			return e->rc;
	}
	return SQLITE_OK;
}

void
qa_token_quote(GString *out, bool colocated, const void *p, size_t n)
{
	const unsigned char *s = p;

	g_string_append_c(out, colocated ? SAME : NEW);
	for (size_t i = 0; i < n; i++) {
		unsigned char b = s[i] ? s[i] : 1;
		bool escape = b == '"' || (b >= ESCAPE && b <= NEW);

		if (escape)
			g_string_append_c(out, ESCAPE);
		g_string_append_c(out, (char)(escape ? b ^ 0x40 : b));
	}
}

static int
tokenize(Fts5Tokenizer *t, void *ctx, int flags, const char *text, int n, emit_fn *fn)
{
	struct qa_catalog *c = (void *)t;
	struct emit e = {fn, ctx, SQLITE_OK};

	if (!(flags & FTS5_TOKENIZE_DOCUMENT))
		return emit_spelled(text, (size_t)n, &e);
	if (!c->row || n != 1 || text[0] < 'a' || text[0] >= 'a' + QA_COLUMNS)
		return SQLITE_MISUSE;
	return emit_column(&c->row->col[text[0] - 'a'], &e);
}

static int
tokenizer_new(void *arg, const char **words, int n, Fts5Tokenizer **out_r)
{
	(void)words, (void)n;
	*out_r = arg; /* the catalog itself: it outlives its tables */
	return SQLITE_OK;
}

static void
tokenizer_free(Fts5Tokenizer *t)
{
	(void)t;
}

int
qa_tokenizer_register(struct qa_catalog *c, struct qa_err *err)
{
	static fts5_tokenizer methods = {tokenizer_new, tokenizer_free, tokenize};
	sqlite3_stmt *st = NULL;
	fts5_api *api = NULL;
	int rc = sqlite3_prepare_v2(c->db, "SELECT fts5(?1)", -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
		sqlite3_step(st);
	}
	sqlite3_finalize(st);
	if (!api)
		return qa_fail(err, ENOTSUP, "this SQLite has no FTS5");
	rc = api->xCreateTokenizer(api, "qa", c, &methods, NULL);
	return rc == SQLITE_OK ? 0 : qa_catalog_fail(c, rc, "cannot register the tokenizer", err);
}
