/*
 * Each node of the query becomes a piece, three conditions joined by AND:
 *
 *	yes	an FTS5 expression that must match
 *	no	an FTS5 expression that must not
 *	sql	a condition on the entry row
 *
 * An absent one holds for every row. A piece with only `yes` or only `no` can be turned around and joined within FTS5; the
 * others are joined in SQL, where an FTS5 expression is a set of row ids.
 */
#include "catalog/plan.h"

#include "base/text.h"
#include "catalog/catalog-private.h"
#include "term/term.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum result { VOID, /* no word in it that could be searched: as if not typed */ ALL, NONE, SOME };

/* An expression and how its outermost parts are joined: chains stay flat, for both parsers of SQLite have a stack of 100. */
enum op { WHOLE, AND, OR };
struct expr {
	GString *s; /* NULL = absent */
	enum op op;
};

struct piece {
	enum result result;
	struct expr yes, no, sql;
};

struct planner {
	const struct qa_query *q;
	const struct qa_catalog_state *state;
	struct qa_plan_around around;
	struct qa_plan *plan;
	struct qa_err *err;
};

static void
expr_free(struct expr *e)
{
	if (e->s)
		g_string_free(e->s, TRUE);
	*e = (struct expr){0};
}

static void
piece_free(struct piece *p)
{
	expr_free(&p->yes);
	expr_free(&p->no);
	expr_free(&p->sql);
}

static struct expr
take(struct expr *e)
{
	struct expr got = *e;

	*e = (struct expr){0};
	return got;
}

/* Puts parentheses around what is joined by another operator. */
static void
close_for(struct expr *e, enum op op)
{
	if (e->op == op)
		return;
	g_string_prepend_c(e->s, '(');
	g_string_append_c(e->s, ')');
}

/* a OP b; both are used up, one may be absent. */
static struct expr
glue(struct expr a, enum op op, struct expr b)
{
	if (!a.s)
		return b;
	if (!b.s)
		return a;
	close_for(&a, op);
	close_for(&b, op);
	g_string_append(a.s, op == AND ? " AND " : " OR ");
	g_string_append_len(a.s, b.s->str, (gssize)b.s->len);
	g_string_free(b.s, TRUE);
	a.op = op;
	return a;
}

/* BEFORE expr AFTER, as a whole. */
static void
wrap(struct expr *e, const char *before, const char *after)
{
	g_string_prepend(e->s, before);
	g_string_append(e->s, after);
	e->op = WHOLE;
}

/* The set of rows that an FTS5 expression matches, as SQL; the expression is used up. */
static struct expr
as_set(struct planner *p, struct expr match, const char *in)
{
	struct expr e = {g_string_new(NULL), WHOLE};

	g_ptr_array_add(p->plan->binds, g_string_free(match.s, FALSE));
	g_string_printf(e.s, "e.n %s (SELECT rowid FROM words WHERE words MATCH ?%u)", in,
			p->plan->binds->len + 1);
	return e;
}

/* The piece as one SQL condition; it is used up. */
static struct expr
as_sql(struct planner *p, struct piece *x)
{
	struct expr e = {0};

	if (x->yes.s)
		e = glue(e, AND, as_set(p, take(&x->yes), "IN"));
	if (x->no.s)
		e = glue(e, AND, as_set(p, take(&x->no), "NOT IN"));
	return glue(e, AND, take(&x->sql));
}

static struct piece join_or(struct planner *p, struct piece a, struct piece b);

/* ---- leaves ---- */

static struct piece
of_sql(GString *sql)
{
	return (struct piece){.result = SOME, .sql = {sql, WHOLE}};
}

static struct piece
of_match(GString *match)
{
	return (struct piece){.result = SOME, .yes = {match, WHOLE}};
}

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
	return of_sql(s);
}

static struct piece
flags(unsigned mask, unsigned value)
{
	GString *s = g_string_new(NULL);

	g_string_printf(s, "(e.flags & %u) = %u", mask, value);
	return of_sql(s);
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
	return of_sql(s);
}

/* One term as an FTS5 expression. */
static GString *
token(const void *t, size_t n, bool prefix)
{
	GString *s = g_string_new("\"");

	qa_token_quote(s, false, t, n);
	g_string_append(s, prefix ? "\"*" : "\"");
	return s;
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
	return of_match(token(t->str, t->len, prefix));
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
	return join_or(p, of_sql(s), mark('D', b, n, n < QA_DIGEST_CUT));
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

/* ---- text ---- */

static const char *
columns(enum qa_query_field f)
{
	switch (f) {
	case QA_Q_BODY:
		return "body";
	case QA_Q_SUBJECT:
		return "subject";
	case QA_Q_FILENAME:
		return "file";
	case QA_Q_FROM:
		return "author";
	case QA_Q_TO:
		return "dest";
	case QA_Q_CC:
		return "copy";
	case QA_Q_BCC:
		return "blind";
	case QA_Q_REPLY:
		return "reply";
	case QA_Q_SENDER:
		return "sender";
	case QA_Q_RCPT:
		return "rcpt";
	case QA_Q_ADDRESS:
		return "author dest copy blind reply sender rcpt";
	default:
		return NULL;
	}
}

/* The terms of a phrase as an FTS5 string, for messages or for events. */
static void
phrase(const struct qa_term_query *tq, const struct qa_term_phrase *ph, bool event, bool prefix, GString *out)
{
	g_autoptr(GString) t = g_string_new(NULL);

	g_string_append_c(out, '"');
	for (size_t i = ph->first; i < ph->first + ph->n; i++) {
		g_string_truncate(t, 0);
		if (event)
			g_string_append_c(t, QA_TOKEN_EVENT);
		g_string_append_len(t, tq->terms[i].p, (gssize)tq->terms[i].n);
		qa_token_quote(out, (tq->terms[i].flags & QA_TERM_COLOCATED) != 0, t->str, t->len);
	}
	g_string_append(out, ph->prefix || prefix ? "\"*" : "\"");
}

/* All phrases of what was typed, joined by AND; absent when there is none. */
static int
phrases(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	struct qa_term_query tq;
	struct expr all = {0};

	if (qa_term_query(n->text, n->quoted, &tq, p->err))
		return -1;
	for (size_t i = 0; i < tq.nphrases; i++) {
		struct expr one = {g_string_new(NULL), WHOLE};

		phrase(&tq, &tq.phrases[i], event, n->prefix && i + 1 == tq.nphrases, one.s);
		all = glue(all, AND, one);
	}
	qa_term_query_free(&tq);
	*out_r = all;
	return 0;
}

/* One address of which the terms in columns of addresses are made: see qa_token_address. */
static struct expr
address_token(qa_span address, bool event)
{
	g_autoptr(GString) t = g_string_new(NULL);

	qa_token_address(address, t);
	if (event)
		g_string_prepend_c(t, QA_TOKEN_EVENT);
	return (struct expr){token(t->str, t->len, false), WHOLE};
}

/* All addresses of a domain and of the domains below it. */
static struct expr
domain_token(qa_span domain, bool event)
{
	g_autoptr(GString) t = g_string_new("@"), address = g_string_new("@");
	struct expr here, below;

	g_string_append_len(address, (const char *)domain.p, (gssize)domain.n);
	g_string_truncate(t, 0);
	qa_token_address(qa_span_of(address->str, address->len), t);
	if (event)
		g_string_prepend_c(t, QA_TOKEN_EVENT);
	/* it ends in '@', before which no local part stands: that is where those of the domain go on */
	here = (struct expr){token(t->str, t->len, true), WHOLE};
	t->str[t->len - 1] = '.';
	below = (struct expr){token(t->str, t->len, true), WHOLE};
	return glue(here, OR, below);
}

/* The beginning of an address as a phrase of words, the last one unfinished: its one term is in another order. */
static int
address_front(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	struct qa_query_node words = *n;
	g_autofree char *copy = g_strndup((const char *)n->text.p, n->text.n);

	for (size_t i = 0; i < n->text.n; i++)
		if (copy[i] == '@')
			copy[i] = ' ';
	words.text = qa_span_of(copy, n->text.n);
	words.quoted = true;
	return phrases(p, &words, event, out_r);
}

static bool
has_blank(qa_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ')
			return true;
	return false;
}

/* a@b is one term, @b the front of one; what could be a domain is that, or words; the rest is words. */
static int
address(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	qa_span s = n->text;
	const unsigned char *at;
	bool dotted;

	if (s.n > 1 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = qa_span_cut(s, 1, s.n - 2);
	at = memchr(s.p, '@', s.n);
	if (n->prefix)
		return address_front(p, n, event, out_r);
	if (has_blank(s))
		return phrases(p, n, event, out_r);
	if (at == s.p && s.n > 1) {
		*out_r = domain_token(qa_span_cut(s, 1, s.n), event);
		return 0;
	}
	if (at && at + 1 < s.p + s.n) {
		*out_r = address_token(s, event);
		return 0;
	}
	dotted = s.n > 2 && memchr(s.p + 1, '.', s.n - 2) != NULL;
	if (phrases(p, n, event, out_r))
		return -1;
	if (dotted && !at && !n->quoted && out_r->s)
		*out_r = glue(*out_r, OR, domain_token(s, event));
	return 0;
}

/* Text anywhere; an address has one form in text and another one in columns of addresses. */
static int
anywhere(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	qa_span s = n->text;
	const unsigned char *at = memchr(s.p, '@', s.n);

	if (at && n->prefix)
		return address_front(p, n, event, out_r);
	if (phrases(p, n, event, out_r))
		return -1;
	if (at && at > s.p && at + 1 < s.p + s.n && !has_blank(s))
		*out_r = glue(*out_r, OR, address_token(s, event));
	return 0;
}

static int
text_form(struct planner *p, const struct qa_query_node *n, bool event, struct expr *out_r)
{
	const char *in = columns(n->field);

	*out_r = (struct expr){0};
	int r = n->field == QA_Q_ANY				   ? anywhere(p, n, event, out_r)
		: n->field >= QA_Q_FROM && n->field <= QA_Q_ADDRESS ? address(p, n, event, out_r)
								   : phrases(p, n, event, out_r);
	if (r)
		return -1;
	if (in && out_r->s) {
		g_string_prepend(out_r->s, "} : (");
		g_string_prepend(out_r->s, in);
		wrap(out_r, "{", ")");
	}
	return 0;
}

static int
text(struct planner *p, const struct qa_query_node *n, struct piece *out_r)
{
	struct expr plain, event = {0};

	*out_r = (struct piece){.result = VOID};
	if (text_form(p, n, false, &plain))
		return -1;
	if (!plain.s)
		return 0;
	if (p->q->kinds && p->state->events && text_form(p, n, true, &event)) {
		expr_free(&plain);
		return -1;
	}
	out_r->result = SOME;
	out_r->yes = glue(plain, OR, event);
	return 0;
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
		return text(p, n, out_r);
	}
	return 0;
}

/* ---- joining ---- */

static struct piece
join_and(struct piece a, struct piece b)
{
	if (a.result == NONE || b.result == VOID || b.result == ALL) {
		if (a.result == VOID && b.result == ALL)
			a.result = ALL;
		piece_free(&b);
		return a;
	}
	if (b.result == NONE || a.result == VOID || a.result == ALL) {
		piece_free(&a);
		return b;
	}
	a.yes = glue(a.yes, AND, b.yes);
	a.no = glue(a.no, OR, b.no);
	a.sql = glue(a.sql, AND, b.sql);
	return a;
}

static bool
only_yes(const struct piece *x)
{
	return x->yes.s && !x->no.s && !x->sql.s;
}

static bool
only_no(const struct piece *x)
{
	return x->no.s && !x->yes.s && !x->sql.s;
}

static struct piece
join_or(struct planner *p, struct piece a, struct piece b)
{
	struct piece r = {.result = SOME};

	if (a.result == ALL || b.result == VOID || b.result == NONE) {
		if (a.result == VOID && b.result == NONE)
			a.result = NONE;
		piece_free(&b);
		return a;
	}
	if (b.result == ALL || a.result == VOID || a.result == NONE) {
		piece_free(&a);
		return b;
	}
	if (only_yes(&a) && only_yes(&b)) {
		r.yes = glue(a.yes, OR, b.yes);
	} else if (only_no(&a) && only_no(&b)) {
		r.no = glue(a.no, AND, b.no);
	} else {
		struct expr left = as_sql(p, &a);

		r.sql = glue(left, OR, as_sql(p, &b));
	}
	return r;
}

static struct piece
turn(struct planner *p, struct piece a)
{
	struct piece r = {.result = SOME};

	if (a.result == VOID)
		return a;
	if (a.result != SOME) {
		r.result = a.result == ALL ? NONE : ALL;
		return r;
	}
	if (only_yes(&a) || only_no(&a)) {
		r.yes = a.no;
		r.no = a.yes;
		return r;
	}
	r.sql = as_sql(p, &a);
	wrap(&r.sql, "NOT (", ")");
	return r;
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
		*out_r = turn(p, one);
		return 0;
	case QA_Q_AND:
	case QA_Q_OR:
		break;
	}
	if (node(p, n->child, &all))
		return -1;
	for (unsigned c = p->q->v[n->child].next; c; c = p->q->v[c].next) {
		if (node(p, c, &one)) {
			piece_free(&all);
			return -1;
		}
		all = n->kind == QA_Q_AND ? join_and(all, one) : join_or(p, all, one);
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
		struct expr no = take(&x->no);

		wrap(&x->yes, "(", ") NOT (");
		g_string_append_printf(x->yes.s, "%s)", no.s->str);
		expr_free(&no);
	}
	if (x->no.s)
		x->sql = glue(take(&x->sql), AND, as_set(p, take(&x->no), "NOT IN"));
	if (!x->yes.s && !p->q->kinds && p->state->events) {
		struct piece messages = flags(QA_ROW_MESSAGE, QA_ROW_MESSAGE);

		x->sql = glue(take(&x->sql), AND, messages.sql);
	}
	struct expr yes = take(&x->yes), sql = take(&x->sql);
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
	piece_free(&x);
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
