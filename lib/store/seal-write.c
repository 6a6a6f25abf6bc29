/*
 * The new generation of a segment: written, synced, and read back whole (seal.c says when it takes the place of the old one).
 */
#include "base/id.h"
#include "base/num.h"
#include "store/seal-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEVEL = 9, BATCH = 1024 };

/* ---- records of the new places ---- */

static struct qa_seal_rec *
add_rec(struct qa_seal_recs *r)
{
	if (r->n == r->size) {
		size_t size = r->size ? r->size * 2 : 1024;
		struct qa_seal_rec *v = reallocarray(r->v, size, sizeof *v);

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
	const struct qa_seal_rec *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void
placed(void *ctx, const struct qa_item_dir *d, const struct qa_item_rec *rec)
{
	struct qa_seal *s = ctx;
	struct qa_seal_rec *r = add_rec(&s->item_recs);

	if (r)
		*r = (struct qa_seal_rec){.number = d->number, .item = *rec};
	else
		s->no_memory = true;
}

/* ---- writing ---- */

static int
make_file(struct qa_seal *s, struct qa_err *err)
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
	s->made = true;
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
copy_items(struct qa_seal *s, const struct qa_walk *w, struct qa_err *err)
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
write_entries(struct qa_seal *s, struct qa_err *err)
{
	uint64_t offset;

	if (s->count == 0)
		return 0;
	if (qa_out_lanes(&s->out, err) ||
	    qa_out_entries(&s->out, qa_buf_span(&s->raw), qa_buf_span(&s->dir), s->first, s->leaf, s->items, &offset, err))
		return -1;
	for (uint64_t k = 0; k < s->count; k++) {
		struct qa_seal_rec *r = add_rec(&s->entry_recs);
		unsigned char old[QA_ENTRY_REC];

		if (!r)
			return qa_fail(err, ENOMEM, "cannot seal %s: ", s->p->folder);
		int rc = qa_index_get(&s->p->entries, s->first + k, old, err);
		if (rc != 1)
			return rc < 0 ? -1 : qa_fail(err, EAGAIN, "%s was added to while it was sealed", s->p->folder);
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
copy_entries(struct qa_seal *s, const struct qa_walk *w, struct qa_err *err)
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

/* When something was added last is told by the time of the file (qa_partition_changed). */
static void
keep_time(struct qa_seal *s)
{
	struct stat st;

	if (qa_seg_open(s->p, s->i, NULL) == 0 && qa_sys->fstat(s->p->seg[s->i].fd, &st) == 0 &&
	    futimens(s->out.fd, (struct timespec[2]){{.tv_nsec = UTIME_OMIT}, st.st_mtim}))
		errno = 0; /* then it looks newer than it is */
}

static int
copy(struct qa_seal *s, struct qa_err *err)
{
	struct qa_walk w;
	int rc;

	qa_walk_init(&w, s->p, s->i, 0, true);
	while ((rc = qa_walk_next(&w, err)) == 1) {
		if (s->stop && s->stop(s->ctx)) {
			rc = qa_fail(err, ECANCELED, "told to stop sealing %s", qa_seg_text(s->p, s->i));
			break;
		}
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
	keep_time(s);
	if (qa_fdatasync(s->out.fd, s->out.name, err))
		return -1;
	s->line.size = s->out.at;
	return 0;
}

/* A copy of an index file with the new places in it. */
static int
write_index(struct qa_seal *s, struct qa_index *from, const char *name, struct qa_seal_recs *recs, struct qa_err *err)
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
	struct qa_seal *s = ctx;

	(void)p;
	(void)good; /* it is a finding as well */
	tell(&s->seen, e);
	return 0;
}

static void
wrong(void *ctx, enum qa_finding_kind kind, const char *text)
{
	struct qa_seal *s = ctx;

	(void)kind;
	if (!s->wrong[0])
		snprintf(s->wrong, sizeof s->wrong, "%s", text);
}

/* The partition as it will be, to read only. */
static int
open_view(struct qa_seal *s, struct qa_partition *v, struct qa_err *err)
{
	char entries[QA_PATH], items[QA_PATH];
	struct qa_partition *p = s->p;

	*v = (struct qa_partition){.folder = p->folder, .domain = p->domain, .month = p->month, .seg_most = QA_FILES_OPEN};
	v->entries.fd = v->items.fd = -1;
	if (qa_store_path(p, QA_SEAL_ENTRIES, entries, err) || qa_store_path(p, QA_SEAL_ITEMS, items, err) ||
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
verify(struct qa_seal *s, struct qa_err *err)
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

int
qa_seal_make(struct qa_seal *s, struct qa_err *err)
{
	if (make_file(s, err) || copy(s, err) || write_index(s, &s->p->items, QA_SEAL_ITEMS, &s->item_recs, err) ||
	    write_index(s, &s->p->entries, QA_SEAL_ENTRIES, &s->entry_recs, err) || verify(s, err))
		return -1;
	return 0;
}
