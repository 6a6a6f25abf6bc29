/*
 * The envelope on fd 1, as qmail-queue reads it: F sender NUL, T recipient NUL for each, NUL.
 * Only its last, empty string says that the message is whole; a hung-up client, a
 * message over databytes and a mail loop all look like a cut envelope.
 */
#ifndef QA_ARCHIVE_ENVELOPE_H
#define QA_ARCHIVE_ENVELOPE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>

enum { QA_ADDRESS_MAX = 1002, QA_ENVELOPE_MAX = 16 << 20 };

enum qa_envelope_state {
	QA_ENVELOPE_START,     /* nothing yet */
	QA_ENVELOPE_SENDER,    /* inside the sender */
	QA_ENVELOPE_BETWEEN,   /* an address ended: a T or the end must follow */
	QA_ENVELOPE_RECIPIENT, /* inside a recipient */
	QA_ENVELOPE_WHOLE,     /* ended as it should */
	QA_ENVELOPE_REFUSED,   /* wrong letter, or an address over QA_ADDRESS_MAX bytes */
};

struct qa_envelope {
	enum qa_envelope_state state;
	size_t address;	   /* bytes of the address being read */
	size_t recipients; /* complete ones */
	struct qa_buf raw; /* what came, up to and with the byte that decided WHOLE or REFUSED */
};

#define QA_ENVELOPE_INIT {QA_ENVELOPE_START, 0, 0, QA_BUF(QA_ENVELOPE_MAX)}

/* How many of the bytes belong to the envelope: all of them, unless they end or spoil it. Only
 * moves the state; does not store. */
size_t qa_envelope_scan(struct qa_envelope *e, qa_span bytes);

/* Reads fd until WHOLE, REFUSED or the end of file: 0; -1 EOVERFLOW over QA_ENVELOPE_MAX, ENOMEM, or read's. */
int qa_envelope_read(struct qa_envelope *e, int fd) QA_MUST;

/* A bounce or double bounce: sender empty or #@[]. Only for a WHOLE one. */
bool qa_envelope_bounce(const struct qa_envelope *e);

/* Adds the fields sender and recipient of a WHOLE envelope: 0, or -1 as qa_buf. */
int qa_envelope_fields(const struct qa_envelope *e, struct qa_buf *fields) QA_MUST;

void qa_envelope_free(struct qa_envelope *e);

#endif
