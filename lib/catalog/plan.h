/*
 * A parsed query as SQL for one month: as much as possible in one FTS5 MATCH, the rest as a condition on the entry row.
 * Both together are exact, whatever AND, OR and NOT make of them.
 */
#ifndef QA_CATALOG_PLAN_H
#define QA_CATALOG_PLAN_H

#include "catalog/catalog.h"
#include "catalog/query.h"

#include <glib.h>

struct qa_plan {
	bool none;	  /* nothing in this month can match: no need to ask */
	char *match;	  /* for words MATCH, NULL = none */
	char *where;	  /* on entry e, with ?2 ... for binds; NULL = none */
	GPtrArray *binds; /* char *: MATCH texts of the sets that qa_in asks, the first one is ?2 */
};

/* The neighbouring months whose events a plan may ask: they are attached (qa_find_attach). */
struct qa_plan_around {
	bool before, after;
};

/* -1: EPROTO when no word of the query can be searched, or ENOMEM. */
int qa_plan_make(const struct qa_query *q, const struct qa_catalog_state *state, struct qa_plan_around around,
		 struct qa_plan *p_r, struct qa_err *err) QA_MUST;
void qa_plan_free(struct qa_plan *p);

#endif
