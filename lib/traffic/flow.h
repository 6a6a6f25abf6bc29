/*
 * What only the stats file knows of a period's mail: hours, directions, statuses, accounts. The table translog has none of
 * these, so mailtraffic draws them when it is given the stats files.
 *
 * A mail counts for the recipient's domain when it comes in and for the sender's when it goes out, a session for that of its account.
 */
#ifndef QA_TRAFFIC_FLOW_H
#define QA_TRAFFIC_FLOW_H

#include "base/err.h"
#include "statline/statline.h"
#include "traffic/period.h"

#include <glib.h>

enum { QA_FLOW_WAYS = 5, QA_FLOW_STATUSES = 200, QA_FLOW_ACCOUNTS = 100000 };

struct qa_flow_sum {
	uint64_t bytes, lines;
};

struct qa_flow_named {
	char *name;
	struct qa_flow_sum sum;
};

struct qa_flow {
	/* set by the caller */
	struct qa_period period;
	const char *domain; /* lower case; NULL: all */
	/* the result */
	struct qa_flow_sum way[QA_FLOW_WAYS];	      /* by enum qa_stat_kind */
	struct qa_flow_sum hour[24][QA_FLOW_WAYS];    /* by the local hour */
	GHashTable *status, *account;		      /* name -> struct qa_flow_named; the last of too many is "(others)" */
	uint64_t lines, bad;			      /* of the period and domain; that could not be read */
	int64_t from, to;			      /* the period in seconds since 1970 */
};

void qa_flow_init(struct qa_flow *f); /* after the caller has set his part */
void qa_flow_free(struct qa_flow *f);

/* One line of a stats file, without its line feed. */
void qa_flow_line(struct qa_flow *f, qa_span line);

/* All lines of a file, plain or gzip; "-" is standard input. */
int qa_flow_file(struct qa_flow *f, const char *path, struct qa_err *err) QA_MUST;

/* "in", "out", "pop3", "imap", "list" */
const char *qa_flow_way(unsigned way);

/* Those of a table with the most bytes, at most MOST: GPtrArray of struct qa_flow_named owned by the table. */
GPtrArray *qa_flow_top(GHashTable *t, size_t most);

#endif
