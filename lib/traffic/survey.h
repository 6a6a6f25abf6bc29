/*
 * What mailstatistics tells about stats files: totals by kind, status, hour and domain, and on request by account, by the
 * other side, by attempts.
 *
 * A line has an own side, which it is counted for, as in traffic/daily.h: the recipient of what comes in (and of a post by web), the
 * sender of what goes out, the account of a session; and a peer, the other address of a mail.
 *
 * Memory: names are kept up to a limit for each worker; addresses beyond it are counted by their domain only, domains beyond it as one, and how
 * many lines that concerned is told.
 */
#ifndef QA_TRAFFIC_SURVEY_H
#define QA_TRAFFIC_SURVEY_H

#include "base/attr.h"
#include "base/err.h"
#include "traffic/bad.h"
#include "traffic/names.h"
#include "traffic/read.h"

enum {
	QA_SURVEY_KINDS = 5,   /* enum qa_stat_kind */
	/* counters of a name: what came in (posts by web too), went out, and sessions */
	QA_SURVEY_IN = 0,
	QA_SURVEY_OUT,
	QA_SURVEY_SESSIONS,
	QA_SURVEY_SIDES,
	QA_SURVEY_STATUS = 40, /* bytes of a status that are told apart */
	QA_SURVEY_STATUSES = 64,
	QA_SURVEY_ATTEMPTS = 11, /* 1 to 10, and more */
	QA_SURVEY_NAMES = 1 << 20, /* of own sides */
	QA_SURVEY_PEERS = 1 << 17,
	QA_SURVEY_LINE = 400,
};

struct qa_survey_status {
	unsigned char name[QA_SURVEY_STATUS + 1];
	size_t n;
	struct qa_count c[QA_SURVEY_KINDS];
};

/* The line with the earliest or the latest time. */
struct qa_survey_edge {
	bool is;
	int64_t time;
	size_t file, part, line, n;
	unsigned char text[QA_SURVEY_LINE];
};

/* What is counted; the same for each worker and for all. */
struct qa_survey_sums {
	uint64_t lines;			    /* that were counted */
	uint64_t messages[QA_SURVEY_KINDS]; /* lines of one message stand together: one each */
	struct qa_survey_status status[QA_SURVEY_STATUSES + 1];
	size_t statuses;
	struct qa_count hour[24][QA_SURVEY_KINDS]; /* of the local day */
	uint64_t attempts[QA_SURVEY_ATTEMPTS + 1][QA_SURVEY_KINDS]; /* [0]: not said */
	uint64_t folded; /* lines whose name was over the limit */
	struct qa_nametab own;  /* of QA_SURVEY_SIDES counters: accounts when verbose, else domains */
	struct qa_nametab peer; /* verbose: of 2: as the sender of what came in, as the recipient of what went out */
	struct qa_survey_edge first, last;
	struct qa_bad bad;
};

struct qa_survey {
	/* set by the caller */
	bool verbose;
	qa_span domain;	   /* only lines whose own side is there; empty: all */
	int64_t from, to;  /* only lines from FROM on and before TO */
	size_t names_most; /* 0: QA_SURVEY_NAMES, QA_SURVEY_PEERS */
	qa_read_progress *progress;
	void *ctx;
	/* the result */
	uint64_t lines; /* of the files, good or not */
	struct qa_survey_sums sums;
	struct qa_nametab domains, peers; /* the same as own and peer, by domain; when not verbose domains is empty, see own */
};

int qa_survey_run(struct qa_survey *s, struct qa_files *files, struct qa_err *err) QA_MUST;
void qa_survey_free(struct qa_survey *s);

/* The sum of a name's counters. */
struct qa_count qa_survey_total(const struct qa_nametab *t, const struct qa_name *e);

/*
 * The first MOST names by a number, the largest first, then by name: their places to OUT_R of MOST. How many. Names whose number is 0 are left out.
 */
typedef uint64_t qa_survey_number(const struct qa_nametab *t, const struct qa_name *e);
size_t qa_survey_top(const struct qa_nametab *t, qa_survey_number *number, size_t most, uint32_t *out_r);

#endif
