/*
 * Taking a message apart: trace and rest, and runs of base64 in the rest (doc/format-segment.md, "What is stored").
 * Pure functions over memory; what they find comes back byte for byte.
 */
#ifndef QA_STORE_SPLIT_H
#define QA_STORE_SPLIT_H

#include "base/attr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_RUN_LEAST = 4096, /* encoded bytes */
	QA_RUN_LINE = 996,   /* longest line */
	QA_RUN_LINE_RAW = QA_RUN_LINE / 4 * 3,
};

/* Length of the trace at the start of a message. */
size_t qa_split_trace(qa_span message);

struct qa_run {
	size_t at;	/* where it starts in the rest */
	size_t encoded; /* its length there, inner line ends included */
	uint64_t raw;	/* decoded bytes */
	uint32_t line;	/* encoded bytes of each line but the last */
	bool crlf;
};

/* The next run at or behind *pos (start with 0): 1, moving *pos behind it; 0 when there is none. */
int qa_split_run(qa_span rest, size_t *pos, struct qa_run *r_r) QA_MUST;

/* Decoding a run found by qa_split_run, piece by piece. */
struct qa_unrun {
	const unsigned char *p, *end;
	uint32_t line, eol;
	unsigned char left[QA_RUN_LINE_RAW]; /* a line that did not fit into the last piece */
	size_t left_n, left_at;
};
void qa_unrun_init(struct qa_unrun *u, qa_span rest, const struct qa_run *r);
size_t qa_unrun_read(struct qa_unrun *u, unsigned char *out, size_t n); /* less than n only at the end */

/* Encoding a part again, piece by piece. */
struct qa_rerun {
	uint32_t line, raw_line;
	bool crlf, begun;
	unsigned char left[QA_RUN_LINE_RAW]; /* start of a line */
	size_t left_n;
};
void qa_rerun_init(struct qa_rerun *r, uint32_t line, bool crlf);
/* Appends what is complete to out (room for qa_rerun_room(r, in.n)): the number of bytes. last: the rest as well. */
size_t qa_rerun_add(struct qa_rerun *r, qa_span in, bool last, unsigned char *out);
size_t qa_rerun_room(const struct qa_rerun *r, size_t n);

/* Encoded length of raw bytes in such lines; 0 when the line length is impossible or raw is 0. */
uint64_t qa_rerun_size(uint64_t raw, uint32_t line, bool crlf);

#endif
