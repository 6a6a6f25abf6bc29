/*
 * The lines of a stats file, many and quickly. qa_statline_get (statline/statline.h) says what a line is; this reader says
 * the same of every line, at a tenth of the time: lines of the usual form are read from mark to mark (traffic/marks.h), all others are
 * given to qa_statline_get.
 *
 *	struct qa_quick q;
 *	struct qa_quick_line l[QA_QUICK_BATCH];
 *
 *	qa_quick_init(&q);
 *	qa_quick_start(&q, p, n);
 *	while ((k = qa_quick_next(&q, l)))
 *		...
 *	qa_quick_free(&q);
 */
#ifndef QA_TRAFFIC_QUICK_H
#define QA_TRAFFIC_QUICK_H

#include "base/attr.h"
#include "statline/statline.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_QUICK_BATCH = 64, /* lines at once */
	QA_QUICK_PAD = 128,  /* bytes that must be readable before and behind the buffer */
	QA_QUICK_BLOCK = 32 << 10,
};

/* One line. Places are counted from its start. */
struct qa_quick_line {
	const unsigned char *p;
	const char *why; /* NULL: a good line; else what is wrong, and only p, n are set */
	int64_t time;
	uint64_t bytes;
	uint32_t pid, attempts;
	uint32_t n; /* without its line feed */
	uint16_t sender, sender_n;
	uint16_t recipient, recipient_n;
	uint16_t status, status_n;
	uint16_t from, from_n; /* the sender's domain as qa_statline_domain has it, which is a session's account's */
	uint16_t to, to_n;     /* the recipient's */
	bool out;
	unsigned char kind; /* enum qa_stat_kind */
};

static inline qa_span
qa_quick_part(const struct qa_quick_line *l, uint16_t at, uint16_t n)
{
	return qa_span_of(l->p + at, n);
}

struct qa_quick {
	const unsigned char *at, *end;	 /* what no mark was looked for in */
	const unsigned char *base, *line; /* the block with marks; the next line in it */
	uint32_t *marks;
	size_t mark, marks_n; /* of whole lines only */
	unsigned char host[64];
	size_t host_n; /* of the last line with a prefix, with its blank */
};

/* -1: no memory. */
int qa_quick_init(struct qa_quick *q) QA_MUST;
void qa_quick_free(struct qa_quick *q);

/* Lines in P; the last may be without its line feed. P stays until all are taken. */
void qa_quick_start(struct qa_quick *q, const unsigned char *p, size_t n);

/* The next lines to L of QA_QUICK_BATCH: their number, 0 at the end. */
size_t qa_quick_next(struct qa_quick *q, struct qa_quick_line *l);

#endif
