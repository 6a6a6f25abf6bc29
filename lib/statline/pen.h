/*
 * Lines of captured records, gathered so that a file is opened once for many of them:
 *
 *	qa_pen_record(&pen, fields, bytes) ...; qa_pen_flush(&pen);
 *
 * What cannot be written is counted as lost and forgotten: statistics never hold up mail, and memory is bounded.
 */
#ifndef QA_STATLINE_PEN_H
#define QA_STATLINE_PEN_H

#include "statline/file.h"

struct qa_pen {
	const struct qa_stats *to;
	uint64_t added, lost; /* lines so far */
	struct qa_err err;    /* why the last ones were lost */
	uint32_t late;	      /* seconds; of a capture longer ago the lines tell the present time; 0: never */
	size_t n, lines;      /* not written yet */
	unsigned char buf[64 << 10];
};

void qa_pen_init(struct qa_pen *p, const struct qa_stats *to);

/*
 * An `in success` line for each recipient of a message that came through qmail-queue; other records make none. FIELDS are those of the journal
 * (doc/format-journal.md), whole and good; BYTES is the length of the message, unless a field says how long it was before it was cut. Pid and
 * time are those of the capture, unless that is later than p->late allows: the bill of its day may be written already.
 */
void qa_pen_record(struct qa_pen *p, qa_span fields, uint64_t bytes);

void qa_pen_flush(struct qa_pen *p);

#endif
