/*
 * What the files of lib/store share: the handle, frames in memory, walking through segments, reading items.
 *
 * cache.c    segment files and frames in memory
 * walk.c     walking from frame to frame, also over damage
 * tail.c     what lies behind the trusted part of the indexes
 * cursor.c   the bytes of an item, over all its frames
 * read.c     entries and messages
 * out.c      making frames
 * write.c    a round: its states, flush, sync
 * find.c     what a writer knows already
 * add.c      a message taken apart and added to the round
 * append.c   the segment that a writer appends to
 * recover.c  opening for appending, rolling back
 * again.c    writing segments again, so that a sync means something
 * seal.c     repacking
 * check.c    deep verification: frames; check-entry.c entries; check-index.c index files; check-folder.c what else lies there
 */
#ifndef QA_STORE_PRIVATE_H
#define QA_STORE_PRIVATE_H

#include "store/entry.h"
#include "store/frame.h"
#include "store/index.h"
#include "store/item.h"
#include "store/known.h"
#include "store/manifest.h"
#include "store/partition.h"
#include "store/segment.h"

enum { QA_FILES_OPEN = 16, QA_PATH = 1024 };

/* A segment of the handle; its line is in the manifest at the same place. */
struct qa_segment {
	int fd; /* -1 until it is needed */
	uint64_t used; /* when, in calls */
	unsigned char salt[QA_SEGMENT_SALT];
};

/* A frame in memory. */
struct qa_loaded {
	bool valid;
	uint32_t segment, generation;
	uint64_t offset;
	struct qa_frame head;
	struct qa_buf dir, raw;
	uint32_t *start; /* count + 1 places in raw */
	size_t start_n;	 /* allocated */
};

/* Whoever reads keeps the frame of its role: an item's frames do not push out those of its parts. */
enum qa_role { QA_ROLE_ENTRY, QA_ROLE_REST, QA_ROLE_PART, QA_ROLES };

struct qa_writer;

struct qa_partition {
	char *folder, *known_path, *domain;
	qa_month month;
	struct qa_manifest man;
	struct qa_segment *seg; /* man.n of them */
	size_t seg_open, seg_most; /* descriptors open, at most */
	uint64_t calls;
	struct qa_index entries, items;
	struct qa_loaded cache[QA_ROLES];
	struct qa_buf fields; /* of the last entry, when they are an item */
	unsigned char *piece; /* room for re-encoded parts */
	bool damaged;	      /* the scan of the tail met damage */
	bool distrust;	      /* the index files were found wrong */
	bool checked;	      /* frames were checked a moment ago */
	struct qa_writer *w;  /* NULL in a reader */
};

/* ---- partition.c ---- */

/* PATH of a file in the folder. */
int qa_store_path(const struct qa_partition *p, const char *name, char out[QA_PATH], struct qa_err *err) QA_MUST;
int qa_store_new(const struct qa_partition_where *w, struct qa_partition **p_r, struct qa_err *err) QA_MUST;
/* Reads the manifest: 1, 0 there is none, -1. */
int qa_store_manifest(struct qa_partition *p, struct qa_err *err) QA_MUST;
int qa_store_publish(struct qa_partition *p, const struct qa_manifest *m, struct qa_err *err) QA_MUST;
/* The reader's state from the files anew; what is in the cache stays where it is. */
int qa_store_reload(struct qa_partition *p, bool trust, struct qa_err *err) QA_MUST;
void qa_store_drop(struct qa_partition *p); /* closes indexes, segments, manifest */

/* ---- cache.c ---- */

/* Place of segment NUMBER in the manifest, or -1. */
ptrdiff_t qa_seg_find(const struct qa_partition *p, uint32_t number);
/* Opens segment i when it is not and reads its header. */
int qa_seg_open(struct qa_partition *p, size_t i, struct qa_err *err) QA_MUST;
void qa_seg_close(struct qa_partition *p, size_t i);
/* Where its frames end at the most: by the manifest, else the file's size now. */
int qa_seg_end(struct qa_partition *p, size_t i, uint64_t *end_r, struct qa_err *err) QA_MUST;
/* "segment-000001.0", in one of a few static buffers, for messages. */
const char *qa_seg_text(const struct qa_partition *p, size_t i);

/* The frame at this place, from the cache or into the role's place of it. -1 EBADMSG: damaged. */
int qa_frame_load(struct qa_partition *p, enum qa_role role, uint32_t segment, uint64_t offset, struct qa_loaded **l_r,
		  struct qa_err *err) QA_MUST;
/* Unpacks a frame read by a scan. */
int qa_loaded_set(struct qa_loaded *l, const struct qa_frame *f, const unsigned char *dir, qa_span stored);
void qa_loaded_free(struct qa_loaded *l);

/* ---- walk.c ---- */

struct qa_walk {
	struct qa_partition *p;
	size_t i; /* segment */
	uint64_t at, end;
	bool opened;
	bool check; /* read payloads too and compare the check */
	bool trust; /* but not the check: the whole file was found good */
	struct qa_buf buf;
	/* the frame found */
	uint64_t offset;
	struct qa_frame head;
	const unsigned char *dir;
	qa_span stored; /* only with check */
};

/* From segment i, offset `at` (0 = the first frame) on. */
void qa_walk_init(struct qa_walk *s, struct qa_partition *p, size_t i, uint64_t at, bool check);
/* 1 a frame; 0 the end of segment s->i (which the caller leaves by qa_walk_segment); 2 no good frame at s->at; -1. */
int qa_walk_next(struct qa_walk *s, struct qa_err *err) QA_MUST;
/* Searches for the next good frame behind s->at in this segment: 1, qa_walk_next gives it; 0 none, s->at is the end; -1. */
int qa_walk_search(struct qa_walk *s, struct qa_err *err) QA_MUST;
/* To the first frame of segment i. */
void qa_walk_segment(struct qa_walk *s, size_t i);
void qa_walk_free(struct qa_walk *s);

/* ---- tail.c ---- */

/* Where the good part ends: behind the last entry frame below the bound. */
struct qa_tail_end {
	size_t i;
	uint64_t at;
	uint64_t leaf; /* one above the last */
};

/* Brings the indexes up to date from the segments, for entries with a leaf below bound. 0; 1 the trusted part of the
 * indexes does not fit the segments; -1 (a writer: EBADMSG when there is damage before the last of these entries). */
int qa_tail_load(struct qa_partition *p, uint64_t bound, struct qa_tail_end *end_r, struct qa_err *err) QA_MUST;

/* ---- cursor.c ---- */

struct qa_cursor {
	struct qa_partition *p;
	enum qa_role role;
	uint64_t item, length, pos; /* pos: bytes given */
	uint8_t kind;
	struct qa_digest digest;
	uint32_t segment, at;
	uint64_t offset; /* of the frame with the next piece */
	qa_span left;	 /* of the last piece */
};

int qa_cursor_open(struct qa_cursor *c, struct qa_partition *p, enum qa_role role, uint64_t item,
		   struct qa_err *err) QA_MUST;
/* The next bytes, at most `most`: 1, 0 at the end, -1. Valid until the role's next frame. */
int qa_cursor_next(struct qa_cursor *c, size_t most, qa_span *piece_r, struct qa_err *err) QA_MUST;
/* Exactly n bytes copied: 0, -1 (EBADMSG when there are less). */
int qa_cursor_read(struct qa_cursor *c, void *out, size_t n, struct qa_err *err) QA_MUST;

/* ---- read.c ---- */

/* What is told of a message while it is put together; all but `message` may be NULL. */
struct qa_tell {
	qa_sink *sink;
	void *ctx;
	struct qa_sha256 *message, *rest;
	/* a part was read whole: whether it fits its digest; NULL: nobody asks, and it is not hashed */
	bool (*part_wanted)(void *check, uint64_t item);
	void (*part)(void *check, uint64_t item, bool good);
	void *check;
	uint64_t n;
};
/* Trace and rest, in pieces; rest_r: the digest that the rest should have. 0, -1. */
int qa_read_message(struct qa_partition *p, const struct qa_entry *e, struct qa_tell *t, struct qa_digest *rest_r,
		    struct qa_err *err) QA_MUST;
/* The bytes of a rest. */
int qa_read_rest(struct qa_partition *p, uint64_t item, struct qa_tell *t, struct qa_digest *digest_r,
		 struct qa_err *err) QA_MUST;
/* Entry number n as it lies in a loaded frame at this place. */
int qa_read_entry(struct qa_partition *p, const struct qa_loaded *l, uint32_t place, struct qa_entry *e_r,
		  struct qa_err *err) QA_MUST;
/* The record id in an entry's fields: whether there is one. */
bool qa_read_id(qa_span fields, struct qa_id *id_r);

/* ---- out.c ---- */

struct qa_lane {
	struct qa_buf raw, dir;
	uint32_t count;
	uint64_t last; /* number */
};

/* Makes frames at the end of a segment file. */
struct qa_out {
	int fd;
	char name[QA_PATH];
	uint32_t segment;
	unsigned char salt[QA_SEGMENT_SALT];
	uint64_t at;
	size_t frame; /* most payload */
	int level;    /* of all but parts */
	struct qa_lane rest, part, big;
	void (*placed)(void *ctx, const struct qa_item_dir *d, const struct qa_item_rec *rec);
	void *ctx;
};

/* Gives exactly n more bytes of an item. */
typedef int qa_fill(void *ctx, unsigned char *p, size_t n, struct qa_err *err);

int qa_out_item(struct qa_out *o, const struct qa_item_dir *d, qa_fill *fill, void *ctx, struct qa_err *err) QA_MUST;
int qa_out_lanes(struct qa_out *o, struct qa_err *err) QA_MUST; /* writes what waits */
/* A frame of entries; offset_r: where it lies. */
int qa_out_entries(struct qa_out *o, qa_span raw, qa_span dir, uint64_t first, uint64_t leaf, uint64_t items,
		   uint64_t *offset_r, struct qa_err *err) QA_MUST;
void qa_out_clear(struct qa_out *o); /* forgets what waits, gives memory back */

/* ---- write.c, find.c, append.c, recover.c, sweep.c ---- */

struct qa_new_item {
	struct qa_item_dir dir;
	struct qa_item_rec rec;
};

struct qa_waiting {
	struct qa_id id;
	struct qa_digest digest;
	uint64_t rest;
	uint32_t length;
};

enum { QA_ROUND_BYTES = 64 << 20, QA_SYNC_EVERY = 4096 };

struct qa_writer {
	bool stuck;	 /* a write failed: only rollback and close are left */
	bool writing;	 /* frames of this round are in the file */
	bool flushed;	 /* a round is flushed, not yet added to a sync set */
	bool named;	 /* the folder was added to a sync set since the partition was opened */
	bool asked;	 /* added to a sync set since the last flush: the next flush means that it was committed */
	bool hard;	 /* it failed in a way that says nothing good of the file */
	uint64_t entries_good, items_good; /* known to be committed */
	struct qa_out out;
	struct qa_known known;
	struct qa_new_item *item; /* of this round */
	size_t items, items_size;
	struct qa_waiting *wait;
	size_t waits, waits_size;
	struct qa_buf bytes; /* their entries, one behind the other */
};

/* Opens or opens again a writer's state; fresh: never append to a file with something to cut off. */
int qa_recover(struct qa_partition *p, uint64_t committed, bool fresh, struct qa_err *err) QA_MUST;
void qa_writer_free(struct qa_partition *p);
/* Appends to segment i (open) from `at` on; lets go of its file. */
int qa_writer_open_out(struct qa_partition *p, size_t i, uint64_t at, struct qa_err *err) QA_MUST;
void qa_writer_close_out(struct qa_writer *w);
/* Removes what the manifest does not name, but for the files of a seal that is under way; named: there is a manifest. */
int qa_store_sweep(struct qa_partition *p, bool named, struct qa_err *err) QA_MUST;
/* The first n lines of a manifest. */
int qa_store_copy(const struct qa_manifest *from, size_t n, struct qa_manifest *m_r, struct qa_err *err) QA_MUST;
/* Publishes m and uses it; m is taken over, also on failure. */
int qa_store_use(struct qa_partition *p, struct qa_manifest *m, struct qa_err *err) QA_MUST;
/* Makes sure that there is a segment to append to. */
int qa_writer_segment(struct qa_partition *p, struct qa_err *err) QA_MUST;
void qa_writer_forget(struct qa_writer *w); /* what waits */
/* Whether the handle may write now: 0, -1. */
int qa_writer_usable(struct qa_partition *p, struct qa_err *err) QA_MUST;
/* A write failed: the handle is stuck from here on. Always -1, errno is kept. */
int qa_writer_stick(struct qa_partition *p);
/* The item of this kind and digest, also one that waits: 1, 0, -1. */
int qa_writer_find_item(struct qa_partition *p, enum qa_item_kind kind, const struct qa_digest *d, uint64_t *number_r,
			struct qa_err *err) QA_MUST;
/* Index files and cache of known things up to what is committed. */
int qa_writer_settle(struct qa_partition *p, struct qa_err *err) QA_MUST;

/* ---- check.c, check-entry.c, check-index.c, check-folder.c ---- */

/* What is found of the index records that nobody trusts yet. */
struct qa_untrusted {
	uint64_t lacks; /* lowest number of a record that is not there, or not whole; 0: none */
	uint64_t wrong; /* lowest number of one that disagrees; 0: none */
	uint32_t segment; /* of that one */
};

struct qa_bits {
	unsigned char *p;
	size_t n; /* bytes */
};

struct qa_check {
	struct qa_partition *p;
	qa_finding *found;
	qa_each_entry *each;
	void *ctx;
	uint64_t bound;
	bool single;	   /* only one segment is looked at */
	bool dirty;	   /* there are findings */
	bool index_wrong;  /* the handle does not use the index files any more */
	struct qa_index entries, items; /* the files as they are */
	struct qa_untrusted entries_left, items_left;
	uint64_t entry, leaf; /* the next one */
	struct qa_bits placed, good; /* items seen in frames, items found good */
	uint64_t placed_n, items_max;
	struct qa_loaded frame;
};

void qa_check_say(struct qa_check *c, enum qa_finding_kind kind, const char *fmt, ...) QA_PRINTF(3, 4);
/* The finding that fits an error. */
void qa_check_say_err(struct qa_check *c, const struct qa_err *err);
/* The index files: opened; their headers judged; the records of an item frame and of an entry compared; what that told. */
int qa_check_index_open(struct qa_check *c, struct qa_err *err) QA_MUST;
int qa_check_index_heads(struct qa_check *c, struct qa_err *err) QA_MUST;
int qa_check_item_records(struct qa_check *c, const struct qa_walk *w, struct qa_err *err) QA_MUST;
int qa_check_entry_record(struct qa_check *c, const struct qa_walk *w, uint32_t place, const struct qa_entry *e,
			  struct qa_err *err) QA_MUST;
void qa_check_index_ends(struct qa_check *c);
/* Files that do not belong into the folder. */
int qa_check_folder(struct qa_check *c, struct qa_err *err) QA_MUST;
/* The manifest as it is now: 0, -1 (ENOENT: none). Free it. */
int qa_check_manifest(const struct qa_partition *p, struct qa_manifest *m_r, struct qa_err *err) QA_MUST;
/* Bits by number; setting one tells whether it was set before, or -1 (ENOMEM). */
bool qa_bit_get(const struct qa_bits *b, uint64_t n);
int qa_bit_set(struct qa_bits *b, uint64_t n) QA_MUST;
/* The entries of a frame: 0, -1. */
int qa_check_entries(struct qa_check *c, const struct qa_walk *w, struct qa_err *err) QA_MUST;
/* Items that no entry led to. */
int qa_check_items(struct qa_check *c, struct qa_err *err) QA_MUST;

/* Frames, items and entries of one segment, and that the indexes fit it; for seal. 0 clean, 1 findings, -1. */
int qa_check_segment(struct qa_partition *p, size_t i, qa_finding *found, qa_each_entry *each, void *ctx,
		     struct qa_err *err) QA_MUST;
/* The digest of the first `end` bytes of segment i's file: 1, 0 it ends before, -1. */
int qa_seg_digest(struct qa_partition *p, size_t i, uint64_t end, struct qa_digest *d_r, struct qa_err *err) QA_MUST;

#endif
