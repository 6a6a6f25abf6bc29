/*
 * What lies behind the trusted part of the indexes: the frames since then, put into the indexes. A writer adds the
 * records to its files, a reader keeps them in memory.
 *
 * Frames count from one entry frame to the next: items whose entries did not come are nobody's. A writer demands that
 * all numbers follow each other; a reader leaves holes, so that what is not damaged can be read.
 */
#include "base/num.h"
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>

enum { FAR = 1 << 22 }; /* most numbers that damage may take away at once */

struct tail {
	struct qa_partition *p;
	uint64_t bound;
	struct qa_item_dir *item; /* since the last entry frame */
	struct qa_item_rec *rec;
	size_t items, size;
	struct qa_loaded frame; /* writer: to see record ids */
	struct qa_buf recs;
	bool damaged; /* something was skipped */
};

static int
remember(struct tail *t, const struct qa_walk *s, struct qa_err *err)
{
	uint64_t at = 0;

	if (t->items + s->head.count > t->size) {
		size_t size = (t->items + s->head.count) * 2;
		struct qa_item_dir *item = reallocarray(t->item, size, sizeof *item);
		if (item)
			t->item = item;
		struct qa_item_rec *rec = reallocarray(t->rec, size, sizeof *rec);
		if (rec)
			t->rec = rec;
		if (!item || !rec)
			return qa_fail(err, ENOMEM, "cannot index %s: ", t->p->folder);
		t->size = size;
	}
	for (uint32_t i = 0; i < s->head.count; i++) {
		struct qa_item_dir d = qa_item_dir_get(s->dir + (size_t)i * QA_ITEM_DIR);
		struct qa_item_rec *r = &t->rec[t->items];

		*r = (struct qa_item_rec){t->p->man.v[s->i].number, (uint32_t)at, s->offset, d.length, {0}};
		memcpy(r->digest, d.digest.b, sizeof r->digest);
		t->item[t->items++] = d;
		at += d.length;
	}
	return 0;
}

/* The items before an entry frame: all from the last known one to its count, each once. */
static int
take_items(struct tail *t, uint64_t until, struct qa_err *err)
{
	struct qa_index *x = &t->p->items;
	uint64_t base = x->total, count = until < base ? 0 : until - base, seen = 0;
	unsigned char rec[QA_ITEM_REC];

	if (!t->p->w) {
		for (size_t i = 0; i < t->items; i++) {
			uint64_t n = t->item[i].number;

			if (n <= x->disk || n > until)
				continue;
			qa_item_rec_put(&t->rec[i], rec);
			if (qa_index_tail(x, n, rec, err))
				return -1;
		}
		if (x->total < until) {
			memset(rec, 0, sizeof rec);
			return qa_index_tail(x, until, rec, err);
		}
		return 0;
	}
	if (until < base || count != t->items)
		return 1;
	qa_buf_clear(&t->recs);
	if (qa_buf_reserve(&t->recs, (size_t)count * QA_ITEM_REC))
		return qa_fail(err, errno, "cannot index %s: ", t->p->folder);
	memset(t->recs.p, 0, (size_t)count * QA_ITEM_REC);
	for (size_t i = 0; i < t->items; i++) {
		uint64_t n = t->item[i].number;
		if (n <= base || n > until)
			return 1;
		unsigned char *r = t->recs.p + (n - base - 1) * QA_ITEM_REC;
		seen += qa_le32_get(r) == 0;
		qa_item_rec_put(&t->rec[i], r);
	}
	if (seen != count)
		return 1;
	return count ? qa_index_append(x, t->recs.p, count, err) : 0;
}

static int
entry_rec(struct tail *t, const struct qa_walk *s, uint32_t i, unsigned char out[QA_ENTRY_REC])
{
	struct qa_entry_rec r = {.segment = t->p->man.v[s->i].number,
				 .place = i,
				 .offset = s->offset,
				 .leaf = s->head.at + i};

	if (t->p->w) {
		struct qa_entry e;
		struct qa_id id = {{0}};

		if (qa_read_entry(t->p, &t->frame, i, &e, NULL))
			return 1;
		if (!qa_read_id(e.fields, &id))
			memset(&id, 0, sizeof id);
		memcpy(r.id, id.b, sizeof r.id);
		if (e.has_message)
			memcpy(r.digest, e.digest.b, sizeof r.digest);
	}
	qa_entry_rec_put(&r, out);
	return 0;
}

static int
take_entries(struct tail *t, const struct qa_walk *s, struct qa_err *err)
{
	struct qa_index *x = &t->p->entries;
	unsigned char rec[QA_ENTRY_REC];

	if (t->p->w && qa_loaded_set(&t->frame, &s->head, s->dir, s->stored))
		return errno == ENOMEM ? qa_fail(err, ENOMEM, "cannot index %s: ", t->p->folder) : 1;
	if (t->p->w && (s->head.first > x->total + 1 || s->head.first + s->head.count <= x->total))
		return 1;
	qa_buf_clear(&t->recs);
	for (uint32_t i = 0; i < s->head.count; i++) {
		uint64_t n = s->head.first + i;
		int rc;

		if (n <= (t->p->w ? x->total : x->disk))
			continue;
		rc = entry_rec(t, s, i, rec);
		if (rc)
			return rc;
		if (!t->p->w && qa_index_tail(x, n, rec, err))
			return -1;
		if (t->p->w && qa_buf_add(&t->recs, rec, sizeof rec))
			return qa_fail(err, errno, "cannot index %s: ", t->p->folder);
	}
	return t->recs.n ? qa_index_append(x, t->recs.p, t->recs.n / QA_ENTRY_REC, err) : 0;
}

/* One good frame: 0, 1 it does not fit what came before, 2 it is the first one of no concern, -1. */
static int
take(struct tail *t, const struct qa_walk *s, struct qa_tail_end *end_r, struct qa_err *err)
{
	int rc;

	if (s->head.type == QA_FRAME_ITEMS)
		return remember(t, s, err);
	if (s->head.type == QA_FRAME_MORE)
		return 0;
	/* a header that was not checked may say anything */
	if (s->head.first > t->p->entries.total + FAR || s->head.items > t->p->items.total + FAR)
		return 1;
	if (s->head.at >= t->bound)
		return 2;
	if (s->head.count > t->bound - s->head.at && t->p->w)
		return 1;
	if (s->head.at < end_r->leaf && s->head.first > t->p->entries.total)
		return t->p->w ? 1 : 0;
	rc = take_items(t, s->head.items, err);
	if (rc == 0)
		rc = take_entries(t, s, err);
	if (rc)
		return rc;
	t->items = 0;
	end_r->i = s->i;
	end_r->at = s->at;
	end_r->leaf = s->head.at + s->head.count;
	return 0;
}

/* A writer met damage, or frames that do not fit, at s->at: whether an entry below the bound lies behind it. 0 none, 1
 * there is, -1. */
static int
committed_behind(struct qa_walk *s, uint64_t bound, struct qa_err *err)
{
	for (;;) {
		int rc = qa_walk_next(s, err);

		if (rc == 1 && s->head.type == QA_FRAME_ENTRIES && s->head.at < bound)
			return 1;
		if (rc == 2)
			rc = qa_walk_search(s, err);
		if (rc < 0)
			return errno == EBADMSG || errno == ENOENT ? 1 : -1;
		if (rc == 0) {
			if (s->i + 1 >= s->p->man.n)
				return 0;
			qa_walk_segment(s, s->i + 1);
		}
	}
}

/* Damage at s->at (rc 2), or a frame at s->offset that does not fit (rc 1). A reader goes on behind it. */
static int
met(struct tail *t, struct qa_walk *s, int what, struct qa_err *err)
{
	struct qa_partition *p = t->p;
	size_t i = s->i;
	uint64_t at = what == 2 ? s->at : s->offset;

	if (p->w) {
		if (what == 1)
			s->at = s->offset;
		int rc = committed_behind(s, t->bound, err);
		if (rc > 0)
			return qa_fail(err, EBADMSG, "%s: damaged at %llu, and committed entries lie there or behind it",
				       qa_seg_text(p, i), (unsigned long long)at);
		return rc < 0 ? -1 : 2;
	}
	t->damaged = true;
	return what == 1 ? 0 : qa_walk_search(s, err) < 0 ? -1 : 0;
}

/* 0 to go on in this segment, 1 with the next one, 2 it is over, -1. */
static int
step(struct tail *t, struct qa_walk *s, struct qa_tail_end *end_r, struct qa_err *err)
{
	int rc = qa_walk_next(s, err);

	if (rc == 0) {
		uint64_t size = t->p->man.v[s->i].size;

		if (t->p->man.v[s->i].state == QA_SEGMENT_OPEN || s->end >= size)
			return 1;
		if (t->p->w)
			return qa_fail(err, EBADMSG, "%s ends at %llu, not at %llu", qa_seg_text(t->p, s->i),
				       (unsigned long long)s->end, (unsigned long long)size);
		t->damaged = true;
		return 1;
	}
	if (rc == 2)
		return met(t, s, 2, err);
	if (rc < 0 && !t->p->w && (errno == EBADMSG || errno == ENOENT)) {
		t->damaged = true;
		return 1;
	}
	if (rc < 0)
		return -1;
	rc = take(t, s, end_r, err);
	return rc == 1 ? met(t, s, 1, err) : rc;
}

/* The frame of the last trusted entry: where to start. 0, 1 the indexes are wrong, -1. */
static int
start(struct qa_partition *p, struct qa_walk *s, struct qa_tail_end *end_r, struct qa_err *err)
{
	unsigned char rec[QA_ENTRY_REC];
	struct qa_entry_rec r;
	uint64_t n = p->entries.total;

	qa_walk_init(s, p, 0, 0, p->w != NULL);
	*end_r = (struct qa_tail_end){0, QA_SEGMENT_HEAD, 0};
	if (n == 0)
		return p->items.total ? 1 : 0;
	if (qa_index_get(&p->entries, n, rec, err) != 1)
		return errno == EBADMSG ? 1 : -1;
	qa_entry_rec_get(rec, &r);
	ptrdiff_t i = qa_seg_find(p, r.segment);
	if (i < 0 || r.offset < QA_SEGMENT_HEAD)
		return 1;
	qa_walk_init(s, p, (size_t)i, r.offset, p->w != NULL);
	int rc = qa_walk_next(s, err);
	if (rc < 0)
		return errno == EBADMSG || errno == ENOENT ? 1 : -1;
	if (rc != 1 || s->head.type != QA_FRAME_ENTRIES || s->head.first + r.place != n || r.place >= s->head.count ||
	    s->head.at + r.place != r.leaf || s->head.items > p->items.total)
		return 1;
	s->at = s->offset;
	end_r->i = s->i;
	end_r->at = s->offset;
	end_r->leaf = s->head.at;
	qa_index_cut(&p->items, s->head.items);
	return 0;
}

int
qa_tail_load(struct qa_partition *p, uint64_t bound, struct qa_tail_end *end_r, struct qa_err *err)
{
	struct tail t = {.p = p, .bound = bound, .recs = QA_BUF(0)};
	struct qa_walk s;
	int rc = start(p, &s, end_r, err);

	while (rc == 0 && s.i < p->man.n) {
		rc = step(&t, &s, end_r, err);
		if (rc == 1) {
			rc = 0;
			if (s.i + 1 >= p->man.n)
				break;
			qa_walk_segment(&s, s.i + 1);
		}
	}
	p->damaged = t.damaged;
	free(t.item);
	free(t.rec);
	qa_buf_free(&t.recs);
	qa_loaded_free(&t.frame);
	qa_walk_free(&s);
	return rc == 2 ? 0 : rc;
}
