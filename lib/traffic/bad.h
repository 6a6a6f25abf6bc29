/*
 * Lines of stats files that are none: counted, and the first ones kept to be shown.
 */
#ifndef QA_TRAFFIC_BAD_H
#define QA_TRAFFIC_BAD_H

#include "base/buf.h"
#include "traffic/files.h"
#include "traffic/quick.h"
#include "traffic/read.h"

enum { QA_BAD_KEPT = 100, QA_BAD_TEXT = 160 };

struct qa_bad_line {
	size_t file, part;
	uint32_t line; /* in the part */
	uint32_t n;
	const char *why;
	unsigned char text[QA_BAD_TEXT];
};

struct qa_bad {
	uint64_t count;
	struct qa_bad_line *kept;
	size_t n;
};

/* Notes a bad line of a part, unless it is only empty; for each worker its own. A list that finds no memory only counts. */
void qa_bad_note(struct qa_bad *b, const struct qa_part *part, uint32_t line, const struct qa_quick_line *l);

/* Adds FROM to B and frees it; the earliest stay. */
void qa_bad_merge(struct qa_bad *b, struct qa_bad *from);

/* "FILE:LINE: WHY: TEXT" for each that was kept, and how many were not, to OUT. */
int qa_bad_show(const struct qa_bad *b, const struct qa_files *files, struct qa_buf *out) QA_MUST;

void qa_bad_free(struct qa_bad *b);

#endif
