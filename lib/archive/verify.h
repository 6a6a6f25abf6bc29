/*
 * Verifying an archive: everything under depot/ and log/ against each other, the signed checkpoint, and a checkpoint kept
 * outside.
 *
 * Quick: the checkpoint's signature, every tile against its root, the number of entries against the log, each partition's
 * manifest and index heads. Deep: every byte, every digest, every leaf made again from its entry and compared with the log.
 * All of it as of the checkpoint read at the start: what is written meanwhile is not looked at.
 */
#ifndef QA_ARCHIVE_VERIFY_H
#define QA_ARCHIVE_VERIFY_H

#include "archive/read.h"

#include <stdbool.h>

enum qa_trouble {
	QA_T_DAMAGED,	  /* bytes that do not fit their check or digest */
	QA_T_MISSING,	  /* an entry, segment, tile or file that should be there */
	QA_T_ADDED,	  /* one that should not */
	QA_T_REORDERED,	  /* entries or leaves out of order */
	QA_T_TRUNCATED,	  /* a file that ends early */
	QA_T_INDEX,	  /* an index that disagrees with its segments */
	QA_T_LOG,	  /* a leaf or tile that does not belong to the signed tree */
	QA_T_FORKED,	  /* the log does not extend the checkpoint given */
	QA_T_KEY,	  /* a wrong key, a bad signature */
	QA_T_UNREACHABLE, /* could not be read */
	QA_T_NOTE,	  /* nothing wrong: what a writer at work or one that died leaves, and the next one puts in order */
	QA_T_KINDS
};
const char *qa_trouble_name(enum qa_trouble t);

struct qa_verify_stats {
	uint64_t entries, messages, bytes; /* verified; bytes of raw mail */
	uint64_t events, purged;
	uint64_t leaves;	/* of the checkpoint */
	uint64_t partitions, offline;
	uint64_t trouble[QA_T_KINDS];
};

struct qa_verify {
	const char *home, *domain;
	bool deep;
	qa_month month;	   /* 0 = all */
	const char *vkey;  /* NULL = the archive's own */
	unsigned settle_ms; /* how long a block may take to be written while this looks; 0 = 300 */
	qa_span since;	   /* a signed checkpoint kept outside; empty = none */
	void (*found)(void *ctx, enum qa_trouble t, const char *text);
	void (*progress)(void *ctx, const struct qa_verify_stats *st, uint64_t of_entries);
	void *ctx;
};

/* 0 nothing found; 1 something was; -1 nothing could be verified at all. */
int qa_verify(const struct qa_verify *v, struct qa_verify_stats *st_r, struct qa_err *err) QA_MUST;

#endif
