/*
 * entries.idx and items.idx: where entry N and item I are (doc/format-segment.md, "Index"). Derived from the segments:
 * the first `synced` records of the file are to be trusted, the others come from a scan.
 *
 * A writer appends records to the file as it flushes and raises the synced count from time to time. A reader
 * never writes: it keeps what lies behind the synced count in memory (the tail).
 */
#ifndef QA_STORE_INDEX_H
#define QA_STORE_INDEX_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { QA_INDEX_HEAD = 64, QA_INDEX_SLOT = 24, QA_ENTRY_REC = 40, QA_ITEM_REC = 32, QA_INDEX_WINDOW = 4096 };

struct qa_entry_rec {
	uint32_t segment, place;
	uint64_t offset, leaf;
	unsigned char id[8], digest[8];
};

struct qa_item_rec {
	uint32_t segment, at;
	uint64_t offset, length;
	unsigned char digest[8];
};

void qa_entry_rec_put(const struct qa_entry_rec *r, unsigned char out[QA_ENTRY_REC]);
void qa_entry_rec_get(const unsigned char in[QA_ENTRY_REC], struct qa_entry_rec *r_r);
void qa_item_rec_put(const struct qa_item_rec *r, unsigned char out[QA_ITEM_REC]);
void qa_item_rec_get(const unsigned char in[QA_ITEM_REC], struct qa_item_rec *r_r);

struct qa_index {
	char *path;
	int fd; /* -1: there is none */
	uint32_t record;
	qa_month month;
	bool writer;
	uint64_t synced; /* by the header */
	uint64_t disk;	 /* records to be read from the file */
	uint64_t total;	 /* with the tail */
	struct qa_buf tail;
	unsigned char *window; /* records read ahead */
	uint64_t window_first;
	size_t window_n;
	uint64_t peek_at; /* or bytes, by qa_index_peek */
	size_t peek_n;
};

/* Opens what is there: synced = disk = total = 0 when there is none, or it cannot be trusted. A writer gets a file in
 * any case. path is copied. 0, -1. */
int qa_index_open(struct qa_index *x, const char *path, uint32_t record, qa_month month, bool writer,
		  struct qa_err *err) QA_MUST;
void qa_index_close(struct qa_index *x);

/* Record number n (from 1 to total) to out: 1, 0 outside, -1. Zeros stand for a record that a reader's scan did not find. */
int qa_index_get(struct qa_index *x, uint64_t n, unsigned char *out, struct qa_err *err) QA_MUST;

/* Reader: sets record n (> disk) in the tail; total becomes n at least. */
int qa_index_tail(struct qa_index *x, uint64_t n, const unsigned char *rec, struct qa_err *err) QA_MUST;

/* Writer: records total + 1 .. total + count. */
int qa_index_append(struct qa_index *x, const unsigned char *recs, uint64_t count, struct qa_err *err) QA_MUST;

/* Does not use what is behind the first n records. The file is not changed: a writer appends the same records there again, or
 * resets it. */
void qa_index_cut(struct qa_index *x, uint64_t n);

/* Writer: makes the first n records durable, then says so. The file is given up when that fails: it is removed, and
 * made again by the next one that opens it. */
int qa_index_sync(struct qa_index *x, uint64_t n, struct qa_err *err) QA_MUST;

/* What the header claims to be synced: 1, 0 it is damaged somewhere (also where that does not matter), -1. No file: claims nothing. */
int qa_index_claims(struct qa_index *x, uint64_t *count_r, struct qa_err *err) QA_MUST;

/* What stands in the file where record n is to be, trusted or not: *have_r of its bytes, less than all where the file ends. */
int qa_index_peek(struct qa_index *x, uint64_t n, unsigned char *out, size_t *have_r, struct qa_err *err) QA_MUST;
/* Where that is in the file. */
uint64_t qa_index_place(const struct qa_index *x, uint64_t n);

/* Whether the file is one whose first bytes never reached the disk: it has no header, or one of zeros. */
int qa_index_blank(struct qa_index *x, struct qa_err *err) QA_MUST;

/* Writer: a new empty file takes the place of this one. */
int qa_index_reset(struct qa_index *x, struct qa_err *err) QA_MUST;

#endif
