/*
 * Frames: doc/format-segment.md, "Frame". Pure encoding and checking of header and directory; files are segment.h.
 */
#ifndef QA_STORE_FRAME_H
#define QA_STORE_FRAME_H

#include "base/attr.h"
#include "base/sha256.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	QA_FRAME_HEAD = 64,
	QA_FRAME_OPEN = 256 << 10, /* most payload of a frame in an open month */
	QA_FRAME_MAX = 1 << 20,	   /* most payload of any frame */
	QA_FRAME_COUNT = 16384,	   /* most items or entries that begin in a frame */
	QA_ITEM_DIR = 48,
	QA_ENTRY_DIR = 4,
	QA_SEGMENT_SALT = 16,
	QA_FRAME_CHECK = 16,
};

enum qa_frame_type { QA_FRAME_ITEMS = 1, QA_FRAME_ENTRIES = 2, QA_FRAME_MORE = 3 };
enum qa_codec { QA_STORED = 0, QA_ZSTD = 1 };
enum qa_item_kind { QA_ITEM_REST = 1, QA_ITEM_PART = 2, QA_ITEM_FIELDS = 3 };

struct qa_frame {
	uint8_t type, codec;
	uint32_t dir;	 /* length of the directory */
	uint32_t stored; /* length of the payload as stored */
	uint32_t raw;	 /* length of the payload */
	uint32_t count;
	uint64_t first; /* number of the first item or entry; of the item continued */
	uint64_t at;	/* leaf of the first entry; offset of this piece in the item; else 0 */
	uint64_t items; /* entries: items in the partition before this frame; else 0 */
};

/* The length of the frame in the segment. */
static inline uint64_t
qa_frame_size(const struct qa_frame *f)
{
	return (uint64_t)QA_FRAME_HEAD + f->dir + f->stored;
}

void qa_frame_put(const struct qa_frame *f, const unsigned char salt[QA_SEGMENT_SALT], uint64_t offset, qa_span dir,
		  qa_span stored, unsigned char out[QA_FRAME_HEAD]);

/* Shape only: magic, known types, limits, lengths that fit each other. */
bool qa_frame_get(const unsigned char in[QA_FRAME_HEAD], struct qa_frame *f_r);

/* Whether the check in the header fits salt, offset, directory and payload. */
bool qa_frame_check(const unsigned char in[QA_FRAME_HEAD], const unsigned char salt[QA_SEGMENT_SALT], uint64_t offset,
		    qa_span dir, qa_span stored);

/* A line of the directory of items. */
struct qa_item_dir {
	uint64_t number;
	uint32_t length; /* of the whole item */
	uint8_t kind;
	struct qa_digest digest;
};
void qa_item_dir_put(const struct qa_item_dir *d, unsigned char out[QA_ITEM_DIR]);
struct qa_item_dir qa_item_dir_get(const unsigned char in[QA_ITEM_DIR]);

/* Whether the directory fits the header: numbers rise, kinds are known, lengths fill the payload exactly, only the last
 * item goes beyond it. start_r (count + 1 numbers) becomes where each begins in the payload, then the payload's end;
 * NULL when nobody asks. */
bool qa_frame_dir(const struct qa_frame *f, const unsigned char *dir, uint32_t *start_r);

#endif
