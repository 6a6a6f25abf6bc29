/*
 * A query over all months of a domain: hits in one order, their number, and how much of the archive the answer covers.
 */
#ifndef QA_CATALOG_SEARCH_H
#define QA_CATALOG_SEARCH_H

#include "archive/read.h"
#include "catalog/find.h"

struct qa_search;

/* What an answer stands on. */
struct qa_coverage {
	uint64_t indexed;   /* entries in the catalogs asked */
	uint64_t committed; /* entries of the archive */
	uint64_t fallbacks; /* messages indexed as raw text */
	GArray *missing;    /* qa_month: partition here, catalog not (yet), or of another version */
	GArray *damaged;    /* qa_month: catalog cannot be read */
	GArray *ahead;	    /* qa_month: catalog knows more than the log, which lost it or was restored; not asked */
	GArray *offline;    /* qa_month: catalog here, partition not: found, but not shown */
};

/*
 * Opens the catalogs of A's domain as they are at this moment. DIR is H/domain/DOMAIN/var/catalog. A and Q must outlive the search. -1: EPROTO when Q has
 * nothing to search for.
 */
int qa_search_open(struct qa_archive *a, const char *dir, const struct qa_query *q, struct qa_search **s_r,
		   struct qa_err *err) QA_MUST;
void qa_search_close(struct qa_search *s);

const struct qa_coverage *qa_search_coverage(const struct qa_search *s);

int qa_search_count(struct qa_search *s, uint64_t *count_r, struct qa_err *err) QA_MUST;

/* Begins to answer from the first hit in this order; then one by one: 1, 0 at the end, -1. Without a word in the query,
 * relevance is newest first. */
int qa_search_start(struct qa_search *s, enum qa_sort sort, struct qa_err *err) QA_MUST;
int qa_search_next(struct qa_search *s, struct qa_hit *hit_r, struct qa_err *err) QA_MUST;

#endif
