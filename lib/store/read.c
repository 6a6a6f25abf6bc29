/*
 * Entries and messages.
 */
#include "base/num.h"
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>

enum { SLICE = 32 << 10, FIELDS_MAX = 17 << 20, FIELD_ID = 1 };

/* ---- putting a message together ---- */

static int
emit(struct qa_tell *t, qa_span piece, struct qa_err *err)
{
	if (piece.n == 0)
		return 0;
	if (t->message)
		qa_sha256_add(t->message, piece.p, piece.n);
	if (t->rest)
		qa_sha256_add(t->rest, piece.p, piece.n);
	t->n += piece.n;
	if (t->sink && t->sink(t->ctx, piece)) {
		int num = errno ? errno : ECANCELED;

		return qa_fail(err, num, "cannot pass the message on: ");
	}
	return 0;
}

/* Opens an item; a reader whose view is out of date, or whose index is wrong, looks again. */
static int
open_item(struct qa_partition *p, enum qa_role role, uint64_t item, struct qa_cursor *c, struct qa_err *err)
{
	for (int again = 0;; again++) {
		if (qa_cursor_open(c, p, role, item, err) == 0)
			return 0;
		if (p->w || p->distrust || again == 2 || (errno != EBADMSG && errno != ENOENT))
			return -1;
		if (qa_store_reload(p, again == 0, err))
			return -1;
	}
}

static int
emit_part(struct qa_partition *p, const struct qa_recipe_part *r, struct qa_tell *t, struct qa_err *err)
{
	struct qa_cursor c;
	struct qa_rerun again;
	struct qa_sha256 sha;
	qa_span piece;
	int rc;

	if (open_item(p, QA_ROLE_PART, r->item, &c, err))
		return -1;
	if (c.kind != QA_ITEM_PART || qa_rerun_size(c.length, r->line, r->crlf) != r->encoded)
		return qa_fail(err, EBADMSG, "%s: item %llu is not the part it should be", p->folder,
			       (unsigned long long)r->item);
	bool wanted = t->part_wanted && t->part_wanted(t->check, r->item);
	qa_rerun_init(&again, r->line, r->crlf);
	if (!p->piece)
		p->piece = malloc(qa_rerun_room(&(struct qa_rerun){.line = 4, .raw_line = 3}, SLICE + QA_RUN_LINE_RAW));
	if (!p->piece)
		return qa_fail(err, ENOMEM, "cannot read item %llu of %s: ", (unsigned long long)r->item, p->folder);
	qa_sha256_init(&sha);
	while ((rc = qa_cursor_next(&c, SLICE, &piece, err)) == 1) {
		bool last = c.left.n == 0 && c.pos == c.length;

		if (wanted)
			qa_sha256_add(&sha, piece.p, piece.n);
		if (emit(t, qa_span_of(p->piece, qa_rerun_add(&again, piece, last, p->piece)), err))
			return -1;
	}
	if (rc == 0 && wanted) {
		struct qa_digest d = qa_sha256_end(&sha);

		t->part(t->check, r->item, qa_digest_eq(&d, &c.digest));
	}
	return rc;
}

/* n bytes of the skeleton. */
static int
emit_skeleton(struct qa_cursor *c, uint64_t n, struct qa_tell *t, struct qa_err *err)
{
	while (n) {
		qa_span piece;
		int rc = qa_cursor_next(c, n < QA_FRAME_MAX ? (size_t)n : QA_FRAME_MAX, &piece, err);

		if (rc == 0)
			return qa_fail(err, EBADMSG, "item %llu ends early", (unsigned long long)c->item);
		if (rc < 0 || emit(t, piece, err))
			return -1;
		n -= piece.n;
	}
	return 0;
}

static int
emit_rest(struct qa_cursor *c, uint64_t skeleton, const unsigned char *table, uint32_t count, struct qa_tell *t,
	  struct qa_err *err)
{
	struct qa_recipe_part r, before;
	uint64_t done = 0;

	for (uint32_t i = 0; i < count; i++, before = r) {
		if (!qa_recipe_part_get(table + (size_t)i * QA_RECIPE_PART, i ? &before : NULL, skeleton, &r))
			return qa_fail(err, EBADMSG, "%s: item %llu has a bad table of parts", c->p->folder,
				       (unsigned long long)c->item);
		if (emit_skeleton(c, r.at - done, t, err) || emit_part(c->p, &r, t, err))
			return -1;
		done = r.at;
	}
	return emit_skeleton(c, skeleton - done, t, err);
}

int
qa_read_rest(struct qa_partition *p, uint64_t item, struct qa_tell *t, struct qa_digest *digest_r, struct qa_err *err)
{
	unsigned char head[QA_RECIPE_HEAD], *table = NULL;
	struct qa_cursor c;
	uint32_t count;

	if (open_item(p, QA_ROLE_REST, item, &c, err))
		return -1;
	if (c.kind != QA_ITEM_REST)
		return qa_fail(err, EBADMSG, "%s: item %llu is not the rest of a message", p->folder,
			       (unsigned long long)item);
	*digest_r = c.digest;
	if (qa_cursor_read(&c, head, sizeof head, err))
		return -1;
	if (!qa_recipe_count(head, c.length, &count))
		return qa_fail(err, EBADMSG, "%s: item %llu has a bad count of parts", p->folder,
			       (unsigned long long)item);
	size_t n = (size_t)count * QA_RECIPE_PART;
	if (n && !(table = malloc(n)))
		return qa_fail(err, ENOMEM, "cannot read item %llu of %s: ", (unsigned long long)item, p->folder);
	int rc = n ? qa_cursor_read(&c, table, n, err) : 0;
	if (rc == 0)
		rc = emit_rest(&c, c.length - QA_RECIPE_HEAD - n, table, count, t, err);
	free(table);
	return rc;
}

int
qa_read_message(struct qa_partition *p, const struct qa_entry *e, struct qa_tell *t, struct qa_digest *rest_r,
		struct qa_err *err)
{
	struct qa_sha256 *rest = t->rest;

	t->rest = NULL;
	if (emit(t, e->trace, err))
		return -1;
	t->rest = rest;
	if (qa_read_rest(p, e->rest_item, t, rest_r, err))
		return -1;
	if (t->n != e->size)
		return qa_fail(err, EBADMSG, "%s: entry %llu has %llu bytes, not %llu", p->folder,
			       (unsigned long long)e->n, (unsigned long long)t->n, (unsigned long long)e->size);
	return 0;
}

/* ---- entries ---- */

bool
qa_read_id(qa_span fields, struct qa_id *id_r)
{
	for (size_t at = 0; fields.n - at >= 6;) {
		uint32_t n = qa_le32_get(fields.p + at + 2);

		if (n > fields.n - at - 6)
			return false;
		if (qa_le16_get(fields.p + at) == FIELD_ID && n == sizeof id_r->b) {
			memcpy(id_r->b, fields.p + at + 6, sizeof id_r->b);
			return true;
		}
		at += 6 + (size_t)n;
	}
	return false;
}

/* Fields that are an item, into p->fields. */
static int
read_fields(struct qa_partition *p, uint64_t item, struct qa_err *err)
{
	struct qa_cursor c;

	if (open_item(p, QA_ROLE_REST, item, &c, err))
		return -1;
	if (c.kind != QA_ITEM_FIELDS || c.length > FIELDS_MAX)
		return qa_fail(err, EBADMSG, "%s: item %llu is not the fields of an entry", p->folder,
			       (unsigned long long)item);
	p->fields.limit = FIELDS_MAX;
	p->fields.n = 0;
	if (qa_buf_reserve(&p->fields, (size_t)c.length))
		return qa_fail(err, errno, "cannot read item %llu of %s: ", (unsigned long long)item, p->folder);
	if (qa_cursor_read(&c, p->fields.p, (size_t)c.length, err))
		return -1;
	p->fields.n = (size_t)c.length;
	struct qa_digest d = qa_sha256_of(qa_buf_span(&p->fields));
	if (!qa_digest_eq(&d, &c.digest))
		return qa_fail(err, EBADMSG, "%s: item %llu is damaged", p->folder, (unsigned long long)item);
	return 0;
}

int
qa_read_entry(struct qa_partition *p, const struct qa_loaded *l, uint32_t place, struct qa_entry *e_r,
	      struct qa_err *err)
{
	qa_span s = qa_span_of(l->raw.p + l->start[place], l->start[place + 1] - l->start[place]);
	struct qa_entry_body b;

	if (!qa_entry_get(s, &b))
		return qa_fail(err, EBADMSG, "%s: entry %llu is malformed", p->folder,
			       (unsigned long long)(l->head.first + place));
	struct qa_entry e = {
		.n = l->head.first + place,
		.leaf = l->head.at + place,
		.has_message = b.flags & QA_ENTRY_MESSAGE,
		.purged = b.flags & QA_ENTRY_PURGED,
		.size = b.size,
		.digest = b.digest,
		.rest_item = b.rest_item,
		.trace = b.trace,
		.fields = b.fields,
	};
	memcpy(e.secret, b.secret, sizeof e.secret);
	if (b.flags & QA_ENTRY_FIELDS_ITEM) {
		if (read_fields(p, b.fields_item, err))
			return -1;
		e.fields = qa_buf_span(&p->fields);
	}
	*e_r = e;
	return 0;
}

static int
read_at(struct qa_partition *p, uint64_t n, struct qa_entry *e_r, struct qa_err *err)
{
	unsigned char rec[QA_ENTRY_REC];
	struct qa_entry_rec r;
	struct qa_loaded *l;
	int rc = qa_index_get(&p->entries, n, rec, err);

	if (rc < 0)
		return -1;
	if (rc == 0 && !p->damaged)
		return 0;
	qa_entry_rec_get(rec, &r);
	if (rc == 0 || r.segment == 0)
		return qa_fail(err, EBADMSG, "%s: entry %llu is lost, a segment is damaged", p->folder,
			       (unsigned long long)n);
	if (qa_frame_load(p, QA_ROLE_ENTRY, r.segment, r.offset, &l, err))
		return -1;
	if (l->head.type != QA_FRAME_ENTRIES || r.place >= l->head.count || l->head.first + r.place != n)
		return qa_fail(err, EBADMSG, "%s: entry %llu is not where the index says", p->folder,
			       (unsigned long long)n);
	return qa_read_entry(p, l, r.place, e_r, err) ? -1 : 1;
}

int
qa_partition_entry(struct qa_partition *p, uint64_t n, struct qa_entry *e_r, struct qa_err *err)
{
	for (int again = 0;; again++) {
		int rc = read_at(p, n, e_r, err);

		if (rc >= 0 || p->w || again == 2 || (errno != EBADMSG && errno != ENOENT))
			return rc;
		if (p->distrust && (errno != ENOENT || again))
			return rc;
		if (qa_store_reload(p, again == 0, err))
			return -1;
	}
}

/* ---- messages ---- */

int
qa_partition_message(struct qa_partition *p, const struct qa_entry *e, qa_sink *sink, void *ctx, struct qa_err *err)
{
	struct qa_sha256 sha;
	struct qa_tell t = {.sink = sink, .ctx = ctx, .message = &sha};
	struct qa_entry own;
	uint64_t n = e->n;

	if (!e->has_message)
		return 0;
	/* spans of e may have gone since */
	int rc = qa_partition_entry(p, n, &own, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return qa_fail(err, ENOENT, "%s has no entry %llu", p->folder, (unsigned long long)n);
	if (own.purged)
		return qa_fail(err, ENOENT, "%s: the message of entry %llu was purged", p->folder,
			       (unsigned long long)n);
	qa_sha256_init(&sha);
	struct qa_digest d;
	if (qa_read_message(p, &own, &t, &d, err))
		return -1;
	d = qa_sha256_end(&sha);
	if (!qa_digest_eq(&d, &own.digest))
		return qa_fail(err, EBADMSG, "%s: the message of entry %llu is not the one that was stored", p->folder,
			       (unsigned long long)n);
	return 0;
}

static int
into_buf(void *ctx, qa_span piece)
{
	return qa_buf_addspan(ctx, piece);
}

int
qa_partition_message_buf(struct qa_partition *p, const struct qa_entry *e, struct qa_buf *b, struct qa_err *err)
{
	size_t had = b->n;
	int rc = qa_partition_message(p, e, into_buf, b, err);

	if (rc)
		b->n = had;
	return rc;
}
