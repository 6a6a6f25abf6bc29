/*
 * The traffic of each hosted domain on each of some days: what mail_anlz sums up (man mail_anlz, "What is counted").
 *
 * One pass over the files for all days at once. Memory: 16 bytes for each worker, day and domain; none for a line.
 */
#ifndef QA_TRAFFIC_DAILY_H
#define QA_TRAFFIC_DAILY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "traffic/bad.h"
#include "traffic/day.h"
#include "traffic/hosted.h"
#include "traffic/read.h"

enum { QA_DAILY_MOST = 400 };

struct qa_tally {
	uint64_t bytes; /* stays at its most instead of starting anew */
	uint64_t hits;
};

struct qa_daily {
	/* set by the caller */
	const struct qa_hosted *hosted; /* ready */
	const struct qa_day *days;	/* rising */
	size_t n;			/* at most QA_DAILY_MOST */
	qa_read_progress *progress;
	void *ctx;
	/* the result */
	struct qa_tally *tally; /* of day D and name I: [D * hosted->n + I] */
	uint64_t lines, good;	/* of all days */
	uint64_t *of_day;	/* good lines of each day */
	struct qa_bad bad;
};

/* Sums up. -1: a file could not be read, no memory; the result is then empty. */
int qa_daily_sum(struct qa_daily *d, struct qa_files *files, struct qa_err *err) QA_MUST;

void qa_daily_free(struct qa_daily *d);

/* The file of one day, to OUT: a line |name|kB|hits|0| for each domain with traffic; kB of 1024, rounded up. */
int qa_daily_write(const struct qa_daily *d, size_t day, struct qa_buf *out) QA_MUST;

/* "22.11.2026.qml.txt" */
#define QA_DAILY_NAME (QA_DAY_TEXT + 8)
void qa_daily_name(struct qa_day d, char out[QA_DAILY_NAME]);

/*
 * Which of the QA_DAILY_MOST days before END have good lines: TRUE in HAS_R[i] for the day END - 1 - i.
 */
int qa_daily_days(struct qa_files *files, struct qa_day end, bool has_r[QA_DAILY_MOST], qa_read_progress *progress,
		  void *ctx, struct qa_err *err) QA_MUST;

#endif
