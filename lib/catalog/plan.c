#include "catalog/plan-private.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- leaves ---- */

/* low <= column < high, known to lie within first .. last. */
static struct piece
range(const char *column, int64_t low, int64_t high, int64_t first, int64_t last, int64_t shift)
{
	GString *s;

	if (high <= first || low > last || low >= high)
		return (struct piece){.result = NONE};
	if (low <= first && high > last)
		return (struct piece){.result = ALL};
	s = g_string_new("(1");
	if (low > first)
		g_string_append_printf(s, " AND e.%s >= %lld", column, (long long)(low - shift));
	if (high <= last)
		g_string_append_printf(s, " AND e.%s < %lld", column, (long long)(high - shift));
	g_string_append_c(s, ')');
	return qa_piece_sql(s);
}

static struct piece
flags(unsigned mask, unsigned value)
{
	GString *s = g_string_new(NULL);

	g_string_printf(s, "(e.flags & %u) = %u", mask, value);
	return qa_piece_sql(s);
}

static struct piece
status(struct planner *p, bool settled)
{
	GString *s = g_string_new(NULL);

	g_string_printf(s, "(e.flags & %d) != 0 OR EXISTS (SELECT 1 FROM main.event x WHERE x.digest = e.digest)",
			QA_ROW_SETTLED);
	if (p->around.before)
		g_string_append(s, " OR EXISTS (SELECT 1 FROM prior.event x WHERE x.digest = e.digest)");
	if (p->around.after)
		g_string_append(s, " OR EXISTS (SELECT 1 FROM later.event x WHERE x.digest = e.digest)");
	if (!settled) {
		g_string_prepend(s, "NOT (");
		g_string_append_c(s, ')');
	}
	/* only a message can be settled */
	g_string_prepend(s, "((");
	g_string_append_printf(s, ") AND (e.flags & %d) != 0)", QA_ROW_MESSAGE);
	return qa_piece_sql(s);
}

static struct piece
mark(char letter, const void *what, size_t n, bool prefix)
{
	g_autoptr(GString) t = g_string_new(NULL);

	g_string_append_c(t, QA_TOKEN_MARK);
	g_string_append_c(t, letter);
	if (letter == 'T' || letter == 'L')
		qa_token_lower(qa_span_of(what, n), t);
	else
		g_string_append_len(t, what, (gssize)n);
	return qa_piece_match(qa_plan_token(t->str, t->len, prefix));
}

/* "image" asks for all of image/, ".pdf" and "*.pdf" for the extension. */
static struct piece
type(qa_span s)
{
	static const char *const majors[] = {"text",  "image", "audio",	  "video", "application",
					     "font",  "model", "message", "multipart"};
	char major[16];

	while (s.n && (s.p[0] == '.' || s.p[0] == '*'))
		s = qa_span_cut(s, 1, s.n);
	if (!s.n)
		return (struct piece){.result = VOID};
	for (size_t i = 0; i < sizeof majors / sizeof majors[0]; i++)
		if (qa_span_caseeq(s, qa_span_str(majors[i]))) {
			size_t n = (size_t)snprintf(major, sizeof major, "%s/", majors[i]);

			return mark('T', major, n, true);
		}
	return mark('T', s.p, s.n, false);
}

/* A message, whose digest's first bytes are in its row, or an attachment of one. */
static struct piece
digest(struct planner *p, qa_span hex)
{
	unsigned char b[QA_DIGEST_CUT] = {0};
	size_t n = hex.n / 2 < QA_DIGEST_CUT ? hex.n / 2 : QA_DIGEST_CUT;
	GString *s = g_string_new(NULL);
	uint64_t low = 0, rest = n < 8 ? UINT64_MAX >> (8 * n) : 0;

	if (qa_unhex(qa_span_cut(hex, 0, n * 2), b, n)) {
		g_string_free(s, TRUE);
		return (struct piece){.result = NONE};
	}
	for (size_t i = 0; i < 8; i++)
		low = low << 8 | b[i];
	g_string_printf(s, "(e.digest BETWEEN %lld AND %lld AND e.digest != 0)", (long long)low,
			(long long)(low | rest));
	return qa_piece_or(p, qa_piece_sql(s), mark('D', b, n, n < QA_DIGEST_CUT));
}

static struct piece
message_id(char letter, qa_span id)
{
	struct qa_digest d = qa_token_id(id);

	return mark(letter, d.b, QA_DIGEST_CUT, false);
}

static struct piece
list(qa_span id)
{
	if (id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		id = qa_span_cut(id, 1, id.n - 2);
	return mark('L', id.p, id.n, false);
}

static int
leaf(struct planner *p, const struct qa_query_node *n, struct piece *out_r)
{
	const struct qa_catalog_state *s = p->state;
	int64_t month = qa_seconds_of((int)(s->month / 12), s->month % 12 + 1, 1, 0, 0, 0);

	switch (n->field) {
	case QA_Q_TYPE:
		*out_r = type(n->text);
		break;
	case QA_Q_ID:
		*out_r = message_id('I', n->text);
		break;
	case QA_Q_REF:
		*out_r = message_id('R', n->text);
		break;
	case QA_Q_LIST:
		*out_r = list(n->text);
		break;
	case QA_Q_SHA256:
		*out_r = digest(p, n->text);
		break;
	case QA_Q_HAS:
		*out_r = n->low == QA_HAS_ATTACHMENT ? mark('A', "", 0, false)
						     : flags(QA_ROW_FALLBACK, QA_ROW_FALLBACK);
		break;
	case QA_Q_SOURCE:
		*out_r = flags(QA_ROW_SOURCE, (unsigned)n->low << 4);
		break;
	case QA_Q_KIND:
		*out_r = n->low ? flags(QA_ROW_KIND, (unsigned)n->low) : (struct piece){.result = ALL};
		break;
	case QA_Q_STATUS:
		*out_r = status(p, n->low == 1);
		break;
	case QA_Q_SIZE:
		*out_r = range("size", n->low, n->high, 0, INT64_MAX - 1, 0);
		break;
	case QA_Q_DATE:
		*out_r = range("date", n->low, n->high, s->first_date, s->last_date, month);
		break;
	default:
		return qa_plan_text(p, n, out_r);
	}
	return 0;
}

static int
node(struct planner *p, unsigned i, struct piece *out_r)
{
	const struct qa_query_node *n = &p->q->v[i];
	struct piece all, one;

	switch (n->kind) {
	case QA_Q_ALL:
		*out_r = (struct piece){.result = ALL};
		return 0;
	case QA_Q_TERM:
		return leaf(p, n, out_r);
	case QA_Q_NOT:
		if (node(p, n->child, &one))
			return -1;
		*out_r = qa_piece_not(p, one);
		return 0;
	case QA_Q_AND:
	case QA_Q_OR:
		break;
	}
	if (node(p, n->child, &all))
		return -1;
	for (unsigned c = p->q->v[n->child].next; c; c = p->q->v[c].next) {
		if (node(p, c, &one)) {
			qa_piece_free(&all);
			return -1;
		}
		all = n->kind == QA_Q_AND ? qa_piece_and(all, one) : qa_piece_or(p, all, one);
	}
	*out_r = all;
	return 0;
}

/* Events match only who asks for kinds; their words do not match anyway. */
static void
finish(struct planner *p, struct piece *x)
{
	struct qa_plan *plan = p->plan;

	if (x->yes.s && x->no.s) {
		struct expr no = qa_expr_take(&x->no);

		qa_expr_wrap(&x->yes, "(", ") NOT (");
		g_string_append_printf(x->yes.s, "%s)", no.s->str);
		qa_expr_free(&no);
	}
	if (x->no.s)
		x->sql = qa_expr_glue(qa_expr_take(&x->sql), AND, qa_expr_set(p, qa_expr_take(&x->no), "NOT "));
	if (!x->yes.s && !p->q->kinds && p->state->events) {
		struct piece messages = flags(QA_ROW_MESSAGE, QA_ROW_MESSAGE);

		x->sql = qa_expr_glue(qa_expr_take(&x->sql), AND, messages.sql);
	}
	struct expr yes = qa_expr_take(&x->yes), sql = qa_expr_take(&x->sql);
	plan->match = yes.s ? g_string_free(yes.s, FALSE) : NULL;
	plan->where = sql.s ? g_string_free(sql.s, FALSE) : NULL;
}

int
qa_plan_make(const struct qa_query *q, const struct qa_catalog_state *state, struct qa_plan_around around,
	     struct qa_plan *p_r, struct qa_err *err)
{
	struct planner p = {q, state, around, p_r, err};
	struct piece x;

	*p_r = (struct qa_plan){.binds = g_ptr_array_new_with_free_func(g_free)};
	if (node(&p, q->root, &x)) {
		qa_plan_free(p_r);
		return -1;
	}
	if (x.result == VOID) {
		qa_plan_free(p_r);
		return qa_fail(err, EPROTO, "there is no letter or digit to search for");
	}
	p_r->none = x.result == NONE || state->last_n == 0;
	finish(&p, &x);
	qa_piece_free(&x);
	return 0;
}

void
qa_plan_free(struct qa_plan *p)
{
	g_free(p->match);
	g_free(p->where);
	if (p->binds)
		g_ptr_array_free(p->binds, TRUE);
	*p = (struct qa_plan){0};
}
