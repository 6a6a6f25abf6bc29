/*
 * Bytes to document: what the catalog knows about a message, taken from mail as it is.
 *
 *	struct qa_document *d;
 *
 *	if (qa_message_parse(raw, NULL, &d, &err))
 *		...                          out of memory; nothing else fails
 *	... d->subject, d->text ...
 *	qa_document_free(d);
 *
 * Nothing in a message is an error: what cannot be understood is indexed as the text it
 * looks like. A message that outgrows a limit is read up to there by the rules of MIME; the
 * rest is indexed as raw text, d->fallback is 1 and d->reason says why.
 *
 * The same bytes give the same document on every machine with the same QA_MESSAGE_VERSION
 * (and C library, whose iconv knows the charsets).
 *
 * All strings are valid UTF-8 without control characters (texts have LF and TAB), ended by
 * a NUL, "" when absent, never NULL. They belong to the document. Not thread-safe: charset
 * converters are kept between calls.
 *
 * GMime 3 takes messages apart: structure, addresses, parameters, transfer encodings. It is
 * handed nothing that would cost it more than time and memory in proportion (34 CPU seconds
 * for one To field of 200 KB, else): bones.h and field.h say what it gets to see. Heads are
 * read by base/head.h as everywhere here, and charsets are ours (charset.h): GMime believes
 * labels, and would have iconv load whatever table one names. GLib ends the process when it
 * has no memory.
 */
#ifndef QA_MESSAGE_MESSAGE_H
#define QA_MESSAGE_MESSAGE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/maildate.h"
#include "base/sha256.h"
#include "base/span.h"

/* Raised when the same bytes may give another document; a catalog made by another version
 * is rebuilt. */
#define QA_MESSAGE_VERSION 2

/* The door for text inside attachments (office files, PDF, archives): called for each
 * attachment with its decoded bytes, may add UTF-8 to TEXT (which has a ceiling; EOVERFLOW
 * there is no failure). Must be deterministic. Returns 0, or -1 when out of memory. */
typedef int qa_message_extract(void *arg, const char *type, const char *name, qa_span bytes,
			       struct qa_buf *text);

struct qa_message_limits {
	unsigned depth;	      /* multiparts and messages inside each other */
	unsigned parts;	      /* leaves and containers */
	unsigned attachments; /* kept in the list; more are counted only */
	unsigned addresses;   /* in one field's list; more are left out */
	unsigned references;
	size_t head_bytes; /* of one head; what follows is body */
	size_t text_bytes; /* of d->text, and of d->attached; also of one decoded text part */
	size_t extract_bytes; /* larger attachments are not handed to extract */
	qa_message_extract *extract; /* NULL: none (as this version of the archive has none yet) */
	void *extract_arg;
	int64_t now; /* seconds, for believable dates; 0 = ask the clock */
};

#define QA_MESSAGE_LIMITS                                                                                     \
	{                                                                                                     \
		.depth = 32, .parts = 10000, .attachments = 1000, .addresses = 10000, .references = 1000,     \
		.head_bytes = (size_t)1 << 20, .text_bytes = (size_t)16 << 20,                                \
		.extract_bytes = (size_t)64 << 20                                                             \
	}

struct qa_address {
	const char *name;   /* display name, decoded */
	const char *addr;   /* as written: local@domain */
	const char *domain; /* in lower case, "" when addr has none */
};

struct qa_addresses {
	struct qa_address *v;
	size_t n;
};

enum qa_disposition { QA_DISPOSITION_NONE, QA_DISPOSITION_INLINE, QA_DISPOSITION_ATTACHMENT };

struct qa_attachment {
	const char *name; /* file name, decoded; may be "" */
	const char *type; /* "application/pdf", lower case */
	enum qa_disposition disposition;
	uint64_t size;		 /* decoded bytes */
	struct qa_digest digest; /* SHA-256 of the decoded bytes */
	unsigned depth;		 /* 0: of this message; 1: of a message inside it; ... */
};

struct qa_document {
	const char *subject;
	const char *message_id;	 /* without angle brackets */
	const char *in_reply_to; /* the first id of the field, without angle brackets */
	const char **references; /* ids without angle brackets, oldest first */
	size_t nreferences;
	const char *list_id; /* the identifier of List-Id (RFC 2919), lower case */
	struct qa_addresses from, sender, reply_to, to, cc, bcc;
	struct qa_addresses delivered; /* Delivered-To, X-Original-To, Envelope-To, as claimed there */
	struct qa_maildates dates;

	qa_span text;	  /* bodies in order, of messages inside with their main fields */
	qa_span attached; /* text of text/ attachments, and what extract found */
	bool text_cut, attached_cut; /* the limit was reached */

	struct qa_attachment *attachments;
	size_t nattachments;
	uint64_t all_attachments; /* also those past the limit */

	unsigned parts, text_parts, html_parts, messages; /* messages: those inside */
	bool fallback;
	const char *reason; /* why, "" when not */
	struct qa_pool *pool;
};

/* LIMITS may be NULL for QA_MESSAGE_LIMITS. raw may go after the call. 0, or -1: ENOMEM. */
int qa_message_parse(qa_span raw, const struct qa_message_limits *limits, struct qa_document **doc_r,
		     struct qa_err *err) QA_MUST;
void qa_document_free(struct qa_document *d);

/* Starts GMime and opens the converters of the common charsets. For programs that close their
 * sandbox before the first message; iconv loads its tables from disk at first use. */
void qa_message_init(void);

#endif
