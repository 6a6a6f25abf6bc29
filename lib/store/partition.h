/*
 * A partition of a domain's depot: entries and items in segments (doc/format-segment.md).
 *
 * One writer at a time (md_import holds the instance's lock), any number of readers in other processes. A handle
 * belongs to one thread. An idle handle is light (a few KB and few descriptors): md_import keeps hundreds. Spans that calls
 * return stay valid until the next call on the handle, unless said otherwise.
 */
#ifndef QA_STORE_PARTITION_H
#define QA_STORE_PARTITION_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/sha256.h"
#include "sys/syncset.h"

#include <stdbool.h>
#include <stdint.h>

#define QA_MESSAGE_MAX ((uint64_t)1 << 30)

struct qa_partition;

struct qa_partition_where {
	const char *depot;  /* path of domain/DOMAIN/depot */
	const char *var;    /* path of domain/DOMAIN/var, for the cache of known digests; writers only */
	const char *domain; /* its name, part of each segment's check */
	qa_month month;
};

/* Opens for reading: 1; 0 when there is no such partition; -1 (EBADMSG damaged). A reader sees entries up to the end of
 * the segments at this moment; the caller bounds them by the log's committed size. */
int qa_partition_read(const struct qa_partition_where *w, struct qa_partition **p_r, struct qa_err *err) QA_MUST;

/* Opens for appending, creating the partition when it is not there. Cuts off every frame behind the last entry whose
 * leaf number is below committed, rebuilds what is missing of the indexes. */
int qa_partition_append(const struct qa_partition_where *w, uint64_t committed, struct qa_partition **p_r,
			struct qa_err *err) QA_MUST;

/* When its newest segment was last written, UTC seconds; without opening the partition. */
int qa_partition_changed(const struct qa_partition_where *w, int64_t *seconds_r, struct qa_err *err) QA_MUST;

void qa_partition_close(struct qa_partition *p); /* NULL is allowed; what was not flushed is forgotten */

uint64_t qa_partition_entries(const struct qa_partition *p); /* numbers 1 .. this */
uint64_t qa_partition_items(const struct qa_partition *p);

/* ---- writing ---- */

/* The entry with this record id, or with this whole message's digest: 1 and N, 0, -1. Exact: confirmed against the stored
 * entry. Sees entries added but not flushed. */
int qa_partition_find_id(struct qa_partition *p, const struct qa_id *id, uint64_t *n_r, struct qa_err *err) QA_MUST;
int qa_partition_find_message(struct qa_partition *p, const struct qa_digest *d, uint64_t *n_r,
			      struct qa_err *err) QA_MUST;
/* An entry whose message has this rest digest (the first one that stored it): links delivery events to messages. */
int qa_partition_find_rest(struct qa_partition *p, const struct qa_digest *rest, uint64_t *n_r,
			   struct qa_err *err) QA_MUST;

struct qa_new_entry {
	bool has_message;
	qa_span message;	 /* the whole message, mapped or in memory until the call returns */
	struct qa_digest digest; /* of it; checked against the bytes while storing */
	qa_span fields;
	struct qa_id id; /* the one in the fields */
	unsigned char secret[32];
};

/* Adds the entry in memory, writing frames as they fill. N is final unless the round is rolled back. EBADMSG: the message does
 * not have this digest; EFBIG: over QA_MESSAGE_MAX; EAGAIN: the round is full, flush first: nothing happened. After any other
 * failure, and any failure to flush or sync, the handle is stuck: only rollback and close are left. */
int qa_partition_add(struct qa_partition *p, const struct qa_new_entry *e, uint64_t *n_r, struct qa_err *err) QA_MUST;

/* Says which leaf number the first entry added since the last flush has (the others follow), writes all that is
 * pending. Not synced. A flush after a sync says that the rounds before it were committed. */
int qa_partition_flush(struct qa_partition *p, uint64_t first_leaf, struct qa_err *err) QA_MUST;

/* Adds all that was flushed to a sync set: file data, and the folder when files are new. The caller commits the set; after a
 * failed commit it closes the handle, and opening again cuts off what is not committed. */
int qa_partition_sync(struct qa_partition *p, struct qa_syncset *set, struct qa_err *err) QA_MUST;

/* Forgets everything behind `committed`, also what was written: after a failed round. When it fails itself (no space for a
 * manifest), it may be called again. */
int qa_partition_rollback(struct qa_partition *p, uint64_t committed, struct qa_err *err) QA_MUST;

/* ---- reading ---- */

struct qa_entry {
	uint64_t n, leaf;
	bool has_message, purged;
	uint64_t size;		 /* of the whole message */
	struct qa_digest digest; /* of it */
	uint64_t rest_item;
	unsigned char secret[32];
	qa_span trace, fields; /* valid until the next call on the handle */
};

/* Entry N: 1, 0 when there is none, -1 EBADMSG. */
int qa_partition_entry(struct qa_partition *p, uint64_t n, struct qa_entry *e_r, struct qa_err *err) QA_MUST;

/* The message of an entry, in pieces, in order; the digest is compared when the last piece was given: EBADMSG when it is
 * not the message that was stored (the caller must then throw away what it got). sink returns 0 to go on, -1 (with errno)
 * to stop. */
typedef int qa_sink(void *ctx, qa_span piece);
int qa_partition_message(struct qa_partition *p, const struct qa_entry *e, qa_sink *sink, void *ctx,
			 struct qa_err *err) QA_MUST;

/* The same into b (whose limit bounds it). */
int qa_partition_message_buf(struct qa_partition *p, const struct qa_entry *e, struct qa_buf *b,
			     struct qa_err *err) QA_MUST;

/*
 * Writes the segments that may hold something of the entries from LEAF on again in place, byte for byte; for a reader's handle while nobody
 * appends. When a sync has failed, before, perhaps in another process, the kernel may hold pages that it takes for clean and that are
 * not on disk: they can be read, and the next sync says nothing. What is written again is synced by the caller's next syncfs. It does
 * no harm where it was not needed, nor when the power goes in the middle.
 */
int qa_partition_write_again(struct qa_partition *p, uint64_t leaf, struct qa_err *err) QA_MUST;

/* ---- checking ---- */

enum qa_finding_kind {
	QA_FIND_DAMAGE,	  /* bytes that do not fit their check or digest */
	QA_FIND_MISSING,  /* an entry, item, segment or file that should be there */
	QA_FIND_EXTRA,	  /* one that should not */
	QA_FIND_ORDER,	  /* numbers or leaves out of order */
	QA_FIND_TRUNCATED,/* a file that ends early */
	QA_FIND_INDEX,	  /* an index that disagrees with the segments */
	QA_FIND_UNREACHABLE, /* could not be read: I/O error, permission */
	QA_FIND_TAIL,	     /* no finding but a note: bytes behind the last entry below the bound that are no good frame. What an
				interrupted write leaves; damage when the log knows entries that are not here */
	QA_FIND_NOTE,	     /* nor is this: what a crash or a writer at work may leave, and the next writer puts in order */
};
typedef void qa_finding(void *ctx, enum qa_finding_kind kind, const char *text);

/* Reads every byte of the partition: headers, frames, checks, items' digests, messages' digests, manifest, indexes (behind
 * their trusted part, a record that is there must be right, but need not be there); calls each for each entry in order (may be NULL) with its message digest verified or not. Findings do not stop
 * it; each does by returning something else than 0. Entries with leaf >= bound are not looked at (they may be being
 * written). 0 clean, 1 with findings, -1 could not go on. That the last entries are there only the log can say: the caller
 * compares what each was called for with it. */
typedef int qa_each_entry(void *ctx, struct qa_partition *p, const struct qa_entry *e, bool good);
int qa_partition_check(struct qa_partition *p, uint64_t bound, qa_finding *found, qa_each_entry *each, void *ctx,
		       struct qa_err *err) QA_MUST;

/* The months that have a partition folder, ascending. free(*v_r). */
int qa_partition_list(const char *depot, qa_month **v_r, size_t *n_r, struct qa_err *err) QA_MUST;

#endif
