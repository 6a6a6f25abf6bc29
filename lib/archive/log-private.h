/* The log's inside: shared by log.c (open, append), log-publish.c and rebuild.c. */
#ifndef QA_ARCHIVE_LOG_PRIVATE_H
#define QA_ARCHIVE_LOG_PRIVATE_H

#include "archive/edge.h"
#include "archive/home.h"
#include "archive/log.h"
#include "sys/publish.h"
#include "tlog/merkle.h"
#include "tlog/tile.h"

#include <stdbool.h>

enum { QA_LOG_WIDTH = QA_TLOG_TILE_WIDTH, QA_LOG_LEVELS = QA_TLOG_ROWS, QA_LOG_COMPACT = 4096 };

/* The growing tile of each level: what its full tiles leave over. */
struct qa_log_level {
	unsigned n;
	struct qa_digest *hash; /* QA_LOG_WIDTH of them, allocated when the first comes */
};

/* A tile that is full and not on disk yet. */
struct qa_log_full {
	struct qa_log_full *next;
	unsigned level;
	uint64_t index;
	struct qa_digest hash[QA_LOG_WIDTH];
};

struct qa_log {
	char home[QA_PATH_MAX], domain[256];
	char edge_path[QA_PATH_MAX];
	struct qa_edge_head head;
	uint64_t edge_bytes; /* where the next block goes */
	uint64_t committed, published;
	struct qa_tlog_frontier tree; /* committed and added */
	struct qa_digest root, new_root;
	struct qa_log_level level[QA_LOG_LEVELS];
	struct qa_log_full *full, **full_end;
	struct qa_digest *added; /* tree.size - committed hashes */
	size_t added_n, added_size;
	bool written;	   /* a block is in the edge, not yet known durable */
	bool tiled;	   /* this handle has published: the folders of its tiles are durable */
	uint64_t signing;  /* size of the note that waits in the temporary file; 0 none */
	struct qa_publish note;
};


/* Adds a leaf to the tree in memory. */
int qa_log_push(struct qa_log *l, const struct qa_digest *leaf, struct qa_err *err) QA_MUST;

/* Writes the full tiles that wait, into the set. */
int qa_log_write_full(const struct qa_log *l, struct qa_syncset *set, struct qa_err *err) QA_MUST;
void qa_log_drop_full(struct qa_log *l); /* once they are durable */

/* A new edge file of one block: the leaves from FIRST to the committed size; l becomes its writer. */
int qa_log_write_edge(struct qa_log *l, uint64_t first, const struct qa_digest *hash, struct qa_err *err) QA_MUST;

/* A new edge file that starts at the last full level-0 tile, all of which are on disk; l becomes its writer. */
int qa_log_new_edge(struct qa_log *l, struct qa_err *err) QA_MUST;

/* An empty log in memory. */
int qa_log_blank(const char *home, const char *domain, struct qa_log **l_r, struct qa_err *err) QA_MUST;

#endif
