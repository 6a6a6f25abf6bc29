/*
 * Reports of traffic out of SQL: what each name had on each day of a period, and the sums; as a table for people, CSV, JSON or a page
 * of HTML (man mailtraffic).
 *
 * All of it is held in memory: 40 bytes for each row, at most QA_REPORT_ROWS.
 */
#ifndef QA_TRAFFIC_REPORT_H
#define QA_TRAFFIC_REPORT_H

#include "db/db.h"
#include "traffic/flow.h"
#include "traffic/period.h"

#include <glib.h>

enum { QA_REPORT_ROWS = 5000000, QA_REPORT_KINDS = 100 };

struct qa_sum {
	uint64_t kb, hits, html;
};

/* A name's sum for one day and kind, over all servers. */
struct qa_report_row {
	unsigned day;  /* of the period */
	unsigned kind; /* in kinds */
	struct qa_sum sum;
};

struct qa_report_name {
	char *name;
	struct qa_sum sum;
	size_t first, n; /* of rows */
	unsigned days;	 /* with rows */
};

struct qa_report {
	struct qa_period period;
	const char *domain; /* the only name; NULL: all */
	const char *kind;   /* the only kind; NULL: all */
	const char *today;  /* "2026-11-23" when that day belongs to the period though it is not over; else NULL */
	GArray *rows;	    /* struct qa_report_row, by name, day, kind */
	GArray *names;	    /* struct qa_report_name, by their bytes */
	GArray *days;	    /* struct qa_sum, one for each day of the period */
	GPtrArray *kinds;   /* texts; index of rows' kind */
	GArray *of_kind;    /* struct qa_sum */
	struct qa_sum sum;
};

/* Reads what period, domain and kind of R select; the rest of R is filled. -1: EOVERFLOW too many rows. */
int qa_report_read(struct qa_db *db, struct qa_report *r, struct qa_err *err) QA_MUST;
void qa_report_free(struct qa_report *r);

/* Indexes of names, most traffic first, at most most. To be freed by g_free. */
size_t *qa_report_top(const struct qa_report *r, size_t most, size_t *n_r);

/* FLOW may be NULL: no stats file was read. */
void qa_report_table(const struct qa_report *r, GString *out);
void qa_report_csv(const struct qa_report *r, GString *out);
void qa_report_json(const struct qa_report *r, const struct qa_flow *flow, GString *out);
void qa_report_html(const struct qa_report *r, const struct qa_flow *flow, size_t top, GString *out);

#endif
