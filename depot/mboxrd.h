/*
 * Writing a message into an mbox in mboxrd form: a From_ line, the message with one more '>' before each line of any number of
 * '>' and "From ", a missing end of line, an empty line. In pieces of any size.
 */
#ifndef QA_DEPOT_MBOXRD_H
#define QA_DEPOT_MBOXRD_H

#include "base/attr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* Takes bytes: 0, -1. */
typedef int mboxrd_put(void *ctx, const void *p, size_t n);

struct mboxrd {
	mboxrd_put *put;
	void *ctx;
	/* what of a line was seen but not written yet, for it may be >>>From */
	bool line_start;
	uint64_t arrows;
	unsigned letters;
	unsigned char last;
};

/* All of them return what put did. NS: UTC nanoseconds. */
int mboxrd_begin(struct mboxrd *m, mboxrd_put *put, void *ctx, qa_span sender, uint64_t ns) QA_MUST;
int mboxrd_piece(void *mboxrd, qa_span piece) QA_MUST;
int mboxrd_end(struct mboxrd *m) QA_MUST;

#endif
