/* Inside lib/message: a document while it is made. */
#ifndef QA_MESSAGE_BUILD_H
#define QA_MESSAGE_BUILD_H

#include "base/head.h"
#include "message/field.h"
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

/* Whose head: the message's own, one's of a message inside it, a part's. */
enum qa_role { QA_ROLE_MESSAGE, QA_ROLE_INNER, QA_ROLE_PART };

/* message.c: a message, or one inside another; DEPTH of parts, INSIDE messages. */
void qa_build_message(struct qa_build *b, qa_span s, enum qa_role role, unsigned depth, unsigned inside);

/* A body that is one of those messages, perhaps encoded. */
void qa_build_inner(struct qa_build *b, const struct qa_entity *e, qa_span body, unsigned depth, unsigned inside);

/* A limit was hit: only the first REASON is kept. */
void qa_build_over(struct qa_build *b, const char *reason);

/* Whether a type has messages in it that are taken apart here. */
bool qa_build_is_message(qa_span type);

/* head.c: reads the head of s, up to an empty line, the end, or a line at which STOP (may be
 * NULL) says so; what follows comes back. Nothing of it is read when the head is none. */
typedef bool qa_build_stop(void *arg, const unsigned char *line);
qa_span qa_build_head(struct qa_build *b, qa_span s, enum qa_role role, qa_build_stop *stop, void *arg,
		      struct qa_entity *e);

/* Without empty lines in front, when a head follows them. */
qa_span qa_build_without_front(qa_span raw);

/* structure.c: a body with parts in it, or with a message, by its Content-Type. */
void qa_build_container(struct qa_build *b, qa_span type, qa_span body, unsigned depth, unsigned inside);

/* fields.c: a field of the message itself, or of one inside it (whose main fields are text). */
void qa_build_field(struct qa_build *b, const struct qa_field *f);
void qa_build_inner_field(struct qa_build *b, const struct qa_field *f);

/* leaf.c: a body that is no container. INSIDE: messages around it. */
void qa_build_leaf(struct qa_build *b, const struct qa_entity *e, struct qa_params *type, qa_span body, unsigned inside);

/* Text of unknown charset, as it stands; APART from what is there already. */
void qa_build_raw(struct qa_build *b, qa_span s, bool apart);

/* SINK's contents as one trimmed line in the pool; "" and b->failed without memory. */
const char *qa_build_line(struct qa_build *b, const struct qa_sink *sink);

/* Parts stand apart by an empty line. */
void qa_build_gap(struct qa_sink *s);

#endif
