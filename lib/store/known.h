/*
 * var/known-YYYY-MM: which record ids, messages and items a partition has already. An open-addressing hash table on disk;
 * a cache: it may be deleted or damaged at any time, what it says is confirmed against the stored thing, and it is
 * caught up from the index files.
 *
 * Header of 128 bytes, then slots of 16: hash (8), number (8, 0 = free). A key's home is given by the top bits of its hash, so
 * growing is one pass in order. The header says up to which entry and item all keys are in the file for sure, and
 * which partition it belongs to: a cache of another one, or of an older state that was restored, is begun anew.
 *
 * Numbers: little-endian. Keys: the first 8 bytes of a record id, message digest or item digest, mixed with a seed of the
 * file, so that nobody can aim mail at one place of the table.
 */
#ifndef QA_STORE_KNOWN_H
#define QA_STORE_KNOWN_H

#include "base/clock.h"
#include "base/err.h"
#include "store/frame.h"

#include <stdbool.h>
#include <stdint.h>

enum qa_known_kind { QA_KNOWN_ID = 1, QA_KNOWN_MESSAGE, QA_KNOWN_ITEM };

/* Up to where the table is complete, and how to see that the partition is still the same one. */
struct qa_known_mark {
	unsigned char salt[QA_SEGMENT_SALT]; /* of the partition's first segment */
	uint64_t entries, items;
	unsigned char id[8];	 /* of the last of these entries */
	unsigned char digest[8]; /* of the last of these items */
};

struct qa_known {
	char *path;
	int fd;
	qa_month month;
	unsigned bits; /* 2^bits slots */
	uint64_t used;
	uint64_t seed;
	struct qa_known_mark mark;
};

/* Opens the file, or makes an empty one for at least `keys` keys when there is none or it is damaged: then mark is
 * all zeros. */
int qa_known_open(struct qa_known *k, const char *path, qa_month month, uint64_t keys, struct qa_err *err) QA_MUST;
void qa_known_close(struct qa_known *k);

/* Begins anew, empty. */
int qa_known_reset(struct qa_known *k, uint64_t keys, struct qa_err *err) QA_MUST;

/* Walks the candidates for a key. Start: */
struct qa_known_walk {
	uint64_t hash, at, left;
};
void qa_known_start(const struct qa_known *k, enum qa_known_kind kind, const unsigned char key[8],
		    struct qa_known_walk *w);
/* The next candidate: 1 and its number, 0 no more, -1. */
int qa_known_next(struct qa_known *k, struct qa_known_walk *w, uint64_t *number_r, struct qa_err *err) QA_MUST;

/* Adds a key; the same key with the same number is kept once. */
int qa_known_add(struct qa_known *k, enum qa_known_kind kind, const unsigned char key[8], uint64_t number,
		 struct qa_err *err) QA_MUST;

/* All that was added is made durable, then the header says so. */
int qa_known_sync(struct qa_known *k, const struct qa_known_mark *mark, struct qa_err *err) QA_MUST;

#endif
