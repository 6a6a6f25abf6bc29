#include "tlog/merkle.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

struct qa_digest
qa_tlog_leaf_hash(qa_span leaf)
{
	struct qa_sha256 c;

	qa_sha256_init(&c);
	qa_sha256_add(&c, "\0", 1);
	if (leaf.n)
		qa_sha256_add(&c, leaf.p, leaf.n);
	return qa_sha256_end(&c);
}

static struct qa_digest
node_hash(const unsigned char *left, const unsigned char *right)
{
	unsigned char b[1 + 2 * QA_SHA256_SIZE];

	b[0] = 1;
	memcpy(b + 1, left, QA_SHA256_SIZE);
	memcpy(b + 1 + QA_SHA256_SIZE, right, QA_SHA256_SIZE);
	return qa_sha256_of(qa_span_of(b, sizeof b));
}

struct qa_digest
qa_tlog_node_hash(const struct qa_digest *left, const struct qa_digest *right)
{
	return node_hash(left->b, right->b);
}

void
qa_tlog_frontier_init(struct qa_tlog_frontier *f)
{
	memset(f, 0, sizeof *f);
}

int
qa_tlog_frontier_append(struct qa_tlog_frontier *f, const struct qa_digest *leaf,
			struct qa_digest row_r[QA_TLOG_ROWS])
{
	struct qa_digest h = *leaf;
	unsigned level = 0;
	int rows = 1;

	if (f->size >= QA_TLOG_SIZE_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	if (row_r)
		row_r[0] = h;
	/* a carry, as in adding one to a binary number */
	while (f->size >> level & 1) {
		h = node_hash(f->node[level].b, h.b);
		if (++level % 8 == 0) {
			if (row_r)
				row_r[rows] = h;
			rows++;
		}
	}
	f->node[level] = h;
	f->size++;
	return rows;
}

struct qa_digest
qa_tlog_frontier_root(const struct qa_tlog_frontier *f)
{
	struct qa_digest h;
	unsigned level;

	if (f->size == 0)
		return qa_sha256_of(qa_span_of("", 0));
	level = (unsigned)__builtin_ctzll(f->size);
	h = f->node[level];
	while (++level < 64)
		if (f->size >> level & 1)
			h = node_hash(f->node[level].b, h.b);
	return h;
}

struct qa_digest
qa_tlog_fold(const unsigned char *hashes, size_t n)
{
	struct qa_tlog_frontier f;
	struct qa_digest h;

	assert(n > 0);
	if (n == 1) {
		memcpy(h.b, hashes, sizeof h.b);
		return h;
	}
	f.size = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(h.b, hashes + i * QA_SHA256_SIZE, sizeof h.b);
		int rows = qa_tlog_frontier_append(&f, &h, NULL);
		assert(rows > 0);
		(void)rows;
	}
	return qa_tlog_frontier_root(&f);
}

int
qa_tlog_frontier_load(struct qa_tlog_frontier *f_r, uint64_t size, qa_tlog_read *read, void *ctx,
		      struct qa_err *err)
{
	if (size > QA_TLOG_SIZE_MAX)
		return qa_fail(err, EINVAL, "a tree of %" PRIu64 " leaves is too large", size);
	qa_tlog_frontier_init(f_r);
	for (unsigned level = 0; level < 63; level++)
		/* the subtree of bit L lies right of those of all higher bits */
		if (size >> level & 1 && read(ctx, level, (size >> level) - 1, &f_r->node[level], err))
			return -1;
	f_r->size = size;
	return 0;
}

/* The root of the leaves lo .. hi - 1, where lo is a multiple of the largest power of two
 * that hi - lo holds: the complete subtrees of hi's bits, joined from the right. */
static int
range_hash(uint64_t lo, uint64_t hi, qa_tlog_read *read, void *ctx, struct qa_digest *out_r,
	   struct qa_err *err)
{
	bool have = false;

	for (unsigned level = 0; level < 63; level++) {
		struct qa_digest h;

		if (!((hi - lo) >> level & 1))
			continue;
		if (read(ctx, level, (hi >> level) - 1, &h, err))
			return -1;
		*out_r = have ? node_hash(h.b, out_r->b) : h;
		have = true;
	}
	return 0;
}

int
qa_tlog_root(uint64_t size, qa_tlog_read *read, void *ctx, struct qa_digest *root_r, struct qa_err *err)
{
	if (size > QA_TLOG_SIZE_MAX)
		return qa_fail(err, EINVAL, "a tree of %" PRIu64 " leaves is too large", size);
	if (size == 0) {
		*root_r = qa_sha256_of(qa_span_of("", 0));
		return 0;
	}
	return range_hash(0, size, read, ctx, root_r, err);
}

/* The largest power of two below n, for n > 1. */
static uint64_t
split(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* Proofs are found from the root down but told from the leaf up. */
static void
reverse(struct qa_tlog_path *path)
{
	for (size_t i = 0, j = path->n; i + 1 < j; i++) {
		struct qa_digest h = path->h[--j];

		path->h[j] = path->h[i];
		path->h[i] = h;
	}
}

int
qa_tlog_prove_inclusion(uint64_t index, uint64_t size, qa_tlog_read *read, void *ctx,
			struct qa_tlog_path *path_r, struct qa_err *err)
{
	uint64_t lo = 0, hi = size;

	path_r->n = 0;
	if (index >= size || size > QA_TLOG_SIZE_MAX)
		return qa_fail(err, EINVAL, "a tree of %" PRIu64 " leaves has no leaf %" PRIu64, size, index);
	while (hi - lo > 1) {
		uint64_t mid = lo + split(hi - lo);
		bool left = index < mid;

		if (range_hash(left ? mid : lo, left ? hi : mid, read, ctx, &path_r->h[path_r->n], err))
			return -1;
		path_r->n++;
		if (left)
			hi = mid;
		else
			lo = mid;
	}
	reverse(path_r);
	return 0;
}

int
qa_tlog_prove_consistency(uint64_t old, uint64_t size, qa_tlog_read *read, void *ctx,
			  struct qa_tlog_path *path_r, struct qa_err *err)
{
	uint64_t lo = 0, hi = size;

	path_r->n = 0;
	if (old > size || size > QA_TLOG_SIZE_MAX)
		return qa_fail(err, EINVAL, "a tree of %" PRIu64 " leaves cannot extend one of %" PRIu64, size, old);
	if (old == 0 || old == size)
		return 0;
	while (hi != old) {
		uint64_t mid = lo + split(hi - lo);
		bool left = old <= mid;

		if (range_hash(left ? mid : lo, left ? hi : mid, read, ctx, &path_r->h[path_r->n], err))
			return -1;
		path_r->n++;
		if (left)
			hi = mid;
		else
			lo = mid;
	}
	/* from 0 on, what is left is the old tree itself, whose root the verifier has */
	if (lo != 0) {
		if (range_hash(lo, hi, read, ctx, &path_r->h[path_r->n], err))
			return -1;
		path_r->n++;
	}
	reverse(path_r);
	return 0;
}

bool
qa_tlog_verify_inclusion(uint64_t index, uint64_t size, const struct qa_digest *leaf,
			 const struct qa_tlog_path *path, const struct qa_digest *root)
{
	struct qa_digest r = *leaf;
	uint64_t fn = index, sn = size - 1;

	if (index >= size || size > QA_TLOG_SIZE_MAX || path->n > QA_TLOG_PATH_MAX)
		return false;
	for (size_t i = 0; i < path->n; i++, fn >>= 1, sn >>= 1) {
		const struct qa_digest *p = &path->h[i];

		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			r = node_hash(p->b, r.b);
			while (!(fn & 1) && fn != 0)
				fn >>= 1, sn >>= 1;
		} else {
			r = node_hash(r.b, p->b);
		}
	}
	return sn == 0 && qa_digest_eq(&r, root);
}

bool
qa_tlog_verify_consistency(uint64_t old, uint64_t size, const struct qa_digest *old_root,
			   const struct qa_tlog_path *path, const struct qa_digest *root)
{
	uint64_t fn = old - 1, sn = size - 1;
	struct qa_digest fr, sr;
	size_t i = 0;

	if (old > size || size > QA_TLOG_SIZE_MAX || path->n > QA_TLOG_PATH_MAX)
		return false;
	if (old == 0) {
		struct qa_digest none = qa_sha256_of(qa_span_of("", 0));

		return path->n == 0 && qa_digest_eq(old_root, &none) && (size != 0 || qa_digest_eq(root, &none));
	}
	if (old == size)
		return path->n == 0 && qa_digest_eq(old_root, root);
	if (path->n == 0)
		return false;
	/* a complete old tree is a node of the new one, so the path leaves it out */
	fr = sr = (old & (old - 1)) == 0 ? *old_root : path->h[i++];
	while (fn & 1)
		fn >>= 1, sn >>= 1;
	for (; i < path->n; i++, fn >>= 1, sn >>= 1) {
		const struct qa_digest *c = &path->h[i];

		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			fr = node_hash(c->b, fr.b);
			sr = node_hash(c->b, sr.b);
			while (!(fn & 1) && fn != 0)
				fn >>= 1, sn >>= 1;
		} else {
			sr = node_hash(sr.b, c->b);
		}
	}
	return sn == 0 && qa_digest_eq(&fr, old_root) && qa_digest_eq(&sr, root);
}
