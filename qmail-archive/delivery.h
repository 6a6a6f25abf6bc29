/*
 * What qmail-local and vdelivermail tell a program in a .qmail file, and what the archive makes of it: a
 * delivery event. qmail-local runs every line again at a retry, so the event's id is made of what stays the
 * same then, and the depot takes it once.
 */
#ifndef QA_ARCHIVE_DELIVERY_H
#define QA_ARCHIVE_DELIVERY_H

#include "base/buf.h"
#include "base/id.h"
#include "base/sha256.h"
#include "conf/domains.h"
#include "journal/record.h"

enum { QA_DELIVERY_HEAD = 65536 }; /* bytes of the message's start that qa_delivery_above wants */

struct qa_delivery {
	const char *sender, *recipient, *local, *dtline, *rpline; /* of the environment */
	char mailbox[1200];		/* user@domain, lower case */
	char domain[QA_DOMAIN_MAX + 1];
};

/*
 * Takes it all from the environment. MAILBOX (NULL: none given) wins over EXT@USER, which is vpopmail's: USER is
 * the real domain behind an alias domain. Where USER is no domain with a dot (a system user), it is LOCAL@HOST.
 * -1: EPROTO names what is missing or no address.
 */
int qa_delivery_get(struct qa_delivery *d, const char *mailbox, struct qa_err *err) QA_MUST;

/* How many bytes at the start were put there after the door: Return-Path and Delivered-To lines, and one
 * "Received: (qmail N invoked ...)" line behind them. What follows is what the door saw. */
size_t qa_delivery_above(qa_span head);

/* The same for each retry of this delivery of this file. */
struct qa_id qa_delivery_id(const struct qa_delivery *d, const struct qa_digest *file);

/* sender, mailbox, rcpt-env, dtline, rpline, refers, for-domain. */
int qa_delivery_fields(const struct qa_delivery *d, const struct qa_digest *refers, struct qa_buf *fields) QA_MUST;

#endif
