/* Shared by verify.c (depot) and verify-log.c (log). */
#ifndef QA_ARCHIVE_VERIFY_PRIVATE_H
#define QA_ARCHIVE_VERIFY_PRIVATE_H

#include "archive/verify.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

struct qa_verifying {
	const struct qa_verify *v;
	struct qa_verify_stats *st;
	bool bad;
	/* the log, as of the checkpoint */
	uint64_t size;
	struct qa_digest root;
	unsigned char *tile; /* the last level-0 tile read, QA_TLOG_TILE_BYTES */
	uint64_t tile_index;
	unsigned tile_width; /* 0 = none */
	/* the depot */
	unsigned char *seen; /* a bit a leaf */
	uint64_t entries;
	qa_month month;
	char month_text[QA_MONTH_TEXT];
	char tail[600]; /* where a partition ends in what is no good frame; damage if entries turn out to be missing */
};

void qa_verify_found(struct qa_verifying *x, enum qa_trouble t, const char *fmt, ...) QA_PRINTF(3, 4);

/* A file FOLDER/NAME that does not belong there, unless it is on its way to being published; AREA is depot or log. */
void qa_verify_stranger(struct qa_verifying *x, const char *folder, const char *area, const char *name);

/* Checkpoint, key, tiles, edge, since. -1 when there is nothing to verify against. */
int qa_verify_log(struct qa_verifying *x, struct qa_err *err) QA_MUST;

/* The hash that the log has for a leaf: 0, -1 when its tile cannot be read (which was reported before). */
int qa_verify_logged(struct qa_verifying *x, uint64_t leaf, struct qa_digest *hash_r) QA_MUST;

#endif
