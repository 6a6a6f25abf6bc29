/* Inside lib/message: a document while it is made. */
#ifndef QA_MESSAGE_BUILD_H
#define QA_MESSAGE_BUILD_H

#include "base/head.h"
#include "message/message.h"
#include "message/sink.h"
#include "message/transfer.h"

/* What a document owns beside what its manual shows. */
struct qa_document_own {
	struct qa_document d; /* first: the public part */
	struct qa_sink text, attached;
};

struct qa_build {
	struct qa_document_own *own;
	struct qa_document *d;
	const struct qa_message_limits *limits;
	/* scratch: an attachment's bytes, a text part's, the same without files in it, its
	 * UTF-8, one line */
	struct qa_sink decoded, text, parts, utf8, line;
	size_t attachment_room;
	bool failed;  /* out of memory */
	bool stopped; /* a limit was hit: the rest went in as raw text */
};

/* What a head says about the body behind it; values as they stand, empty when absent. */
struct qa_entity {
	qa_span type, encoding, disposition;
};

/* fields.c: a field of the message itself, or of one inside it (whose main fields are text). */
void qa_build_field(struct qa_build *b, const struct qa_field *f);
void qa_build_inner_field(struct qa_build *b, const struct qa_field *f);

/* leaf.c: a body that is no container. INSIDE: messages around it. */
void qa_build_leaf(struct qa_build *b, const struct qa_entity *e, qa_span type, qa_span body, unsigned inside);

/* Text of unknown charset, as it stands; APART from what is there already. */
void qa_build_raw(struct qa_build *b, qa_span s, bool apart);

/* SINK's contents as one trimmed line in the pool; "" and b->failed without memory. */
const char *qa_build_line(struct qa_build *b, const struct qa_sink *sink);

/* A parameter decoded into b->line: its contents, empty when there is none. */
qa_span qa_build_param(struct qa_build *b, qa_span field, const char *name);

/* Parts stand apart by an empty line. */
void qa_build_gap(struct qa_sink *s);

#endif
