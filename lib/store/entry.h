/*
 * An entry's bytes: doc/format-segment.md, "Entry".
 */
#ifndef QA_STORE_ENTRY_H
#define QA_STORE_ENTRY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/sha256.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_ENTRY_HEAD = 104,
	QA_ENTRY_VERSION = 1,
	QA_ENTRY_MESSAGE = 1, /* flags */
	QA_ENTRY_FIELDS_ITEM = 2,
	QA_ENTRY_PURGED = 4,
};

struct qa_entry_body {
	uint8_t flags;
	uint64_t size;	      /* of the whole message */
	uint64_t rest_item;   /* 0 without a message */
	uint64_t fields_item; /* 0 when the fields are here */
	struct qa_digest digest;
	unsigned char secret[32];
	qa_span trace, fields;
};

int qa_entry_put(const struct qa_entry_body *e, struct qa_buf *b) QA_MUST;

/* Spans point into s: true, or false when s is not an entry. */
bool qa_entry_get(qa_span s, struct qa_entry_body *e_r);

#endif
