/*
 * What the door can say about a message beside its bytes: who asked, and what caller and header claim
 * about where it came from (doc/format-journal.md, fields 1 to 26).
 */
#ifndef QA_ARCHIVE_CLAIMS_H
#define QA_ARCHIVE_CLAIMS_H

#include "base/buf.h"
#include "journal/record.h"

enum { QA_CLAIM_MAX = 1000 }; /* bytes of a claimed value; the rest is dropped */

/* id, kind, captured, source, host, uid. */
int qa_claims_capture(struct qa_buf *fields, const struct qa_id *id, enum qa_kind kind, enum qa_source source,
		      const char *host) QA_MUST;

/* remote-ip, remote-host, helo, auth, relayclient, proto, local-port; HEAD is how the message begins. */
int qa_claims_caller(struct qa_buf *fields, qa_span head) QA_MUST;

/* peer, as a direct file has it: our own effective ids, and the pid qmail knows the message by. */
int qa_claims_peer(struct qa_buf *fields, unsigned pid) QA_MUST;

/*
 * What qmail-smtpd's Received line says the client called itself: 1, or 0 when the message does not begin with one
 * for this address.
 *	Received: from HOST (HELO name) (ident@1.2.3.4)		HELO differs from HOST
 *	Received: from HOST (1.2.3.4)				HELO was HOST
 */
int qa_claims_helo(qa_span head, qa_span remote_ip, qa_span *helo_r) QA_MUST;

#endif
