/*
 * Deep verification: one walk through all segments in order. Every frame's check is compared (of a sealed segment, the
 * whole file's digest instead); items are hashed when the first entry that needs them is put together.
 *
 * Frames count when an entry below the bound follows: what lies behind the last one is a round being written, or what a
 * crash left.
 */
#include "base/num.h"
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FAR = 1 << 26, READ = 256 << 10 };

/* ---- saying ---- */

void
qa_check_say(struct qa_check *c, enum qa_finding_kind kind, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (kind != QA_FIND_TAIL && kind != QA_FIND_NOTE)
		c->dirty = true;
	if (c->found)
		c->found(c->ctx, kind, text);
}

void
qa_check_say_err(struct qa_check *c, const struct qa_err *err)
{
	enum qa_finding_kind kind = QA_FIND_UNREACHABLE;

	if (err->num == EBADMSG)
		kind = QA_FIND_DAMAGE;
	else if (err->num == ENOENT)
		kind = QA_FIND_MISSING;
	qa_check_say(c, kind, "%s", err->text);
}

bool
qa_bit_get(const struct qa_bits *b, uint64_t n)
{
	return n / 8 < b->n && (b->p[n / 8] >> n % 8 & 1);
}

int
qa_bit_set(struct qa_bits *b, uint64_t n)
{
	if (n / 8 >= b->n) {
		size_t size = (size_t)(n / 8 + 1) * 2 + 64;
		unsigned char *p = realloc(b->p, size);

		if (!p)
			return -1;
		memset(p + b->n, 0, size - b->n);
		b->p = p;
		b->n = size;
	}
	bool was = qa_bit_get(b, n);
	b->p[n / 8] |= (unsigned char)(1 << n % 8);
	return was;
}

/* ---- frames ---- */

/* Bytes that are no good frame: a finding as soon as an entry below the bound follows. */
struct gap {
	size_t i;
	uint64_t from, to;
};

struct frames {
	struct qa_check *c;
	struct qa_walk w;
	struct gap *gap;
	size_t gaps;
	uint64_t item, pos, length; /* an item that goes on in the next frame */
	bool over;
};

static void
say_gaps(struct frames *f, bool sure)
{
	for (size_t k = 0; k < f->gaps; k++) {
		const struct gap *g = &f->gap[k];
		bool open = f->c->p->man.v[g->i].state == QA_SEGMENT_OPEN;

		qa_check_say(f->c, sure || !open ? QA_FIND_DAMAGE : QA_FIND_TAIL,
			     "%s: damaged at %llu, up to %llu", qa_seg_text(f->c->p, g->i), (unsigned long long)g->from,
			     (unsigned long long)g->to);
	}
	f->gaps = 0;
}

static int
add_gap(struct frames *f, uint64_t from, uint64_t to, struct qa_err *err)
{
	struct gap *gap = reallocarray(f->gap, f->gaps + 1, sizeof *gap);

	if (!gap)
		return qa_fail(err, ENOMEM, "cannot check %s: ", f->c->p->folder);
	f->gap = gap;
	f->gap[f->gaps++] = (struct gap){f->w.i, from, to};
	return 0;
}

/* A continued item: whether this frame continues it. */
static void
check_chain(struct frames *f)
{
	const struct qa_frame *h = &f->w.head;
	bool more = h->type == QA_FRAME_MORE;

	if (more && f->item == h->first && f->pos == h->at && h->raw <= f->length - f->pos)
		f->pos += h->raw;
	else if (more)
		qa_check_say(f->c, QA_FIND_ORDER, "%s: the frame at %llu continues an item that is not before it",
			     qa_seg_text(f->c->p, f->w.i), (unsigned long long)f->w.offset);
	else if (f->item)
		qa_check_say(f->c, QA_FIND_MISSING, "item %llu is not continued at %s, %llu", (unsigned long long)f->item,
			     qa_seg_text(f->c->p, f->w.i), (unsigned long long)f->w.offset);
	if (!more || f->pos == f->length)
		f->item = 0;
}

static int
check_items(struct frames *f, struct qa_err *err)
{
	struct qa_check *c = f->c;
	uint64_t total = 0;

	for (uint32_t i = 0; i < f->w.head.count; i++) {
		struct qa_item_dir d = qa_item_dir_get(f->w.dir + (size_t)i * QA_ITEM_DIR);
		int was = 0;

		total += d.length;
		if (d.number > c->placed_n + FAR || (was = qa_bit_set(&c->placed, d.number)) == 1)
			qa_check_say(c, QA_FIND_ORDER, "%s: the frame at %llu has item %llu, which should not be there",
				     qa_seg_text(c->p, f->w.i), (unsigned long long)f->w.offset,
				     (unsigned long long)d.number);
		else if (was < 0)
			return qa_fail(err, ENOMEM, "cannot check %s: ", c->p->folder);
		else
			c->placed_n++;
		if (c->single && d.number > c->items_max)
			c->items_max = d.number;
		if (total > f->w.head.raw) {
			f->item = d.number;
			f->length = d.length;
			f->pos = d.length - (total - f->w.head.raw);
		}
	}
	return qa_check_item_records(c, &f->w, err);
}

static int
good_frame(struct frames *f, struct qa_err *err)
{
	const struct qa_frame *h = &f->w.head;

	if (h->type == QA_FRAME_ENTRIES && h->at >= f->c->bound) {
		f->over = true;
		return 0;
	}
	check_chain(f);
	if (h->type == QA_FRAME_ITEMS)
		return check_items(f, err);
	if (h->type != QA_FRAME_ENTRIES)
		return 0;
	say_gaps(f, true);
	return qa_check_entries(f->c, &f->w, err);
}

/* No good frame at w.at. The header may still tell that something committed was there. */
static int
bad_frame(struct frames *f, struct qa_err *err)
{
	unsigned char h[QA_FRAME_HEAD];
	struct qa_frame head;
	uint64_t from = f->w.at;
	int fd = f->c->p->seg[f->w.i].fd;

	if (qa_pread_all(fd, h, sizeof h, from, qa_seg_text(f->c->p, f->w.i), err) == 1 && qa_frame_get(h, &head) &&
	    head.type == QA_FRAME_ENTRIES && head.at < f->c->bound && head.first == f->c->entry)
		qa_check_say(f->c, QA_FIND_DAMAGE, "%s: the frame of entries %llu to %llu at %llu is damaged",
			     qa_seg_text(f->c->p, f->w.i), (unsigned long long)head.first,
			     (unsigned long long)(head.first + head.count - 1), (unsigned long long)from);
	if (qa_walk_search(&f->w, err) < 0)
		return -1;
	f->item = 0;
	return add_gap(f, from, f->w.at, err);
}

int
qa_seg_digest(struct qa_partition *p, size_t i, uint64_t end, struct qa_digest *d_r, struct qa_err *err)
{
	struct qa_sha256 sha;
	unsigned char *buf = malloc(READ);
	int rc = buf ? qa_seg_open(p, i, err) : qa_fail(err, ENOMEM, "cannot read %s: ", p->folder);

	qa_sha256_init(&sha);
	for (uint64_t at = 0; rc >= 0 && at < end; at += READ) {
		size_t n = end - at < READ ? (size_t)(end - at) : READ;

		rc = qa_pread_all(p->seg[i].fd, buf, n, at, qa_seg_text(p, i), err);
		if (rc == 0)
			break;
		qa_sha256_add(&sha, buf, n);
	}
	free(buf);
	*d_r = qa_sha256_end(&sha);
	return rc < 0 ? -1 : rc;
}

/* The whole of a sealed segment: 1 it fits, 0 not (said), -1. */
static int
whole_file(struct qa_check *c, size_t i, uint64_t end, struct qa_err *err)
{
	struct qa_digest d;
	int rc = qa_seg_digest(c->p, i, end, &d, err);

	if (rc < 0)
		return -1;
	if (rc == 1 && qa_digest_eq(&d, &c->p->man.v[i].digest))
		return 1;
	qa_check_say(c, QA_FIND_DAMAGE, "%s does not have the digest in the manifest", qa_seg_text(c->p, i));
	return 0;
}

/* Size and, when sealed, digest: 1 the frames need no check, 0 they do, -1. */
static int
check_file(struct qa_check *c, size_t i, struct qa_err *err)
{
	const struct qa_manifest_line *l = &c->p->man.v[i];
	struct stat st;

	if (qa_sys->fstat(c->p->seg[i].fd, &st))
		return qa_fail(err, errno, "cannot look at %s: ", qa_seg_text(c->p, i));
	uint64_t size = (uint64_t)st.st_size;
	if (l->state != QA_SEGMENT_OPEN && size < l->size)
		qa_check_say(c, QA_FIND_TRUNCATED, "%s ends at %llu, not at %llu", qa_seg_text(c->p, i),
			     (unsigned long long)size, (unsigned long long)l->size);
	if (l->state != QA_SEGMENT_SEALED)
		return 0;
	if (size > l->size)
		qa_check_say(c, QA_FIND_EXTRA, "%s goes on behind its end at %llu", qa_seg_text(c->p, i),
			     (unsigned long long)l->size);
	return size < l->size ? 0 : whole_file(c, i, l->size, err);
}

/* All frames of a segment: 0, -1. What cannot be read is said. */
static int
check_segment(struct frames *f, size_t i, struct qa_err *err)
{
	int rc = qa_seg_open(f->c->p, i, err), good = 0;

	if (rc == 0)
		rc = good = check_file(f->c, i, err);
	qa_walk_segment(&f->w, i);
	f->w.trust = good == 1;
	while (rc >= 0 && !f->over) {
		rc = qa_walk_next(&f->w, err);
		if (rc == 0)
			return 0;
		if (rc == 1 && good_frame(f, err))
			return -1;
		if (rc == 2)
			rc = bad_frame(f, err);
	}
	if (rc < 0 && errno != ENOMEM) {
		qa_check_say_err(f->c, err);
		rc = 0;
	}
	return rc < 0 ? -1 : 0;
}

/* ---- the whole ---- */

static void
check_ends(struct qa_check *c)
{
	if (c->entries.synced >= c->entry && !c->index_wrong && c->bound == UINT64_MAX)
		qa_check_say(c, QA_FIND_MISSING, "entries.idx knows entries %llu to %llu, the segments do not",
			     (unsigned long long)c->entry, (unsigned long long)c->entries.synced);
	if (c->items.synced > c->placed_n && !c->index_wrong && c->bound == UINT64_MAX)
		qa_check_say(c, QA_FIND_MISSING, "items.idx knows %llu items, the segments %llu",
			     (unsigned long long)c->items.synced, (unsigned long long)c->placed_n);
}

static int
run(struct qa_check *c, size_t from, size_t to, struct qa_err *err)
{
	struct frames f = {.c = c};
	bool checked = c->p->checked;
	size_t most = c->p->seg_most;
	int rc = 0;

	/* what the walk has checked need not be checked again when its items are read; files stay open, so that a seal
	 * beside us does not take them away */
	c->p->checked = true;
	c->p->seg_most = 512;
	qa_walk_init(&f.w, c->p, from, 0, true);
	for (size_t i = from; rc == 0 && i < to && !f.over; i++)
		rc = check_segment(&f, i, err);
	if (rc == 0) {
		say_gaps(&f, false);
		rc = qa_check_items(c, err);
	}
	qa_walk_free(&f.w);
	free(f.gap);
	c->p->checked = checked;
	c->p->seg_most = most;
	return rc;
}

static void
end(struct qa_check *c)
{
	qa_index_close(&c->entries);
	qa_index_close(&c->items);
	free(c->placed.p);
	free(c->good.p);
	qa_loaded_free(&c->frame);
	/* frames that were not checked again do not stay */
	for (size_t i = 0; i < QA_ROLES; i++)
		c->p->cache[i].valid = false;
}

static void
begin(struct qa_check *c)
{
	c->entry = 1;
	c->entries.fd = c->items.fd = -1;
}

/* Opens all that is looked at, and sees that the manifest stays the same meanwhile: what is open then belongs together, whatever a
 * seal does next. */
static int
open_all(struct qa_check *c, struct qa_err *err)
{
	enum { TRIES = 10, MOST = 512 };
	struct qa_partition *p = c->p;
	bool same = false;

	for (int tries = 0; !same; tries++) {
		struct qa_manifest now;

		qa_index_close(&c->entries);
		qa_index_close(&c->items);
		if (qa_store_reload(p, true, err))
			return -1;
		p->seg_most = MOST;
		for (size_t i = 0; i < p->man.n && i < MOST; i++)
			if (qa_seg_open(p, i, err))
				continue; /* said when its turn comes */
		if (qa_check_index_open(c, err) || qa_check_manifest(p, &now, err))
			return -1;
		same = qa_manifest_same(&now, &p->man) || tries == TRIES;
		qa_manifest_free(&now);
	}
	return qa_check_index_heads(c, err);
}

int
qa_partition_check(struct qa_partition *p, uint64_t bound, qa_finding *found, qa_each_entry *each, void *ctx,
		   struct qa_err *err)
{
	struct qa_check c = {.p = p, .found = found, .each = each, .ctx = ctx, .bound = bound};
	struct qa_err own;
	int rc = -1;

	if (!err)
		err = &own;
	if (p->w)
		return qa_fail(err, EBADF, "%s is open for appending", p->folder);
	begin(&c);
	if (open_all(&c, err) == 0)
		rc = run(&c, 0, p->man.n, err);
	if (rc == 0) {
		check_ends(&c);
		qa_check_index_ends(&c);
		rc = qa_check_folder(&c, err);
	}
	end(&c);
	p->seg_most = QA_FILES_OPEN;
	return rc < 0 ? -1 : c.dirty;
}

int
qa_check_segment(struct qa_partition *p, size_t i, qa_finding *found, qa_each_entry *each, void *ctx,
		 struct qa_err *err)
{
	struct qa_check c = {.p = p, .found = found, .each = each, .ctx = ctx, .bound = UINT64_MAX, .single = true};
	int rc = -1;

	begin(&c);
	c.entry = 0;
	if (qa_check_index_open(&c, err) == 0 && qa_check_index_heads(&c, err) == 0)
		rc = run(&c, i, i + 1, err);
	end(&c);
	return rc < 0 ? -1 : c.dirty;
}
