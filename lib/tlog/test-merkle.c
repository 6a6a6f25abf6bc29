/*
 * The tree against known roots, against the recursive definition of RFC 6962, and against every single
 * wrong bit that a proof can have.
 */
#include "base/text.h"
#include "tests/tap.h"
#include "tlog/merkle.h"

#include <errno.h>
#include <stdlib.h>

#define MANY 300

static struct qa_digest leaves[MANY], roots_of[MANY + 1]; /* roots_of[n]: of the first n leaves */

static qa_span
data(size_t i)
{
	/* the test data of the CT code, whose roots are widely known */
	static const struct {
		const char *p;
		size_t n;
	} known[8] = {{"", 0}, {"\0", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
		      {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
		      {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
	static unsigned char other[4];

	if (i < 8)
		return qa_span_of(known[i].p, known[i].n);
	other[0] = (unsigned char)i, other[1] = (unsigned char)(i >> 8);
	return qa_span_of(other, sizeof other);
}

/* RFC 6962 section 2.1, word for word; also of subtrees. */
static struct qa_digest
mth(size_t lo, size_t hi)
{
	struct qa_digest l, r;
	size_t k = 1;

	if (hi == lo)
		return qa_sha256_of(qa_span_of("", 0));
	if (hi - lo == 1)
		return leaves[lo];
	while (2 * k < hi - lo)
		k *= 2;
	l = mth(lo, lo + k);
	r = mth(lo + k, hi);
	return qa_tlog_node_hash(&l, &r);
}

static int
is(const struct qa_digest *d, const char *hex)
{
	char text[QA_SHA256_TEXT];

	qa_hex(d->b, sizeof d->b, text);
	return strcmp(text, hex) == 0;
}

/* All complete subtrees, made once; serves them as any storage would. */
static struct qa_digest node[10][MANY];

static int
serve(void *ctx, unsigned level, uint64_t index, struct qa_digest *out_r, struct qa_err *err)
{
	uint64_t size = *(uint64_t *)ctx;

	if (level > 9 || index >= size >> level)
		return qa_fail(err, EINVAL, "no complete subtree");
	*out_r = node[level][index];
	return 0;
}

static void
known_roots(void)
{
	static const char *const roots[9] = {
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct qa_tlog_frontier f;

	qa_tlog_frontier_init(&f);
	for (size_t i = 0; i <= 8; i++) {
		struct qa_digest root = qa_tlog_frontier_root(&f);

		OKF(is(&root, roots[i]), "root of the first %zu known leaves", i);
		OK(f.size == i && qa_tlog_frontier_append(&f, &leaves[i], NULL) == 1);
	}
}

static void
frontier(void)
{
	struct qa_tlog_frontier f, g;
	struct qa_digest rows[QA_TLOG_ROWS];
	unsigned wrong = 0, wrong_rows = 0, wrong_load = 0, wrong_root = 0;

	qa_tlog_frontier_init(&f);
	for (uint64_t n = 1; n <= MANY; n++) {
		int k = qa_tlog_frontier_append(&f, &leaves[n - 1], rows);
		struct qa_digest want = roots_of[n], got = qa_tlog_frontier_root(&f), up = roots_of[256];

		wrong += !qa_digest_eq(&want, &got);
		wrong_rows += k != (n == 256 ? 2 : 1) || !qa_digest_eq(&rows[0], &leaves[n - 1]) ||
			      (k == 2 && !qa_digest_eq(&rows[1], &up));
		wrong_root += qa_tlog_root(n, serve, &n, &got, NULL) || !qa_digest_eq(&want, &got);
		wrong_load += qa_tlog_frontier_load(&g, n, serve, &n, NULL) != 0;
		got = qa_tlog_frontier_root(&g);
		wrong_load += !qa_digest_eq(&want, &got);
		got = qa_tlog_fold(leaves[0].b, n);
		wrong_root += !qa_digest_eq(&want, &got);
	}
	OKF(wrong == 0, "the frontier's root is the definition's, to %d leaves", MANY);
	OK(wrong_rows == 0);
	OK(wrong_root == 0);
	OK(wrong_load == 0);

	/* every row gains a hash where all bits carry */
	f.size = (UINT64_C(1) << 56) - 1;
	OK(qa_tlog_frontier_append(&f, &leaves[0], rows) == 8 && f.size == UINT64_C(1) << 56);
	OK(qa_digest_eq(&f.node[56], &rows[7]));
	f.size = QA_TLOG_SIZE_MAX;
	errno = 0;
	OK(qa_tlog_frontier_append(&f, &leaves[0], NULL) == -1 && errno == EOVERFLOW && f.size == QA_TLOG_SIZE_MAX);
	OK(qa_tlog_frontier_load(&f, QA_TLOG_SIZE_MAX + 1, serve, &f.size, NULL) == -1);
}

/* Every way to spoil a path a little: each must make `good(ctx, path)` false. */
static unsigned
spoil(struct qa_tlog_path *p, bool (*good)(const void *ctx, const struct qa_tlog_path *), const void *ctx)
{
	unsigned accepted = 0;

	for (size_t i = 0; i < p->n; i++) {
		p->h[i].b[i * 7 % 32] ^= (unsigned char)(1 << i % 8);
		accepted += good(ctx, p);
		p->h[i].b[i * 7 % 32] ^= (unsigned char)(1 << i % 8);
		if (i + 1 < p->n && !qa_digest_eq(&p->h[i], &p->h[i + 1])) {
			struct qa_digest h = p->h[i];

			p->h[i] = p->h[i + 1], p->h[i + 1] = h;
			accepted += good(ctx, p);
			h = p->h[i], p->h[i] = p->h[i + 1], p->h[i + 1] = h;
		}
	}
	p->n++;
	p->h[p->n - 1] = leaves[0];
	accepted += good(ctx, p);
	p->n--;
	if (p->n) {
		p->n--;
		accepted += good(ctx, p);
		p->n++;
	}
	return accepted;
}

struct claim {
	uint64_t a, size;
	struct qa_digest first, root;
};

static bool
includes(const void *ctx, const struct qa_tlog_path *p)
{
	const struct claim *c = ctx;

	return qa_tlog_verify_inclusion(c->a, c->size, &c->first, p, &c->root);
}

static bool
extends(const void *ctx, const struct qa_tlog_path *p)
{
	const struct claim *c = ctx;

	return qa_tlog_verify_consistency(c->a, c->size, &c->first, p, &c->root);
}

static void
inclusion(void)
{
	unsigned bad = 0, accepted = 0;
	struct qa_tlog_path p;
	struct claim c;

	for (c.size = 1; c.size <= MANY; c.size++) {
		c.root = roots_of[c.size];
		for (c.a = 0; c.a < c.size; c.a++) {
			c.first = leaves[c.a];
			bad += qa_tlog_prove_inclusion(c.a, c.size, serve, &c.size, &p, NULL) || !includes(&c, &p);
			if (c.size > 70 && c.a % 17 != c.size % 17)
				continue;
			accepted += spoil(&p, includes, &c);
			for (uint64_t other = 0; other < c.size + 2; other++) {
				struct claim d = c;

				d.a = other;
				accepted += other != c.a && includes(&d, &p);
			}
			c.first.b[3] ^= 1;
			accepted += includes(&c, &p);
			c.first.b[3] ^= 1, c.root.b[31] ^= 0x80;
			accepted += includes(&c, &p);
			c.root.b[31] ^= 0x80;
		}
	}
	OKF(bad == 0, "every leaf of every tree to %d is proven", MANY);
	OKF(accepted == 0, "no spoilt inclusion proof, index, leaf or root is accepted (%u were)", accepted);

	c.size = 5;
	OK(qa_tlog_prove_inclusion(5, 5, serve, &c.size, &p, NULL) == -1 && errno == EINVAL);
	OK(qa_tlog_prove_inclusion(0, 0, serve, &c.size, &p, NULL) == -1);
	p.n = QA_TLOG_PATH_MAX + 1;
	OK(!qa_tlog_verify_inclusion(0, 5, &leaves[0], &p, &c.root));
	p.n = 0;
	OK(!qa_tlog_verify_inclusion(0, 0, &leaves[0], &p, &leaves[0]));
	OK(qa_tlog_verify_inclusion(0, 1, &leaves[0], &p, &leaves[0]));
	OK(!qa_tlog_verify_inclusion(UINT64_MAX, UINT64_MAX, &leaves[0], &p, &leaves[0]));
}

static void
consistency(void)
{
	unsigned bad = 0, accepted = 0;
	struct qa_tlog_path p;
	struct claim c;

	for (c.size = 1; c.size <= MANY; c.size++) {
		c.root = roots_of[c.size];
		for (c.a = 0; c.a <= c.size; c.a++) {
			c.first = roots_of[c.a];
			bad += qa_tlog_prove_consistency(c.a, c.size, serve, &c.size, &p, NULL) || !extends(&c, &p);
			if (c.a == 0 || (c.size > 70 && c.a % 17 != c.size % 17))
				continue;
			accepted += spoil(&p, extends, &c);
			/* another old tree, whose root is not this one's */
			for (uint64_t other = 0; other <= c.size + 1; other++) {
				struct claim d = c;

				d.a = other;
				accepted += other != c.a && extends(&d, &p);
			}
			c.first.b[0] ^= 4;
			accepted += extends(&c, &p);
			c.first.b[0] ^= 4, c.root.b[8] ^= 1;
			accepted += extends(&c, &p);
			c.root.b[8] ^= 1;
		}
	}
	OKF(bad == 0, "every tree to %d extends every smaller one", MANY);
	OKF(accepted == 0, "no spoilt consistency proof, size or root is accepted (%u were)", accepted);

	c = (struct claim){3, 2, leaves[0], leaves[0]};
	OK(qa_tlog_prove_consistency(3, 2, serve, &c.size, &p, NULL) == -1 && errno == EINVAL);
	p.n = 0;
	OK(!extends(&c, &p));
	c = (struct claim){0, 2, leaves[0], leaves[0]};
	OK(!extends(&c, &p));
}

/* A reader that fails must end every proof, at whichever call. */
static int
fail_later(void *ctx, unsigned level, uint64_t index, struct qa_digest *out_r, struct qa_err *err)
{
	unsigned *left = ctx;

	if ((*left)-- == 0)
		return qa_fail(err, EIO, "read %u", level);
	*out_r = node[level][index];
	return 0;
}

static void
failing_reader(void)
{
	struct qa_tlog_path p;
	struct qa_tlog_frontier f;
	struct qa_digest root;
	unsigned calls, left, lost = 0;

	for (calls = 0; calls < 7; calls++) {
		left = calls;
		lost += qa_tlog_prove_inclusion(100, 255, fail_later, &left, &p, NULL) == 0;
		left = calls;
		lost += qa_tlog_prove_consistency(97, 255, fail_later, &left, &p, NULL) == 0;
		left = calls;
		lost += qa_tlog_root(255, fail_later, &left, &root, NULL) == 0;
		left = calls;
		lost += qa_tlog_frontier_load(&f, 255, fail_later, &left, NULL) == 0;
	}
	OK(lost == 0);
}

int
main(void)
{
	for (size_t i = 0; i < MANY; i++)
		leaves[i] = qa_tlog_leaf_hash(data(i));
	for (size_t n = 0; n <= MANY; n++)
		roots_of[n] = mth(0, n);
	for (unsigned level = 0; level < 10; level++)
		for (size_t i = 0; (i + 1) << level <= MANY; i++)
			node[level][i] = mth(i << level, (i + 1) << level);
	known_roots();
	frontier();
	inclusion();
	consistency();
	failing_reader();
	return done();
}
