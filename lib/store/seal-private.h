/* The inside of sealing: shared by seal.c and seal-write.c. */
#ifndef QA_STORE_SEAL_PRIVATE_H
#define QA_STORE_SEAL_PRIVATE_H

#include "store/private.h"
#include "store/seal.h"

#define QA_SEAL_ENTRIES ".tmp.seal-entries"
#define QA_SEAL_ITEMS ".tmp.seal-items"

struct qa_seal_rec {
	uint64_t number;
	union {
		struct qa_item_rec item;
		struct qa_entry_rec entry;
	};
};

struct qa_seal_recs {
	struct qa_seal_rec *v;
	size_t n, size;
};

struct qa_seal {
	struct qa_partition *p; /* a reader */
	int folder;		/* locked */
	size_t i;		/* the segment in hand */
	struct qa_manifest_line line; /* what it becomes */
	bool made;		/* its new file may be there */
	bool written;		/* and waits for the switch */
	struct stat last;	/* the last segment's file, as it was when the write began */
	struct stat new;	/* the new file */
	int (*stop)(void *ctx);
	void *ctx;
	/* while it is written */
	struct qa_out out;
	struct qa_loaded frame;
	struct qa_buf raw, dir; /* entries that wait */
	uint64_t first, leaf, count, items;
	struct qa_seal_recs item_recs, entry_recs;
	struct qa_sha256 told, seen; /* all entries: as they were, as they are read back */
	bool no_memory;
	char wrong[300]; /* the first thing that was */
};

/* Writes the new file of segment s->i and the index files, syncs them and reads them back. */
int qa_seal_make(struct qa_seal *s, struct qa_err *err) QA_MUST;

#endif
