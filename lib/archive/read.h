/*
 * A domain's archive for readers: find an entry by its ID, get its parts, its leaf, its message. Needs no key;
 * opens everything read-only. The bound is the log's committed size at the time of opening or of qa_archive_refresh. The
 * last of it may be written and not synced yet: a power cut can take that away again, before anything was acknowledged for it. Who
 * keeps what he read asks for qa_archive_signed.
 */
#ifndef QA_ARCHIVE_READ_H
#define QA_ARCHIVE_READ_H

#include "base/clock.h"
#include "journal/record.h"
#include "store/partition.h"

struct qa_archive;

/* DOMAIN is a folder name (an alias is resolved by the caller through conf/domains.h): 1, 0 no such domain, -1. */
int qa_archive_open(const char *home, const char *domain, struct qa_archive **a_r, struct qa_err *err) QA_MUST;
void qa_archive_close(struct qa_archive *a);

const char *qa_archive_home(const struct qa_archive *a);
const char *qa_archive_domain(const struct qa_archive *a);
uint64_t qa_archive_committed(const struct qa_archive *a); /* leaves */
/* How many of them are under the checkpoint on disk now, so durable; 0 without one. At most two seconds behind: 0, -1. */
int qa_archive_signed(const struct qa_archive *a, uint64_t *leaves_r, struct qa_err *err) QA_MUST;
int qa_archive_refresh(struct qa_archive *a, struct qa_err *err) QA_MUST;

/* Months with a partition, ascending; owned by a, valid until refresh. */
size_t qa_archive_months(const struct qa_archive *a, const qa_month **v_r);

/* The partition's handle, kept open by a (a small number of them, least recently used goes): 1, 0, -1. */
int qa_archive_partition(struct qa_archive *a, qa_month m, struct qa_partition **p_r, struct qa_err *err) QA_MUST;

/* An entry's ID: "2026-11/123". */
struct qa_entry_id {
	qa_month month;
	uint64_t n;
};
#define QA_ENTRY_ID_TEXT 32
int qa_entry_id_scan(qa_span s, struct qa_entry_id *id_r) QA_MUST;
void qa_entry_id_text(const struct qa_entry_id *id, char out[QA_ENTRY_ID_TEXT]);

/* Entry by ID, committed ones only: 1, 0, -1. p_r is where its message is read from. */
int qa_archive_entry(struct qa_archive *a, const struct qa_entry_id *id, struct qa_partition **p_r,
		     struct qa_entry *e_r, struct qa_err *err) QA_MUST;

/* The leaf text of an entry (doc/format-leaf.md), made from what is stored; the message itself is not read. */
#define QA_LEAF_MAX 400
struct qa_leaf {
	enum qa_kind kind;
	enum qa_source source;
	struct qa_entry_id id;
	struct qa_id record;
	uint64_t captured;
	struct qa_digest message, envelope; /* commitments */
};
size_t qa_leaf_text(const struct qa_leaf *l, char out[QA_LEAF_MAX]); /* length without NUL */
int qa_leaf_parse(qa_span text, struct qa_leaf *l_r, struct qa_err *err) QA_MUST;

void qa_leaf_nonces(const unsigned char secret[32], unsigned char message_nonce[32], unsigned char envelope_nonce[32]);

/* A commitment: SHA-256(nonce || digest). */
struct qa_digest qa_leaf_commit(const unsigned char nonce[32], const struct qa_digest *digest);

/* The leaf of an entry with these inputs; digest is the message's. EPROTO: the fields are not a record's. */
int qa_leaf_make(const struct qa_entry_id *id, const unsigned char secret[32], qa_span fields,
		 const struct qa_digest *digest, struct qa_leaf *l_r, struct qa_err *err) QA_MUST;

/* The leaf of entry e of month m, from the digest that the entry states: whoever vouches for the message compares
 * that with its bytes (qa_partition_message does). */
int qa_archive_leaf(qa_month m, const struct qa_entry *e, struct qa_leaf *l_r, struct qa_err *err) QA_MUST;

#endif
