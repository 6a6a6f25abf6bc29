/*
 * A segment file: its name and header (doc/format-segment.md, "Segment file").
 */
#ifndef QA_STORE_SEGMENT_H
#define QA_STORE_SEGMENT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"
#include "store/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum { QA_SEGMENT_HEAD = 64, QA_SEGMENT_FULL = 256 << 20, QA_SEGMENT_NAME = 40, QA_SEGMENT_MOST = 999999 };

struct qa_segment_head {
	unsigned char salt[QA_SEGMENT_SALT];
	uint32_t number, generation;
	qa_month month;
	uint32_t key;
};

void qa_segment_head_put(const struct qa_segment_head *h, const char *domain, unsigned char out[QA_SEGMENT_HEAD]);

/* 0; -1 EBADMSG (not a segment, damaged, or another domain's), ENOTSUP (newer major version, or encrypted). name is for
 * the message. */
int qa_segment_head_get(const unsigned char in[QA_SEGMENT_HEAD], const char *domain, const char *name,
			struct qa_segment_head *h_r, struct qa_err *err) QA_MUST;

/* "segment-000001.0" */
void qa_segment_name(uint32_t number, uint32_t generation, char out[QA_SEGMENT_NAME]);
/* Whether a file name is one of a segment. */
bool qa_segment_name_get(const char *name, uint32_t *number_r, uint32_t *generation_r);

#endif
