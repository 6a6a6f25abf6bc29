/*
 * Content-Transfer-Encoding undone, as stream and as tolerant as mail readers are: bytes
 * that do not belong are skipped (base64) or kept as they are (quoted-printable), missing
 * padding is no matter, padding in the middle starts anew.
 */
#ifndef QA_MESSAGE_TRANSFER_H
#define QA_MESSAGE_TRANSFER_H

#include "base/span.h"
#include "message/sink.h"

#include <stdint.h>

enum qa_transfer_kind { QA_TRANSFER_NONE, QA_TRANSFER_BASE64, QA_TRANSFER_QP, QA_TRANSFER_UU };

struct qa_transfer {
	enum qa_transfer_kind kind;
	uint32_t bits;	   /* base64, uuencode: what waits for the next byte */
	unsigned have;	   /* characters of a quantum (base64, uuencode); of an escape (QP) */
	unsigned char held; /* QP: the first digit of an escape */
	unsigned left;	   /* uuencode: bytes the line still has */
	unsigned state;	   /* uuencode: where in the text */
};

/* The kind a field's value names; what nobody knows is none. */
enum qa_transfer_kind qa_transfer_kind_of(qa_span value);

void qa_transfer_init(struct qa_transfer *t, enum qa_transfer_kind kind);

/* Decodes more of the stream; OUT has room for IN.n + 4 bytes. Returns how many it got. */
size_t qa_transfer_step(struct qa_transfer *t, qa_span in, unsigned char *out);

/* What the end of the stream still gives, at most 4 bytes. */
size_t qa_transfer_end(struct qa_transfer *t, unsigned char *out);

/* The whole of IN, as far as OUT takes it. */
void qa_transfer_all(enum qa_transfer_kind kind, qa_span in, struct qa_sink *out);

/* False when BYTES under the label base64 are plainly something else, as some programs send. */
bool qa_transfer_is_base64(qa_span bytes);

#endif
