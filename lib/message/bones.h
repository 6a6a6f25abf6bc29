/*
 * Inside lib/message: what GMime is given to find the structure of a body.
 *
 * GMime reads a copy of the body of the same length, so that what it finds are offsets into the body, in which nothing is
 * left but what makes structure: lines that are a boundary which some Content-Type in front of them names, the first
 * Content-Type and Content-Transfer-Encoding of each run of lines, and empty lines. All other lines start with a byte that
 * GMime takes for a line of no meaning, wherever it meets one. This bounds what a hostile message can make it do:
 *
 *	headers of a part		3
 *	bytes of one header		QA_BONES_FIELD, else it is left out
 *	lines that may be a boundary	limits->parts, with boundaries of at most QA_BONES_BOUNDARY bytes
 *	containers			limits->parts; inside each other: about 500, by GMime itself
 *	lines of a head			those in limits->head_bytes: then an empty line is put in
 *	bytes of a line			64 KiB, then it is torn
 *	charsets for iconv		none: marks of RFC 2047 and RFC 2231 and bytes that are not ASCII become '_', in fields
 *					and boundaries alike
 *
 * so its time and its memory grow with the size of the message and nothing else. The copy is never text of a document.
 */
#ifndef QA_MESSAGE_BONES_H
#define QA_MESSAGE_BONES_H

#include "base/attr.h"
#include "base/span.h"
#include "message/message.h"
#include "message/sink.h"

#define QA_BONES_FIELD ((size_t)8 << 10)
#define QA_BONES_BOUNDARY 1000

struct qa_bones {
	struct qa_sink copy; /* "Content-Type: TYPE", an empty line, the body, two line breaks */
	size_t base;	     /* where the body starts in it */
	const char *over;    /* a limit that was hit: a reason for a fallback; NULL */
};

/* False: out of memory, or no structure can be had of this TYPE (over says why). */
bool qa_bones_make(struct qa_bones *x, qa_span type, qa_span body, const struct qa_message_limits *limits) QA_MUST;
void qa_bones_free(struct qa_bones *x);

/* Whether the line that starts at OFFSET of the body may be a boundary. */
bool qa_bones_boundary(const struct qa_bones *x, size_t offset);

#endif
