/*
 * Asking one month's catalog: hits one by one in an order, or their number. The catalog was opened for reading and
 * outlives the cursor.
 */
#ifndef QA_CATALOG_FIND_H
#define QA_CATALOG_FIND_H

#include "catalog/catalog.h"
#include "catalog/plan.h"

enum qa_sort { QA_SORT_NEWEST, QA_SORT_OLDEST, QA_SORT_RELEVANCE, QA_SORT_SIZE };

/* Above this many matches in a month relevance is not computed; the newest come first instead. */
#define QA_RELEVANCE_MAX 100000

struct qa_hit {
	qa_month month;
	uint64_t n;
	int64_t date; /* seconds since 1970 */
	uint64_t size;
	unsigned flags; /* QA_ROW_ bits */
	double score;	/* relevance: smaller is better */
};

/* Makes the events of neighbouring months visible to plans with the same `around`; their catalogs are in the same folder. A new
 * snapshot begins, so plan afterwards. */
int qa_find_attach(struct qa_catalog *c, struct qa_plan_around around, struct qa_err *err) QA_MUST;

struct qa_finder;
int qa_find(struct qa_catalog *c, const struct qa_plan *plan, enum qa_sort sort, struct qa_finder **cur_r,
	    struct qa_err *err) QA_MUST;
/* The next hit: 1, 0 at the end, -1. */
int qa_finder_next(struct qa_finder *cur, struct qa_hit *hit_r, struct qa_err *err) QA_MUST;
void qa_finder_close(struct qa_finder *cur); /* NULL is allowed */

/* How many there are, exactly. */
int qa_find_count(struct qa_catalog *c, const struct qa_plan *plan, uint64_t *count_r, struct qa_err *err) QA_MUST;

#endif
