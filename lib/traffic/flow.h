/*
 * What only the stats file knows of a period's mail: hours, directions, statuses, accounts. The table translog has none of
 * these, so mailtraffic draws them when it is given the stats files.
 *
 * The reading and counting is traffic/survey.h's. A mail counts for the recipient's domain when it comes in and for the sender's when it goes out, a session for that of its account.
 */
#ifndef QA_TRAFFIC_FLOW_H
#define QA_TRAFFIC_FLOW_H

#include "base/err.h"
#include "statline/statline.h"
#include "traffic/period.h"

#include <glib.h>

enum { QA_FLOW_WAYS = 5 };

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
	const char *domain; /* NULL: all */
	/* the result */
	struct qa_flow_sum way[QA_FLOW_WAYS];	   /* by enum qa_stat_kind */
	struct qa_flow_sum hour[24][QA_FLOW_WAYS]; /* by the local hour */
	GArray *status, *account;		   /* struct qa_flow_named, most bytes first; statuses without those of sessions */
	uint64_t lines, bad;			   /* of the period and domain; that could not be read */
};

/* All of these stats files, plain or packed; "-" is standard input. After -1 nothing is to be freed. */
int qa_flow_read(struct qa_flow *f, const char *const *path, size_t n, struct qa_err *err) QA_MUST;
void qa_flow_free(struct qa_flow *f);

/* "in", "out", "pop3", "imap", "list" */
const char *qa_flow_way(unsigned way);

#endif
