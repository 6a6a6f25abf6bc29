/* Tiles: their names, which of them a tree has, and hashes out of them. */
#include "tests/tap.h"
#include "tlog/tile.h"

#include <errno.h>
#include <stdlib.h>

static void
paths(void)
{
	static const struct {
		struct qa_tlog_tile t;
		const char *path;
	} list[] = {
	    {{0, 256, 0}, "tile/0/000"},
	    {{1, 17, 0}, "tile/1/000.p/17"},
	    {{0, 256, 999}, "tile/0/999"},
	    {{0, 256, 1000}, "tile/0/x001/000"},
	    {{2, 1, 1234067}, "tile/2/x001/x234/067.p/1"},
	    {{7, 255, UINT64_C(36028797018963967)}, "tile/7/x036/x028/x797/x018/x963/967.p/255"},
	};
	static const char *const bad[] = {
	    "", "tile/0/", "tile/0/00", "tile/0/0000", "tile/8/000", "tile/00/000", "tile/-/000", "tile/0/x000/000",
	    "tile/0/x000/001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p",
	    "tile/0/000/", "tile/0/x001/", "tile/0/x001", "tile/0/x001/x002", "tile/0/001/002", "tile/0/+01", "tile/0/0x1",
	    "tile/entries/000", "tile/0/x036/x028/x797/x018/x963/968", "tile/0/x999/x999/x999/x999/x999/x999/999",
	    "/tile/0/000", "tile/0/000.p/17\n", "tile/0/x1/234/000", "Tile/0/000", "tile/0/000.q/17"};
	struct qa_tlog_tile t;
	char out[QA_TLOG_TILE_PATH];

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		qa_tlog_tile_path(&list[i].t, out);
		OKF(strcmp(out, list[i].path) == 0, "%s", list[i].path);
		OK(qa_tlog_tile_scan(qa_span_str(out), &t) == 0 && t.level == list[i].t.level &&
		   t.index == list[i].t.index && t.width == list[i].t.width);
		for (size_t cut = 0; cut < strlen(out); cut++)
			if (qa_tlog_tile_scan(qa_span_of(out, cut), &t) == 0) {
				char again[QA_TLOG_TILE_PATH];

				qa_tlog_tile_path(&t, again);
				OKF(qa_span_is(qa_span_of(out, cut), again), "%s is a path too", again);
			}
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OKF(qa_tlog_tile_scan(qa_span_str(bad[i]), &t) == -1, "not a tile: %zu, %.14s", i, bad[i]);
}

static unsigned
count(uint64_t from, uint64_t to, unsigned *full_r)
{
	struct qa_tlog_tiles it = qa_tlog_tiles_between(from, to);
	struct qa_tlog_tile t;
	unsigned n = 0;

	*full_r = 0;
	for (; qa_tlog_tiles_next(&it, &t); n++)
		*full_r += t.width == QA_TLOG_TILE_WIDTH;
	return n;
}

static void
which(void)
{
	struct qa_tlog_tiles it;
	struct qa_tlog_tile t;
	unsigned full, wrong = 0;

	/* the specification's example */
	OK(count(0, 70000, &full) == 277 && full == 274);
	OK(qa_tlog_tile_width(0, 273, 70000) == 112 && qa_tlog_tile_width(1, 1, 70000) == 17);
	OK(qa_tlog_tile_width(1, 0, 70000) == 256 && qa_tlog_tile_width(2, 0, 70000) == 1);
	OK(qa_tlog_tile_width(2, 1, 70000) == 0 && qa_tlog_tile_width(3, 0, 70000) == 0);
	OK(qa_tlog_tile_width(8, 0, UINT64_MAX) == 0 && qa_tlog_tile_width(0, UINT64_MAX, 70000) == 0);
	OK(count(0, 256, &full) == 2 && full == 1);
	OK(count(0, 0, &full) == 0 && count(70000, 70000, &full) == 0 && count(300, 20, &full) == 0);

	it = qa_tlog_tiles_between(250, 700);
	OK(qa_tlog_tiles_next(&it, &t) && t.level == 0 && t.index == 0 && t.width == 256);
	OK(qa_tlog_tiles_next(&it, &t) && t.level == 0 && t.index == 1 && t.width == 256);
	OK(qa_tlog_tiles_next(&it, &t) && t.level == 0 && t.index == 2 && t.width == 188);
	OK(qa_tlog_tiles_next(&it, &t) && t.level == 1 && t.index == 0 && t.width == 2);
	OK(!qa_tlog_tiles_next(&it, &t) && !qa_tlog_tiles_next(&it, &t));

	/* growing by any steps lists each tile of the end once, and no full one twice */
	for (uint64_t step = 1; step < 2000; step = step * 3 + 1) {
		static unsigned char seen[3][300];

		memset(seen, 0, sizeof seen);
		for (uint64_t a = 0; a < 70000; a += step) {
			it = qa_tlog_tiles_between(a, a + step < 70000 ? a + step : 70000);
			while (qa_tlog_tiles_next(&it, &t)) {
				if (t.width == 256 && seen[t.level][t.index] == 2)
					wrong++;
				seen[t.level][t.index] = t.width == 256 ? 2 : 1;
				wrong += t.width != qa_tlog_tile_width(t.level, t.index, it.to);
			}
		}
		for (size_t i = 0; i < 300; i++)
			wrong += seen[0][i] != (i < 273 ? 2 : i == 273) || seen[1][i] != (i == 0 ? 2 : i == 1) ||
				 seen[2][i] != (i == 0);
	}
	OK(wrong == 0);

	it = qa_tlog_tiles_between(QA_TLOG_SIZE_MAX - 1, QA_TLOG_SIZE_MAX);
	OK(qa_tlog_tiles_next(&it, &t) && t.level == 0 && t.width == 255 && !qa_tlog_tiles_next(&it, &t));
}

/* --- The reader --- */

static struct qa_digest *row[3];
static unsigned reads, refuse;

static int
give(void *ctx, const struct qa_tlog_tile *t, unsigned char *bytes_r, struct qa_err *err)
{
	(void)ctx;
	reads++;
	if (refuse) {
		memset(bytes_r, 0xaa, QA_TLOG_TILE_BYTES); /* as a read that stops half-way */
		return qa_fail(err, EIO, "no tile today");
	}
	for (size_t i = 0; i < t->width; i++)
		memcpy(bytes_r + 32 * i, row[t->level][t->index * 256 + i].b, 32);
	return 0;
}

static void
reader(void)
{
	enum { N = 70000 };
	static struct qa_tlog_tile_reader r;
	struct qa_tlog_frontier f;
	struct qa_tlog_path p;
	struct qa_digest gained[QA_TLOG_ROWS], root, old_root = {{0}}, h;
	unsigned wrong = 0, most = 0;
	struct qa_err err;

	for (int i = 0; i < 3; i++)
		row[i] = calloc(N, sizeof **row);
	if (!row[0] || !row[1] || !row[2])
		exit(2);
	qa_tlog_frontier_init(&f);
	for (uint64_t i = 0; i < N; i++) {
		h = qa_tlog_leaf_hash(qa_span_of(&i, sizeof i));
		int k = qa_tlog_frontier_append(&f, &h, gained);

		for (int j = 0; j < k; j++)
			row[j][(f.size >> 8 * j) - 1] = gained[j];
		if (f.size == 4711)
			old_root = qa_tlog_frontier_root(&f);
	}
	root = qa_tlog_frontier_root(&f);

	qa_tlog_tile_reader_init(&r, N, give, NULL);
	OK(qa_tlog_root(N, qa_tlog_tile_hash, &r, &h, NULL) == 0 && qa_digest_eq(&h, &root));
	OK(reads == 3); /* the tiles at the right edge */
	for (uint64_t i = 0; i < N; i += i < 600 || i > N - 300 ? 1 : 97) {
		qa_tlog_tile_reader_init(&r, N, give, NULL);
		reads = 0;
		if (qa_tlog_prove_inclusion(i, N, qa_tlog_tile_hash, &r, &p, NULL) ||
		    !qa_tlog_verify_inclusion(i, N, &row[0][i], &p, &root))
			wrong++;
		most = reads > most ? reads : most;
	}
	OK(wrong == 0);
	OKF(most <= 6, "a proof reads at most two tiles a level (%u)", most);
	/* the next proof from the same tiles reads none, though each level has two of them */
	OK(qa_tlog_prove_inclusion(1000, N, qa_tlog_tile_hash, &r, &p, NULL) == 0);
	reads = 0;
	OK(qa_tlog_prove_inclusion(1001, N, qa_tlog_tile_hash, &r, &p, NULL) == 0 && reads == 0);
	OK(qa_tlog_prove_consistency(4711, N, qa_tlog_tile_hash, &r, &p, NULL) == 0 &&
	   qa_tlog_verify_consistency(4711, N, &old_root, &p, &root));

	OK(qa_tlog_tile_hash(&r, 0, N, &h, &err) == -1 && err.num == EINVAL);
	OK(qa_tlog_tile_hash(&r, 16, 1, &h, &err) == -1 && qa_tlog_tile_hash(&r, 63, 0, &h, &err) == -1);
	qa_tlog_tile_reader_init(&r, N, give, NULL);
	refuse = 1;
	OK(qa_tlog_tile_hash(&r, 3, 9, &h, &err) == -1 && err.num == EIO);
	refuse = 0;
	OK(qa_tlog_tile_hash(&r, 3, 9, &h, &err) == 0); /* what failed is not remembered */
	OK(qa_tlog_tile_hash(&r, 0, 256, &h, &err) == 0);
	refuse = 1;
	OK(qa_tlog_tile_hash(&r, 0, 512, &h, &err) == -1);
	refuse = 0;
	OK(qa_tlog_tile_hash(&r, 0, 72, &h, &err) == 0 && qa_digest_eq(&h, &row[0][72])); /* nor what it wrote over */
	for (int i = 0; i < 3; i++)
		free(row[i]);
}

int
main(void)
{
	paths();
	which();
	reader();
	return done();
}
