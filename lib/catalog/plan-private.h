/*
 * Inside lib/catalog: the pieces a plan is put together from. Each node of the query becomes a piece, three conditions joined by AND:
 *
 *	yes	an FTS5 expression that must match
 *	no	an FTS5 expression that must not
 *	sql	a condition on the entry row
 *
 * An absent one holds for every row. A piece with only `yes` or only `no` can be turned around and joined within FTS5; the
 * others are joined in SQL, where an FTS5 expression is a set of row ids.
 */
#ifndef QA_CATALOG_PLAN_PRIVATE_H
#define QA_CATALOG_PLAN_PRIVATE_H

#include "catalog/plan.h"

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

void qa_expr_free(struct expr *e);
struct expr qa_expr_take(struct expr *e); /* leaves e absent */

/* a OP b; both are used up, one may be absent. */
struct expr qa_expr_glue(struct expr a, enum op op, struct expr b);

/* BEFORE expr AFTER, as a whole. */
void qa_expr_wrap(struct expr *e, const char *before, const char *after);

/* The set of rows that an FTS5 expression matches, as SQL: qa_in(?k, e.n), with NOT before it when IN says so; the expression is
 * used up. */
struct expr qa_expr_set(struct planner *p, struct expr match, const char *in);

/* The pieces given are used up. */
struct piece qa_piece_and(struct piece a, struct piece b);
struct piece qa_piece_or(struct planner *p, struct piece a, struct piece b);
struct piece qa_piece_not(struct planner *p, struct piece a);
void qa_piece_free(struct piece *p);
struct piece qa_piece_sql(GString *sql);
struct piece qa_piece_match(GString *match);

/* One term as an FTS5 expression. */
GString *qa_plan_token(const void *t, size_t n, bool prefix);

/* A node of words, addresses, or words anywhere. */
int qa_plan_text(struct planner *p, const struct qa_query_node *n, struct piece *out_r) QA_MUST;

#endif
