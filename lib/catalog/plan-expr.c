#include "catalog/plan-private.h"

void
qa_expr_free(struct expr *e)
{
	if (e->s)
		g_string_free(e->s, TRUE);
	*e = (struct expr){0};
}

void
qa_piece_free(struct piece *p)
{
	qa_expr_free(&p->yes);
	qa_expr_free(&p->no);
	qa_expr_free(&p->sql);
}

struct expr
qa_expr_take(struct expr *e)
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
struct expr
qa_expr_glue(struct expr a, enum op op, struct expr b)
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
void
qa_expr_wrap(struct expr *e, const char *before, const char *after)
{
	g_string_prepend(e->s, before);
	g_string_append(e->s, after);
	e->op = WHOLE;
}

/* The set of rows that an FTS5 expression matches, as SQL; the expression is used up. */
struct expr
qa_expr_set(struct planner *p, struct expr match, const char *in)
{
	struct expr e = {g_string_new(NULL), WHOLE};

	g_ptr_array_add(p->plan->binds, g_string_free(match.s, FALSE));
	g_string_printf(e.s, "%sqa_in(?%u, e.n)", in, p->plan->binds->len + 1);
	return e;
}

/* The piece as one SQL condition; it is used up. */
static struct expr
as_sql(struct planner *p, struct piece *x)
{
	struct expr e = {0};

	if (x->yes.s)
		e = qa_expr_glue(e, AND, qa_expr_set(p, qa_expr_take(&x->yes), ""));
	if (x->no.s)
		e = qa_expr_glue(e, AND, qa_expr_set(p, qa_expr_take(&x->no), "NOT "));
	return qa_expr_glue(e, AND, qa_expr_take(&x->sql));
}

struct piece
qa_piece_sql(GString *sql)
{
	return (struct piece){.result = SOME, .sql = {sql, WHOLE}};
}

struct piece
qa_piece_match(GString *match)
{
	return (struct piece){.result = SOME, .yes = {match, WHOLE}};
}

struct piece
qa_piece_and(struct piece a, struct piece b)
{
	if (a.result == NONE || b.result == VOID || b.result == ALL) {
		if (a.result == VOID && b.result == ALL)
			a.result = ALL;
		qa_piece_free(&b);
		return a;
	}
	if (b.result == NONE || a.result == VOID || a.result == ALL) {
		qa_piece_free(&a);
		return b;
	}
	a.yes = qa_expr_glue(a.yes, AND, b.yes);
	a.no = qa_expr_glue(a.no, OR, b.no);
	a.sql = qa_expr_glue(a.sql, AND, b.sql);
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

struct piece
qa_piece_or(struct planner *p, struct piece a, struct piece b)
{
	struct piece r = {.result = SOME};

	if (a.result == ALL || b.result == VOID || b.result == NONE) {
		if (a.result == VOID && b.result == NONE)
			a.result = NONE;
		qa_piece_free(&b);
		return a;
	}
	if (b.result == ALL || a.result == VOID || a.result == NONE) {
		qa_piece_free(&a);
		return b;
	}
	if (only_yes(&a) && only_yes(&b)) {
		r.yes = qa_expr_glue(a.yes, OR, b.yes);
	} else if (only_no(&a) && only_no(&b)) {
		r.no = qa_expr_glue(a.no, AND, b.no);
	} else {
		struct expr left = as_sql(p, &a);

		r.sql = qa_expr_glue(left, OR, as_sql(p, &b));
	}
	return r;
}

struct piece
qa_piece_not(struct planner *p, struct piece a)
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
	qa_expr_wrap(&r.sql, "NOT (", ")");
	return r;
}
