/*
 * Sealing: a segment is written again with larger frames and better compression, segment by segment.
 *
 *	write     a new generation of the file and new index files under temporary names; all synced
 *	verify    every frame and digest of it read back, through the new index files
 *	switch    old index files away; manifest published; new index files in their place; old segment removed
 *
 * Before the switch a failure leaves nothing but files that are removed. The index files go before the manifest changes:
 * with a manifest of another generation their places would be wrong, and none is better than wrong ones.
 */
#include "base/id.h"
#include "base/num.h"
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEVEL = 9, BATCH = 1024 };

static const char temp_entries[] = ".tmp.seal-entries", temp_items[] = ".tmp.seal-items";
static const char old_entries[] = ".tmp.old-entries", old_items[] = ".tmp.old-items";

struct rec {
	uint64_t number;
	union {
		struct qa_item_rec item;
		struct qa_entry_rec entry;
	};
};

struct recs {
	struct rec *v;
	size_t n, size;
};

struct seal {
	struct qa_partition *p;
	size_t i; /* the segment */
	struct qa_manifest_line line; /* what it becomes */
	struct qa_out out;
	struct qa_loaded frame;
	struct qa_buf raw, dir; /* entries that wait */
	uint64_t first, leaf, count, items;
	struct recs item_recs, entry_recs;
	struct qa_sha256 told, seen; /* all entries: as they were, as they are read back */
	bool no_memory;
	char wrong[300]; /* the first thing that was */
};

/* ---- records of the new places ---- */

static struct rec *
add_rec(struct recs *r)
{
	if (r->n == r->size) {
		size_t size = r->size ? r->size * 2 : 1024;
		struct rec *v = reallocarray(r->v, size, sizeof *v);

		if (!v)
			return NULL;
		r->v = v;
		r->size = size;
	}
	return &r->v[r->n++];
}

static int
by_number(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void
placed(void *ctx, const struct qa_item_dir *d, const struct qa_item_rec *rec)
{
	struct seal *s = ctx;
	struct rec *r = add_rec(&s->item_recs);

	if (r)
		*r = (struct rec){.number = d->number, .item = *rec};
	else
		s->no_memory = true;
}

/* ---- writing ---- */

static int
make_file(struct seal *s, struct qa_err *err)
{
	struct qa_segment_head h = {.number = s->line.number, .generation = s->line.generation, .month = s->p->month};
	unsigned char bytes[QA_SEGMENT_HEAD];
	char name[QA_SEGMENT_NAME];

	qa_segment_name(h.number, h.generation, name);
	if (qa_store_path(s->p, name, s->out.name, err))
		return -1;
	if (qa_random(h.salt, sizeof h.salt))
		return qa_fail(err, errno, "cannot get random bytes: ");
	qa_segment_head_put(&h, s->p->domain, bytes);
	s->out.fd = qa_open(AT_FDCWD, s->out.name, O_RDWR | O_CREAT | O_TRUNC, 0640, err);
	if (s->out.fd < 0)
		return -1;
	memcpy(s->out.salt, h.salt, sizeof h.salt);
	s->out.segment = h.number;
	s->out.at = sizeof bytes;
	s->out.frame = QA_FRAME_MAX;
	s->out.level = LEVEL;
	s->out.placed = placed;
	s->out.ctx = s;
	return qa_pwrite_all(s->out.fd, bytes, sizeof bytes, 0, s->out.name, err);
}

static int
from_cursor(void *ctx, unsigned char *p, size_t n, struct qa_err *err)
{
	return qa_cursor_read(ctx, p, n, err);
}

static int
copy_items(struct seal *s, const struct qa_walk *w, struct qa_err *err)
{
	for (uint32_t i = 0; i < w->head.count; i++) {
		struct qa_item_dir d = qa_item_dir_get(w->dir + (size_t)i * QA_ITEM_DIR);
		struct qa_cursor c;

		if (qa_cursor_open(&c, s->p, QA_ROLE_REST, d.number, err) ||
		    qa_out_item(&s->out, &d, from_cursor, &c, err))
			return -1;
	}
	return s->no_memory ? qa_fail(err, ENOMEM, "cannot seal %s: ", s->p->folder) : 0;
}

static int
write_entries(struct seal *s, struct qa_err *err)
{
	uint64_t offset;

	if (s->count == 0)
		return 0;
	if (qa_out_lanes(&s->out, err) ||
	    qa_out_entries(&s->out, qa_buf_span(&s->raw), qa_buf_span(&s->dir), s->first, s->leaf, s->items, &offset, err))
		return -1;
	for (uint64_t k = 0; k < s->count; k++) {
		struct rec *r = add_rec(&s->entry_recs);
		unsigned char old[QA_ENTRY_REC];

		if (!r)
			return qa_fail(err, ENOMEM, "cannot seal %s: ", s->p->folder);
		if (qa_index_get(&s->p->entries, s->first + k, old, err) != 1)
			return -1;
		r->number = s->first + k;
		qa_entry_rec_get(old, &r->entry);
		r->entry.segment = s->line.number;
		r->entry.place = (uint32_t)k;
		r->entry.offset = offset;
	}
	s->raw.n = s->dir.n = 0;
	s->count = 0;
	return 0;
}

/* What must not change of an entry. */
static void
tell(struct qa_sha256 *c, const struct qa_entry *e)
{
	unsigned char n[32];

	qa_le64_put(n, e->n);
	qa_le64_put(n + 8, e->leaf);
	qa_le64_put(n + 16, e->rest_item);
	qa_le64_put(n + 24, e->size << 2 | (uint64_t)e->purged << 1 | e->has_message);
	qa_sha256_add(c, n, sizeof n);
	qa_sha256_add(c, e->digest.b, sizeof e->digest.b);
	qa_sha256_add(c, e->secret, sizeof e->secret);
	qa_sha256_add(c, e->trace.p, e->trace.n);
	qa_sha256_add(c, e->fields.p, e->fields.n);
}

static int
copy_entries(struct seal *s, const struct qa_walk *w, struct qa_err *err)
{
	if (qa_loaded_set(&s->frame, &w->head, w->dir, w->stored))
		return qa_fail(err, errno, "%s: cannot unpack the frame at %llu: ", qa_seg_text(s->p, s->i),
			       (unsigned long long)w->offset);
	/* all items up to here are in the lanes or in the file */
	s->items = w->head.items;
	for (uint32_t i = 0; i < w->head.count; i++) {
		uint32_t from = s->frame.start[i], n = s->frame.start[i + 1] - from;
		struct qa_entry e;

		if (s->count && (s->raw.n + n > s->out.frame || s->count == QA_FRAME_COUNT ||
				 s->leaf + s->count != w->head.at + i) &&
		    write_entries(s, err))
			return -1;
		if (qa_read_entry(s->p, &s->frame, i, &e, err))
			return -1;
		tell(&s->told, &e);
		if (s->count++ == 0) {
			s->first = e.n;
			s->leaf = e.leaf;
		}
		if (qa_buf_add(&s->raw, s->frame.raw.p + from, n) || qa_buf_addle32(&s->dir, n))
			return qa_fail(err, errno, "cannot seal %s: ", s->p->folder);
	}
	return 0;
}

static int
copy(struct seal *s, struct qa_err *err)
{
	struct qa_walk w;
	int rc;

	qa_walk_init(&w, s->p, s->i, 0, true);
	while ((rc = qa_walk_next(&w, err)) == 1) {
		if (w.head.type == QA_FRAME_ITEMS)
			rc = copy_items(s, &w, err);
		else if (w.head.type == QA_FRAME_ENTRIES)
			rc = copy_entries(s, &w, err);
		else
			rc = 0;
		if (rc)
			break;
	}
	if (rc == 2)
		rc = qa_fail(err, EBADMSG, "%s is damaged at %llu and cannot be sealed", qa_seg_text(s->p, s->i),
			     (unsigned long long)w.at);
	qa_walk_free(&w);
	if (rc < 0 || write_entries(s, err) || qa_out_lanes(&s->out, err))
		return -1;
	if (qa_fdatasync(s->out.fd, s->out.name, err))
		return -1;
	s->line.size = s->out.at;
	return 0;
}

/* A copy of an index file with the new places in it. */
static int
write_index(struct seal *s, struct qa_index *from, const char *name, struct recs *recs, struct qa_err *err)
{
	unsigned char *rec = malloc((size_t)BATCH * from->record);
	char path[QA_PATH];
	struct qa_index x;
	size_t next = 0, have = 0;

	if (!rec || qa_store_path(s->p, name, path, err)) {
		if (!rec)
			qa_fail(err, ENOMEM, "cannot seal %s: ", s->p->folder);
		free(rec);
		return -1;
	}
	if (recs->n)
		qsort(recs->v, recs->n, sizeof *recs->v, by_number);
	int rc = qa_index_open(&x, path, from->record, from->month, true, err);
	if (rc == 0)
		rc = qa_index_reset(&x, err);
	for (uint64_t n = 1; rc == 0 && n <= from->total; n++) {
		unsigned char *to = rec + have++ * from->record;

		if (next < recs->n && recs->v[next].number == n) {
			if (from->record == QA_ITEM_REC)
				qa_item_rec_put(&recs->v[next++].item, to);
			else
				qa_entry_rec_put(&recs->v[next++].entry, to);
		} else if (qa_index_get(from, n, to, err) != 1) {
			rc = -1;
		}
		if (rc == 0 && (have == BATCH || n == from->total)) {
			rc = qa_index_append(&x, rec, have, err);
			have = 0;
		}
	}
	if (rc == 0)
		rc = qa_index_sync(&x, from->total, err);
	qa_index_close(&x);
	free(rec);
	return rc;
}

/* ---- verifying ---- */

static int
seen(void *ctx, struct qa_partition *p, const struct qa_entry *e, bool good)
{
	struct seal *s = ctx;

	(void)p;
	(void)good; /* it is a finding as well */
	tell(&s->seen, e);
	return 0;
}

static void
wrong(void *ctx, enum qa_finding_kind kind, const char *text)
{
	struct seal *s = ctx;

	(void)kind;
	if (!s->wrong[0])
		snprintf(s->wrong, sizeof s->wrong, "%s", text);
}

/* The partition as it will be, to read only. */
static int
open_view(struct seal *s, struct qa_partition *v, struct qa_err *err)
{
	char entries[QA_PATH], items[QA_PATH];
	struct qa_partition *p = s->p;

	*v = (struct qa_partition){.folder = p->folder, .domain = p->domain, .month = p->month, .seg_most = QA_FILES_OPEN};
	v->entries.fd = v->items.fd = -1;
	if (qa_store_path(p, temp_entries, entries, err) || qa_store_path(p, temp_items, items, err) ||
	    qa_store_copy(&p->man, p->man.n, &v->man, err))
		return -1;
	v->man.v[s->i] = s->line;
	v->seg = calloc(v->man.n, sizeof *v->seg);
	if (!v->seg)
		return qa_fail(err, ENOMEM, "cannot seal %s: ", p->folder);
	for (size_t i = 0; i < v->man.n; i++)
		v->seg[i].fd = -1;
	if (qa_index_open(&v->entries, entries, QA_ENTRY_REC, p->month, false, err) ||
	    qa_index_open(&v->items, items, QA_ITEM_REC, p->month, false, err))
		return -1;
	/* the segment's own digest becomes part of its line */
	if (qa_seg_digest(v, s->i, s->line.size, &s->line.digest, err) != 1)
		return -1;
	v->man.v[s->i].digest = s->line.digest;
	/* frames are to be checked one by one, not by that digest */
	v->man.v[s->i].state = QA_SEGMENT_CLOSED;
	return 0;
}

static int
verify(struct seal *s, struct qa_err *err)
{
	struct qa_partition v;
	int rc = open_view(s, &v, err);

	if (rc == 0)
		rc = qa_check_segment(&v, s->i, wrong, seen, s, err);
	qa_store_drop(&v);
	for (size_t i = 0; i < QA_ROLES; i++)
		qa_loaded_free(&v.cache[i]);
	qa_buf_free(&v.fields);
	free(v.piece);
	struct qa_digest told = qa_sha256_end(&s->told), is = qa_sha256_end(&s->seen);
	if (rc == 0 && !qa_digest_eq(&told, &is))
		rc = 1;
	return rc == 1 ? qa_fail(err, EIO, "%s was not read back as it was written: %s", s->out.name,
				 s->wrong[0] ? s->wrong : "its entries differ")
		       : rc;
}

/* ---- switching ---- */

static int
rename_in(struct qa_partition *p, const char *from, const char *to, struct qa_err *err)
{
	char a[QA_PATH], b[QA_PATH];

	if (qa_store_path(p, from, a, err) || qa_store_path(p, to, b, err))
		return -1;
	if (qa_sys->renameat(AT_FDCWD, a, AT_FDCWD, b) && errno != ENOENT)
		return qa_fail(err, errno, "cannot rename %s: ", a);
	return 0;
}

static void
remove_in(struct qa_partition *p, const char *name)
{
	char path[QA_PATH];

	if (qa_store_path(p, name, path, NULL) == 0)
		qa_sys->unlinkat(AT_FDCWD, path, 0);
}

/* Opens the index files that are there now. */
static int
reopen(struct qa_partition *p, struct qa_err *err)
{
	uint64_t entries = p->entries.total, items = p->items.total;
	char a[QA_PATH], b[QA_PATH];

	if (qa_store_path(p, "entries.idx", a, err) || qa_store_path(p, "items.idx", b, err))
		return -1;
	qa_index_close(&p->entries);
	qa_index_close(&p->items);
	if (qa_index_open(&p->entries, a, QA_ENTRY_REC, p->month, true, err) ||
	    qa_index_open(&p->items, b, QA_ITEM_REC, p->month, true, err))
		return -1;
	if (p->entries.total != entries || p->items.total != items)
		return qa_fail(err, EIO, "the index files of %s changed while it was sealed", p->folder);
	return 0;
}

/* Whether the manifest on disk names the new file: 1, 0, -1. */
static int
published(struct seal *s, struct qa_err *err)
{
	struct qa_partition look = {.folder = s->p->folder, .domain = s->p->domain, .month = s->p->month};
	int rc = qa_store_manifest(&look, err);

	if (rc == 1)
		rc = s->i >= look.man.n || look.man.v[s->i].generation != s->p->man.v[s->i].generation;
	else
		rc = -1;
	free(look.seg);
	qa_manifest_free(&look.man);
	return rc;
}

static int
switch_over(struct seal *s, struct qa_err *err)
{
	struct qa_partition *p = s->p;
	uint32_t number = p->man.v[s->i].number, generation = p->man.v[s->i].generation;
	bool open = p->man.v[s->i].state == QA_SEGMENT_OPEN;
	char name[QA_SEGMENT_NAME];
	struct qa_manifest m;

	if (qa_store_copy(&p->man, p->man.n, &m, err))
		return -1;
	m.v[s->i] = s->line;
	/* durable before the manifest is: a folder's changes reach the disk in order */
	if (rename_in(p, "items.idx", old_items, err) || rename_in(p, "entries.idx", old_entries, err)) {
		qa_manifest_free(&m);
		goto back;
	}
	if (qa_store_use(p, &m, err))
		goto back;
	if (open)
		qa_writer_close_out(p->w);
	/* from here on it is sealed; whatever fails is made good when the partition is opened again */
	qa_segment_name(number, generation, name);
	remove_in(p, name);
	remove_in(p, old_entries);
	remove_in(p, old_items);
	if (rename_in(p, temp_items, "items.idx", err) || rename_in(p, temp_entries, "entries.idx", err) || reopen(p, err)) {
		p->w->stuck = true;
		return -1;
	}
	return 0;
back:;
	int num = errno;
	struct qa_err again;
	/* a failed sync of the folder leaves the new manifest in place: then only opening again helps */
	if (published(s, &again) != 0 || rename_in(p, old_entries, "entries.idx", &again) ||
	    rename_in(p, old_items, "items.idx", &again))
		p->w->stuck = p->w->hard = true;
	errno = num;
	return -1;
}

static void
discard(struct seal *s)
{
	char name[QA_SEGMENT_NAME];

	qa_segment_name(s->line.number, s->line.generation, name);
	remove_in(s->p, name);
	remove_in(s->p, temp_entries);
	remove_in(s->p, temp_items);
}

static int
seal_one(struct qa_partition *p, size_t i, struct qa_err *err)
{
	struct seal s = {.p = p, .i = i, .line = p->man.v[i], .raw = QA_BUF(0), .dir = QA_BUF(0)};
	int rc = -1;

	s.line.generation++;
	s.line.state = QA_SEGMENT_SEALED;
	s.out.fd = -1;
	qa_sha256_init(&s.told);
	qa_sha256_init(&s.seen);
	if (make_file(&s, err) == 0 && copy(&s, err) == 0 &&
	    write_index(&s, &p->items, temp_items, &s.item_recs, err) == 0 &&
	    write_index(&s, &p->entries, temp_entries, &s.entry_recs, err) == 0 && verify(&s, err) == 0)
		rc = switch_over(&s, err);
	int num = errno;
	/* the manifest decides which of the two files stays */
	if (rc && !p->w->stuck)
		discard(&s);
	qa_out_clear(&s.out);
	qa_close(&s.out.fd);
	qa_loaded_free(&s.frame);
	qa_buf_free(&s.raw);
	qa_buf_free(&s.dir);
	free(s.item_recs.v);
	free(s.entry_recs.v);
	errno = num;
	return rc;
}

int
qa_partition_seal(struct qa_partition *p, int (*stop)(void *ctx), void *ctx, struct qa_err *err)
{
	if (!p->w)
		return qa_fail(err, EBADF, "%s is open for reading only", p->folder);
	if (p->w->stuck)
		return qa_fail(err, EIO, "%s: an earlier write failed; roll back first", p->folder);
	if (p->w->waits || p->w->flushed)
		return qa_fail(err, EBUSY, "%s has a round that is not committed", p->folder);
	for (size_t i = 0; i < p->man.n; i++) {
		if (p->man.v[i].state == QA_SEGMENT_SEALED)
			continue;
		if (stop && stop(ctx))
			return 0;
		if (seal_one(p, i, err))
			return -1;
	}
	return 1;
}
