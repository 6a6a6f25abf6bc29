/*
 * The Merkle tree of a transparency log: RFC 6962 section 2.1, with the verifications of RFC
 * 9162 sections 2.1.3.2 and 2.1.4.2. Pure arithmetic: nothing here allocates or touches a disk.
 *
 * A hash is addressed by level and index: level 0 are the leaf hashes, and (L, I) is the
 * root of the complete subtree over the leaves I * 2^L .. (I + 1) * 2^L - 1.
 */
#ifndef QA_TLOG_MERKLE_H
#define QA_TLOG_MERKLE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/sha256.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No log is larger, so that readers with signed 64-bit numbers agree with us. */
#define QA_TLOG_SIZE_MAX UINT64_C(0x7fffffffffffffff)

struct qa_digest qa_tlog_leaf_hash(qa_span leaf);
struct qa_digest qa_tlog_node_hash(const struct qa_digest *left, const struct qa_digest *right);

/* The root over N hashes that lie one after another, as in a tile; N from 1. The hashes
 * may be leaf hashes or the roots of complete subtrees of one size. */
struct qa_digest qa_tlog_fold(const unsigned char *hashes, size_t n);

/* --- The frontier: all that is needed to append and to know the root --- */

#define QA_TLOG_ROWS 8 /* the levels 0, 8, 16 ... 56, which are stored in tiles */

struct qa_tlog_frontier {
	uint64_t size;		   /* leaves so far */
	struct qa_digest node[64]; /* node[L] is in use when bit L of size is set */
};

/* An empty tree. */
void qa_tlog_frontier_init(struct qa_tlog_frontier *f);

/* Adds a leaf by its hash: one node hash (two SHA-256 blocks) on average. When row_r is not
 * NULL it receives the hashes that the stored rows gain: row_r[0], the leaf itself, belongs
 * at index size - 1 of level 0, and row_r[K] at index size / 256^K - 1 of level 8 * K
 * (size as after the call). Returns how many rows gained a hash, 1 .. QA_TLOG_ROWS, or -1
 * with errno EOVERFLOW at QA_TLOG_SIZE_MAX. */
int qa_tlog_frontier_append(struct qa_tlog_frontier *f, const struct qa_digest *leaf,
			    struct qa_digest row_r[QA_TLOG_ROWS]) QA_MUST;

/* The root; of an empty tree the SHA-256 of nothing. */
struct qa_digest qa_tlog_frontier_root(const struct qa_tlog_frontier *f);

/* --- Proofs --- */

/* Gives the hash of any complete subtree of the tree in question: 0, or -1 with err. */
typedef int qa_tlog_read(void *ctx, unsigned level, uint64_t index, struct qa_digest *out_r,
			 struct qa_err *err);

#define QA_TLOG_PATH_MAX 64

struct qa_tlog_path {
	size_t n;
	struct qa_digest h[QA_TLOG_PATH_MAX];
};

/* The frontier of the first SIZE leaves, to go on appending after a restart. */
int qa_tlog_frontier_load(struct qa_tlog_frontier *f_r, uint64_t size, qa_tlog_read *read, void *ctx,
			  struct qa_err *err) QA_MUST;

/* The root of the first SIZE leaves. */
int qa_tlog_root(uint64_t size, qa_tlog_read *read, void *ctx, struct qa_digest *root_r,
		 struct qa_err *err) QA_MUST;

/* The path of leaf INDEX in the tree of SIZE leaves, from the leaf's sibling upwards. EINVAL
 * when there is no such leaf. */
int qa_tlog_prove_inclusion(uint64_t index, uint64_t size, qa_tlog_read *read, void *ctx,
			    struct qa_tlog_path *path_r, struct qa_err *err) QA_MUST;

/* The path that shows the tree of SIZE leaves to extend that of OLD leaves. Empty when OLD is
 * 0 or SIZE. EINVAL when OLD is larger. */
int qa_tlog_prove_consistency(uint64_t old, uint64_t size, qa_tlog_read *read, void *ctx,
			      struct qa_tlog_path *path_r, struct qa_err *err) QA_MUST;

/* True when the path leads from the leaf hash at INDEX to the root of SIZE leaves. Any input
 * is safe; what is not proven is false. */
bool qa_tlog_verify_inclusion(uint64_t index, uint64_t size, const struct qa_digest *leaf,
			      const struct qa_tlog_path *path, const struct qa_digest *root) QA_MUST;

/* True when the path shows that the tree (size, root) begins with the tree (old, old_root).
 * The empty tree, whose root must then be the SHA-256 of nothing, begins every tree. */
bool qa_tlog_verify_consistency(uint64_t old, uint64_t size, const struct qa_digest *old_root,
				const struct qa_tlog_path *path, const struct qa_digest *root) QA_MUST;

#endif
