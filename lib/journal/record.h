/*
 * The journal's record: doc/format-journal.md, byte by byte. Pure encoding and checking;
 * files are journal/write.h and journal/scan.h.
 */
#ifndef QA_JOURNAL_RECORD_H
#define QA_JOURNAL_RECORD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"
#include "base/sha256.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_JOURNAL_FILE_HEADER = 64,
	QA_JOURNAL_RECORD_HEADER = 96,
	QA_JOURNAL_ALIGN = 8,
	QA_JOURNAL_SALT = 16,
	QA_JOURNAL_FIELDS_MAX = 16 << 20,
};

enum qa_field {
	QA_F_ID = 1, QA_F_KIND, QA_F_CAPTURED, QA_F_SOURCE, QA_F_HOST, QA_F_PEER, QA_F_UID,
	QA_F_SENDER, QA_F_RECIPIENT, QA_F_WITHHELD,
	QA_F_REMOTE_IP = 16, QA_F_REMOTE_HOST, QA_F_HELO, QA_F_AUTH, QA_F_RELAYCLIENT, QA_F_PROTO,
	QA_F_LOCAL_PORT,
	QA_F_OFFERED = 24, QA_F_HEADONLY = 26,
	QA_F_MAILBOX = 32, QA_F_RCPT_ENV, QA_F_DTLINE, QA_F_RPLINE, QA_F_REFERS, QA_F_FOR_DOMAIN,
	QA_F_SOURCE_FILE = 40, QA_F_SOURCE_POS, QA_F_OPERATOR, QA_F_TOOL, QA_F_CLAIMED_DATE,
	QA_F_OUTCOME = 48,
	QA_F_CRITICAL = 0x8000, /* from here on: refuse when unknown */
};

enum qa_kind { QA_MESSAGE = 1, QA_DELIVERY, QA_OUTCOME, QA_PURGE, QA_SEAL, QA_CONFIG };
enum qa_source { QA_QUEUE = 1, QA_AGENT, QA_IMPORT, QA_LMTP, QA_FETCH, QA_SELF };

/* "message", "delivery", ... and "queue", "agent", ...; NULL for a number without a name. */
const char *qa_kind_name(unsigned kind);
const char *qa_source_name(unsigned source);
const char *qa_field_name(unsigned type);

/* The file header. */
struct qa_journal_head {
	unsigned char salt[QA_JOURNAL_SALT];
	uint64_t number;
	uint64_t created; /* UTC ns */
};
void qa_journal_head_put(const struct qa_journal_head *h, unsigned char out[QA_JOURNAL_FILE_HEADER]);
/* -1: EBADMSG not a journal or damaged; ENOTSUP a newer major version. */
int qa_journal_head_get(const unsigned char in[QA_JOURNAL_FILE_HEADER], struct qa_journal_head *h_r,
			struct qa_err *err) QA_MUST;

/* The record header's facts. */
struct qa_record_head {
	uint64_t message; /* length M */
	uint64_t fields;  /* length F */
	struct qa_digest digest;
};

/* The whole record's size in the file with padding; -1 with EOVERFLOW when it is past what a
 * file can hold. */
int qa_record_size(const struct qa_record_head *h, uint64_t *size_r) QA_MUST;

/* The 96 bytes for a record at OFFSET of the file with SALT. h->fields is fields.n. */
void qa_record_head_put(const struct qa_record_head *h, const unsigned char salt[QA_JOURNAL_SALT],
			uint64_t offset, qa_span fields, unsigned char out[QA_JOURNAL_RECORD_HEADER]);

/* Shape only (magic, version, flags, zeros, limits): 1, 0 when all 96 bytes are zero, -1:
 * EBADMSG not a header; ENOTSUP a version or flags of a later program (h_r is filled, so that
 * qa_record_check_head can tell whether it is real). */
int qa_record_head_get(const unsigned char in[QA_JOURNAL_RECORD_HEADER], struct qa_record_head *h_r,
		       struct qa_err *err) QA_MUST;

/* Whether the header belongs to this file and place; whether the fields belong to the header. */
bool qa_record_check_head(const unsigned char in[QA_JOURNAL_RECORD_HEADER],
			  const unsigned char salt[QA_JOURNAL_SALT], uint64_t offset);
bool qa_record_check_fields(const unsigned char in[QA_JOURNAL_RECORD_HEADER], qa_span fields);

/* Fields: append to a buffer; -1 with errno of qa_buf, or EOVERFLOW for a value over 16 MiB. */
int qa_field_add(struct qa_buf *b, unsigned type, qa_span value) QA_MUST;
int qa_field_add_u64(struct qa_buf *b, unsigned type, uint64_t v) QA_MUST;
int qa_field_add_u32(struct qa_buf *b, unsigned type, uint32_t v) QA_MUST;
int qa_field_add_u8(struct qa_buf *b, unsigned type, uint8_t v) QA_MUST;
int qa_field_add_str(struct qa_buf *b, unsigned type, const char *s) QA_MUST;

/* Walks fields from *at (start with 0): 1 and the field, 0 at the end, -1 EPROTO. */
int qa_field_next(qa_span fields, size_t *at, unsigned *type_r, qa_span *value_r) QA_MUST;

/* First field of a type: 1, 0, or -1 EPROTO. */
int qa_field_find(qa_span fields, unsigned type, qa_span *value_r) QA_MUST;

/* What every reader of a record needs, parsed and checked (presence of id, kind, captured and
 * source, lengths, repeats, unknown critical types); spans point into the given fields. -1
 * EPROTO names what is wrong. */
struct qa_facts {
	struct qa_id id;
	enum qa_kind kind;
	enum qa_source source;
	uint64_t captured; /* UTC ns */
	bool has_sender, has_relayclient, has_remote_ip;
	qa_span sender;	    /* empty when absent or empty */
	size_t recipients;  /* how many */
	qa_span auth;	    /* empty when absent */
	qa_span for_domain; /* empty when absent */
};
int qa_facts_get(qa_span fields, struct qa_facts *f_r, struct qa_err *err) QA_MUST;

#endif
