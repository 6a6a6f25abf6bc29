#include "tlog/tile.h"
#include "base/num.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* The highest tile index that a row of a tree can have. */
#define INDEX_MAX (QA_TLOG_SIZE_MAX / QA_TLOG_TILE_WIDTH)

void
qa_tlog_tile_path(const struct qa_tlog_tile *t, char out[QA_TLOG_TILE_PATH])
{
	uint64_t unit = 1;
	int n = snprintf(out, QA_TLOG_TILE_PATH, "tile/%u/", t->level);

	assert(t->level < QA_TLOG_ROWS && t->index <= INDEX_MAX);
	while (t->index / unit >= 1000)
		unit *= 1000;
	for (; unit > 1; unit /= 1000)
		n += snprintf(out + n, (size_t)(QA_TLOG_TILE_PATH - n), "x%03u/", (unsigned)(t->index / unit % 1000));
	n += snprintf(out + n, (size_t)(QA_TLOG_TILE_PATH - n), "%03u", (unsigned)(t->index % 1000));
	if (t->width < QA_TLOG_TILE_WIDTH)
		snprintf(out + n, (size_t)(QA_TLOG_TILE_PATH - n), ".p/%u", t->width);
}

static int
three_digits(qa_span s, uint64_t *index)
{
	uint64_t v;

	if (s.n != 3 || qa_scan_u64(s, &v) || *index > INDEX_MAX / 1000)
		return -1;
	*index = *index * 1000 + v;
	return *index <= INDEX_MAX ? 0 : -1;
}

int
qa_tlog_tile_scan(qa_span path, struct qa_tlog_tile *t_r)
{
	struct qa_tlog_tile t = {.width = QA_TLOG_TILE_WIDTH};
	char again[QA_TLOG_TILE_PATH];
	size_t i = 7;

	if (path.n < 10 || path.n >= QA_TLOG_TILE_PATH || memcmp(path.p, "tile/", 5) != 0 || path.p[6] != '/' ||
	    path.p[5] < '0' || path.p[5] >= '0' + QA_TLOG_ROWS)
		return -1;
	t.level = (unsigned)(path.p[5] - '0');
	for (; path.n - i > 5 && path.p[i] == 'x' && path.p[i + 4] == '/'; i += 5)
		if (three_digits(qa_span_cut(path, i + 1, 3), &t.index))
			return -1;
	if (three_digits(qa_span_cut(path, i, 3), &t.index))
		return -1;
	i += 3;
	if (i < path.n) {
		uint64_t v;

		if (path.n - i < 4 || memcmp(path.p + i, ".p/", 3) != 0 ||
		    qa_scan_u64(qa_span_cut(path, i + 3, path.n), &v) || v == 0 || v >= QA_TLOG_TILE_WIDTH)
			return -1;
		t.width = (unsigned)v;
	}
	/* one spelling only: no leading zeros, no needless "x000" */
	qa_tlog_tile_path(&t, again);
	if (!qa_span_is(path, again))
		return -1;
	*t_r = t;
	return 0;
}

unsigned
qa_tlog_tile_width(unsigned level, uint64_t index, uint64_t size)
{
	uint64_t row = level < QA_TLOG_ROWS ? size >> (8 * level) : 0;

	if (index > row / QA_TLOG_TILE_WIDTH)
		return 0;
	row -= index * QA_TLOG_TILE_WIDTH;
	return row < QA_TLOG_TILE_WIDTH ? (unsigned)row : QA_TLOG_TILE_WIDTH;
}

struct qa_tlog_tiles
qa_tlog_tiles_between(uint64_t from, uint64_t to)
{
	return (struct qa_tlog_tiles){.from = from, .to = to, .index = from / QA_TLOG_TILE_WIDTH};
}

bool
qa_tlog_tiles_next(struct qa_tlog_tiles *it, struct qa_tlog_tile *tile_r)
{
	while (it->level < QA_TLOG_ROWS) {
		unsigned width = qa_tlog_tile_width(it->level, it->index, it->to);

		/* only the first tile of a row can have been there: the others lie right of it */
		if (width > qa_tlog_tile_width(it->level, it->index, it->from)) {
			*tile_r = (struct qa_tlog_tile){it->level, width, it->index++};
			return true;
		}
		if (++it->level < QA_TLOG_ROWS)
			it->index = (it->from >> (8 * it->level)) / QA_TLOG_TILE_WIDTH;
	}
	return false;
}

void
qa_tlog_tile_reader_init(struct qa_tlog_tile_reader *r, uint64_t size, qa_tlog_read_tile *read, void *ctx)
{
	r->read = read;
	r->ctx = ctx;
	r->size = size;
	for (unsigned i = 0; i < QA_TLOG_ROWS; i++) {
		r->row[i].newest = 0;
		r->row[i].tile[0].width = r->row[i].tile[1].width = 0;
	}
}

/* The bytes of tile (level, index), from memory or from the callback; NULL on failure. */
static const unsigned char *
tile_bytes(struct qa_tlog_tile_reader *r, unsigned level, uint64_t index, struct qa_err *err)
{
	struct qa_tlog_tile tile = {level, qa_tlog_tile_width(level, index, r->size), index};
	unsigned newest = r->row[level].newest, slot;

	for (unsigned i = 0; i < 2; i++) {
		slot = newest ^ i;
		if (r->row[level].tile[slot].width == tile.width && r->row[level].tile[slot].index == index) {
			r->row[level].newest = slot;
			return r->row[level].tile[slot].bytes;
		}
	}
	slot = newest ^ 1;
	r->row[level].tile[slot].width = 0;
	if (r->read(r->ctx, &tile, r->row[level].tile[slot].bytes, err))
		return NULL;
	r->row[level].tile[slot].width = tile.width;
	r->row[level].tile[slot].index = index;
	r->row[level].newest = slot;
	return r->row[level].tile[slot].bytes;
}

int
qa_tlog_tile_hash(void *reader, unsigned level, uint64_t index, struct qa_digest *out_r, struct qa_err *err)
{
	struct qa_tlog_tile_reader *r = reader;
	unsigned up = level % 8; /* this many levels above the row */
	const unsigned char *p;

	if (level > 62 || index >= r->size >> level)
		return qa_fail(err, EINVAL, "a tree of %" PRIu64 " leaves has no complete subtree %u, %" PRIu64,
			       r->size, level, index);
	p = tile_bytes(r, level / 8, (index << up) / QA_TLOG_TILE_WIDTH, err);
	if (!p)
		return -1;
	*out_r = qa_tlog_fold(p + (size_t)((index << up) % QA_TLOG_TILE_WIDTH) * QA_SHA256_SIZE, (size_t)1 << up);
	return 0;
}
