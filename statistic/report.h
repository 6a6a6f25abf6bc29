/*
 * The report of qmail-remote: for each recipient a letter, `r` (accepted), `h` (refused) or `s` (not now), a text and a NUL; then `K`
 * (delivered), `Z` (not now) or `D` (failed), a text and a NUL. It is read as qmail-rspawn reads it: other letters are skipped, what
 * follows the last record does not count; without K, Z or D it says nothing.
 *
 * Reads any pieces of it, and keeps a letter for each recipient and the end of one line, however long it gets.
 */
#ifndef QA_STATISTIC_REPORT_H
#define QA_STATISTIC_REPORT_H

#include "base/attr.h"
#include "base/span.h"

enum { QA_REPORT_TAIL = 64 };

struct qa_report {
	char *letter;	 /* of each recipient that had one */
	size_t n, most;	 /* how many; for how many there is room */
	char final;	 /* 'K', 'Z' or 'D' when that record is whole, else 0 */
	char record;	 /* letter of the record under way, 0 between records */
	bool first_line; /* of its text */
	size_t tail_n;
	char tail[QA_REPORT_TAIL]; /* how the first line of that record's text ends */
};

/* LETTERS, the caller's, has room for each of the RECIPIENTS. */
void qa_report_init(struct qa_report *r, char *letters, size_t recipients);

void qa_report_add(struct qa_report *r, qa_span bytes);

struct qa_outcome {
	const char *status; /* of the stats file; static */
	bool sent;	    /* the message went over the wire, or began to */
};

/*
 * What became of recipient I (from 0). STATUS is the exit status of qmail-remote as of waitpid(2): anything but exit 0 makes qmail forget the
 * report.
 *
 *	success		r and K
 *	reject		h, or D
 *	defer		s, or Z
 *	timeout		nobody answers there (4.4.1), or the connection died (4.4.2)
 *	partial		the message ends in half a line (5.6.2)
 *	readerr		the message or a control file cannot be read, no memory (4.3.x), called in a wrong way (5.3.5), no report
 */
struct qa_outcome qa_report_outcome(const struct qa_report *r, size_t i, int status);

#endif
