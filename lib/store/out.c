/*
 * Making frames: rests and parts wait in lanes of their own until a frame of them is full.
 */
#include "base/num.h"
#include "store/codec.h"
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>

enum { BIG_PART = 64 << 10, LEVEL_PART = 3, LANE_LIMIT = 2 << 20 };

static int
write_frame(struct qa_out *o, struct qa_frame *f, qa_span raw, qa_span dir, int level, struct qa_err *err)
{
	unsigned char h[QA_FRAME_HEAD];
	qa_span packed = qa_codec_pack(raw, level), stored = packed.n ? packed : raw;

	f->codec = packed.n ? QA_ZSTD : QA_STORED;
	f->dir = (uint32_t)dir.n;
	f->raw = (uint32_t)raw.n;
	f->stored = (uint32_t)stored.n;
	qa_frame_put(f, o->salt, o->at, dir, stored, h);
	struct iovec v[3] = {{h, sizeof h}, {(void *)(uintptr_t)dir.p, dir.n}, {(void *)(uintptr_t)stored.p, stored.n}};
	if (qa_pwritev_all(o->fd, v, 3, o->at, o->name, err))
		return -1;
	o->at += qa_frame_size(f);
	return 0;
}

static void
lane_clear(struct qa_lane *l)
{
	qa_buf_clear(&l->raw);
	qa_buf_clear(&l->dir);
	l->count = 0;
}

/* A frame with the items of a lane; the last one may be longer than the lane. */
static int
lane_write(struct qa_out *o, struct qa_lane *l, int level, struct qa_err *err)
{
	struct qa_frame f = {.type = QA_FRAME_ITEMS, .count = l->count};
	uint64_t offset = o->at;
	uint32_t at = 0;

	if (l->count == 0)
		return 0;
	f.first = qa_item_dir_get(l->dir.p).number;
	if (write_frame(o, &f, qa_buf_span(&l->raw), qa_buf_span(&l->dir), level, err))
		return -1;
	for (uint32_t i = 0; i < l->count; i++) {
		struct qa_item_dir d = qa_item_dir_get(l->dir.p + (size_t)i * QA_ITEM_DIR);
		struct qa_item_rec r = {o->segment, at, offset, d.length, {0}};

		memcpy(r.digest, d.digest.b, sizeof r.digest);
		o->placed(o->ctx, &d, &r);
		at += d.length;
	}
	lane_clear(l);
	return 0;
}

/* Puts a line into the lane's directory and n of the item's bytes behind its payload. */
static int
lane_add(struct qa_lane *l, const struct qa_item_dir *d, size_t n, qa_fill *fill, void *ctx, struct qa_err *err)
{
	unsigned char line[QA_ITEM_DIR];

	l->raw.limit = l->dir.limit = LANE_LIMIT;
	qa_item_dir_put(d, line);
	if (qa_buf_reserve(&l->raw, n) || qa_buf_reserve(&l->dir, sizeof line))
		return qa_fail(err, errno, "cannot store an item: ");
	if (fill(ctx, l->raw.p + l->raw.n, n, err))
		return -1;
	l->raw.n += n;
	if (qa_buf_add(&l->dir, line, sizeof line))
		return qa_fail(err, errno, "cannot store an item: ");
	l->count++;
	return 0;
}

/* An item in a frame of its own, and as many more as it needs. */
static int
write_big(struct qa_out *o, const struct qa_item_dir *d, int level, qa_fill *fill, void *ctx, struct qa_err *err)
{
	uint64_t done = d->length < o->frame ? d->length : o->frame;

	lane_clear(&o->big);
	if (lane_add(&o->big, d, (size_t)done, fill, ctx, err) || lane_write(o, &o->big, level, err))
		return -1;
	while (done < d->length) {
		size_t n = d->length - done < o->frame ? (size_t)(d->length - done) : o->frame;
		struct qa_frame f = {.type = QA_FRAME_MORE, .first = d->number, .at = done};

		if (qa_buf_reserve(&o->big.raw, n))
			return qa_fail(err, errno, "cannot store an item: ");
		if (fill(ctx, o->big.raw.p, n, err) ||
		    write_frame(o, &f, qa_span_of(o->big.raw.p, n), qa_span_of(NULL, 0), level, err))
			return -1;
		done += n;
	}
	return 0;
}

int
qa_out_item(struct qa_out *o, const struct qa_item_dir *d, qa_fill *fill, void *ctx, struct qa_err *err)
{
	bool part = d->kind == QA_ITEM_PART;
	struct qa_lane *l = part ? &o->part : &o->rest;
	int level = part ? LEVEL_PART : o->level;

	if (d->length > o->frame || (part && d->length >= BIG_PART))
		return write_big(o, d, level, fill, ctx, err);
	/* numbers rise within a frame; a seal meets items in the order of the old frames, where large ones overtook small ones */
	bool full = l->raw.n + d->length > o->frame || l->count == QA_FRAME_COUNT || d->number < l->last;
	if (full && lane_write(o, l, level, err))
		return -1;
	l->last = d->number;
	return lane_add(l, d, d->length, fill, ctx, err);
}

int
qa_out_lanes(struct qa_out *o, struct qa_err *err)
{
	return lane_write(o, &o->rest, o->level, err) || lane_write(o, &o->part, LEVEL_PART, err) ? -1 : 0;
}

int
qa_out_entries(struct qa_out *o, qa_span raw, qa_span dir, uint64_t first, uint64_t leaf, uint64_t items,
	       uint64_t *offset_r, struct qa_err *err)
{
	struct qa_frame f = {.type = QA_FRAME_ENTRIES,
			     .count = (uint32_t)(dir.n / QA_ENTRY_DIR),
			     .first = first,
			     .at = leaf,
			     .items = items};

	*offset_r = o->at;
	return write_frame(o, &f, raw, dir, o->level, err);
}

void
qa_out_clear(struct qa_out *o)
{
	struct qa_lane *lane[] = {&o->rest, &o->part, &o->big};

	for (size_t i = 0; i < 3; i++) {
		qa_buf_free(&lane[i]->raw);
		qa_buf_free(&lane[i]->dir);
		lane[i]->count = 0;
	}
}
