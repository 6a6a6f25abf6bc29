/*
 * What the catalog takes in of one entry: a few facts and its words by column (doc/format-catalog.md). A row is filled by
 * the functions here, handed to qa_catalog_add, cleared and used again.
 *
 * Text is not copied: spans given to qa_row_text must live until the row is cleared. Addresses and marks are copied.
 */
#ifndef QA_CATALOG_ROW_H
#define QA_CATALOG_ROW_H

#include "base/attr.h"
#include "base/sha256.h"
#include "base/span.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum qa_column {
	QA_COL_BODY,
	QA_COL_SUBJECT,
	QA_COL_AUTHOR,
	QA_COL_DEST,
	QA_COL_COPY,
	QA_COL_BLIND,
	QA_COL_REPLY,
	QA_COL_SENDER,
	QA_COL_RCPT,
	QA_COL_FILE,
	QA_COL_MARK,
	QA_COLUMNS
};

/* Their names in the table. */
extern const char *const qa_column_names[QA_COLUMNS];

enum {
	QA_ROW_KIND = 0x00f,   /* mask: enum qa_kind */
	QA_ROW_SOURCE = 0x0f0, /* mask, 4 bits up: enum qa_source */
	QA_ROW_MESSAGE = 0x100,
	QA_ROW_ATTACHMENT = 0x200,
	QA_ROW_FALLBACK = 0x400,
	QA_ROW_SETTLED = 0x800,
	QA_ROW_PURGED = 0x1000,
};

/* First bytes of terms that no text can give. */
enum { QA_TOKEN_MARK = 1, QA_TOKEN_EVENT = 2, QA_TOKEN_GAP = 3 };

enum { QA_ADDRESS_CUT = 1024, QA_DIGEST_CUT = 8 };

struct qa_row {
	uint64_t n, leaf;
	struct qa_digest hash; /* of its leaf in the log; zeros: not known */
	int64_t date; /* seconds since 1970 */
	uint64_t size;
	unsigned flags;	 /* QA_ROW_ bits */
	int64_t digest;	 /* qa_row_key of the message's, 0 = none */
	int64_t refers;	 /* of an event: qa_row_key of what it refers to, 0 = none */
	struct qa_row_column {
		GArray *texts;	 /* qa_span */
		GByteArray *raw; /* terms: flags (1), length (2), bytes */
	} col[QA_COLUMNS];
};

void qa_row_init(struct qa_row *r);
void qa_row_clear(struct qa_row *r); /* empties, keeps memory */
void qa_row_free(struct qa_row *r);

/* Text of a column; a gap stands between two calls. */
void qa_row_text(struct qa_row *r, enum qa_column c, qa_span text);

/* A name (may be empty) and an address (local@domain, without brackets; may be empty). A row without QA_ROW_MESSAGE in
 * its flags gets event terms, so set flags first. */
void qa_row_address(struct qa_row *r, enum qa_column c, qa_span name, qa_span address);

/* A mark: letter and what follows, lower-cased for letters T and L. */
void qa_row_mark(struct qa_row *r, char letter, qa_span what);
void qa_row_mark_digest(struct qa_row *r, char letter, const struct qa_digest *d);
/* I or R of a Message-ID, with or without its angle brackets. */
void qa_row_mark_id(struct qa_row *r, char letter, qa_span id);

/* The first 8 bytes of a digest, never 0. */
int64_t qa_row_key(const struct qa_digest *d);

/* ASCII letters in lower case, at most QA_ADDRESS_CUT bytes. */
void qa_token_lower(qa_span text, GString *out);

/* The term that stands for an address, appended to an empty string: "@" domain, its labels in reverse, "@" local part. So
 * all addresses of a domain, and of those below it, begin alike. */
void qa_token_address(qa_span address, GString *out);

/* The digest behind I and R. */
struct qa_digest qa_token_id(qa_span id);

#endif
