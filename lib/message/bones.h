/*
 * Inside lib/message: what GMime is given to find the structure of a body.
 *
 * GMime reads the bones of the body: those of its lines that can make structure, and nothing
 * else. These are lines that are a boundary which some Content-Type in front of them names, the
 * first Content-Type and Content-Transfer-Encoding of each run of lines, and the first empty
 * lines behind one of those; and "X:" for another line behind a boundary or an empty one. A table
 * tells where in the body each of them stands. This bounds what a hostile message can make GMime
 * do, and the memory of a large one:
 *
 *	headers of a part		3
 *	bytes of one header		QA_BONES_FIELD, else it is left out; of a Content-Type only type and boundary stay
 *	lines that may be a boundary	limits->parts, with boundaries of at most QA_BONES_BOUNDARY bytes
 *	containers			limits->parts; inside each other: about 500, by GMime itself
 *	headers in all			8 * limits->parts, and 16 MiB
 *	charsets for iconv		none: marks of RFC 2047 and RFC 2231 and bytes that are not ASCII become '_', in fields
 *					and boundaries alike
 *
 * The bones are never text of a document.
 */
#ifndef QA_MESSAGE_BONES_H
#define QA_MESSAGE_BONES_H

#include "base/attr.h"
#include "base/span.h"
#include "message/message.h"
#include "message/sink.h"

#define QA_BONES_FIELD ((size_t)8 << 10)
#define QA_BONES_BOUNDARY 1000

struct qa_bone {
	size_t at;       /* where it starts in the bones */
	size_t from, to; /* its line (a field: its lines) in the body, line break included */
	bool boundary;
};

struct qa_bones {
	struct qa_sink text; /* "Content-Type: TYPE", an empty line, the bones */
	struct qa_bone *v;   /* in order */
	size_t n;
	const char *over; /* a limit that was hit: a reason for a fallback; NULL */
};

/* False: out of memory, or no structure can be had of this TYPE (over says why). */
bool qa_bones_make(struct qa_bones *x, qa_span type, qa_span body,
		   const struct qa_message_limits *limits) QA_MUST;
void qa_bones_free(struct qa_bones *x);

/* Where in the body something starts that GMime found at OFFSET: behind the last bone in front of it. */
size_t qa_bones_start(const struct qa_bones *x, size_t offset);

/* The boundary in the body that ended what GMime found to end at OFFSET, or NULL: the body did. */
const struct qa_bone *qa_bones_end(const struct qa_bones *x, size_t offset);

/* The first bone at or behind FROM in the body, as an index; n when there is none. */
size_t qa_bones_find(const struct qa_bones *x, size_t from);

#endif
