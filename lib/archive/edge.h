/*
 * The edge file as bytes (doc/format-leaf.md, "Edge").
 */
#ifndef QA_ARCHIVE_EDGE_H
#define QA_ARCHIVE_EDGE_H

#include "base/err.h"
#include "base/sha256.h"

#include <stdint.h>

enum { QA_EDGE_HEADER = 64, QA_EDGE_BLOCK = 64 };

struct qa_edge_head {
	unsigned char salt[16];
	uint64_t first;
};
void qa_edge_head_put(const struct qa_edge_head *h, unsigned char out[QA_EDGE_HEADER]);
int qa_edge_head_get(const unsigned char in[QA_EDGE_HEADER], struct qa_edge_head *h_r, struct qa_err *err) QA_MUST;

struct qa_edge_block {
	uint32_t count;
	uint64_t size; /* of the tree after it */
	struct qa_digest root;
};
void qa_edge_block_put(const struct qa_edge_block *b, const unsigned char salt[16], uint64_t offset,
		       const struct qa_digest *hashes, unsigned char out[QA_EDGE_BLOCK]);
/* The block at the start of BYTES, which lies at OFFSET in the file: 1 and its facts (hashes follow its header), 0 when the
 * bytes are not a whole good block. */
int qa_edge_block_get(qa_span bytes, const unsigned char salt[16], uint64_t offset, struct qa_edge_block *b_r);

/* Everything in an edge file: first leaf number, hashes from there to the committed size, root. */
struct qa_edge {
	struct qa_edge_head head;
	uint64_t size;
	struct qa_digest root;	  /* zero when size is 0 and there is no block */
	struct qa_digest *hashes; /* size - head.first of them */
	uint64_t bytes;		  /* length of the good part of the file */
	uint64_t total;		  /* length of the file */
	uint64_t blocks;
};

/* Reads the file up to its last whole block: 1; 0 no such file; -1 (EBADMSG: not even a header and a first block). A longer
 * file than e.bytes has a torn or damaged end. */
int qa_edge_read(const char *path, struct qa_edge *e_r, struct qa_err *err) QA_MUST;
void qa_edge_free(struct qa_edge *e);

#endif
