/*
 * The head of a message, field by field, by a plain line scanner: no decoding, no memory,
 * no refusal. It reads what people really send (RFC 5322 section 4 and worse):
 *
 *	struct qa_head h;
 *	struct qa_field f;
 *
 *	qa_head_init(&h, raw);
 *	while (qa_head_next(&h, &f))
 *		...
 *
 * Lines end in LF, CRLF, or CR when the message has no LF at all. "From " lines of an mbox
 * in front are skipped, as are lines in the head that are no field, unless the caller sets
 * h.junk after qa_head_init: then they come as fields without a name. The head ends at the
 * first empty line, or at a line of blanks that neither a field nor a fold follows; fields point into the message and live as long as it.
 */
#ifndef QA_BASE_HEAD_H
#define QA_BASE_HEAD_H

#include "base/attr.h"
#include "base/span.h"

struct qa_head {
	qa_span rest;	  /* not yet read */
	unsigned char eol; /* '\n' or '\r' */
	bool ended;	  /* the empty line was met: rest is the body */
	bool junk;	  /* wanted: lines that are no field */
};

struct qa_field {
	qa_span name;  /* without the colon and the blanks before it; empty: no field */
	qa_span value; /* after the colon, folds kept, without blanks at both ends */
	qa_span whole; /* all of its bytes, with the end of its last line */
};

void qa_head_init(struct qa_head *h, qa_span message);

/* The next field: true, or false at the end of the head. */
bool qa_head_next(struct qa_head *h, struct qa_field *f_r);

/* True when the field has this name, in any case. */
bool qa_field_is(const struct qa_field *f, const char *name);

#endif
