/* Adding an entry to a round: its message taken apart into items, each stored once, and the entry that names them. */
#include "base/num.h"
#include "store/codec.h"
#include "store/private.h"
#include "store/split.h"

#include <errno.h>
#include <stdlib.h>

enum { FIELDS_MOST = 16 << 20, DECODE = 48 << 10 };

/* ---- items ---- */

static void
placed(void *ctx, const struct qa_item_dir *d, const struct qa_item_rec *rec)
{
	struct qa_partition *p = ctx;

	p->w->item[d->number - p->items.total - 1].rec = *rec;
}

/* Stores an item under the next number. */
static int
add_item(struct qa_partition *p, enum qa_item_kind kind, const struct qa_digest *d, uint64_t length, qa_fill *fill,
	 void *ctx, uint64_t *number_r, struct qa_err *err)
{
	struct qa_writer *w = p->w;
	struct qa_item_dir dir = {p->items.total + w->items + 1, (uint32_t)length, (uint8_t)kind, *d};

	if (length > UINT32_MAX)
		return qa_fail(err, EFBIG, "cannot store an item of %llu bytes", (unsigned long long)length);
	if (w->items == w->items_size) {
		size_t size = w->items_size ? w->items_size * 2 : 64;
		struct qa_new_item *item = reallocarray(w->item, size, sizeof *item);

		if (!item)
			return qa_fail(err, ENOMEM, "cannot store an item: ");
		w->item = item;
		w->items_size = size;
	}
	w->item[w->items++] = (struct qa_new_item){.dir = dir};
	w->writing = true;
	w->out.placed = placed;
	w->out.ctx = p;
	if (qa_out_item(&w->out, &dir, fill, ctx, err))
		return -1;
	*number_r = dir.number;
	return qa_known_add(&w->known, QA_KNOWN_ITEM, d->b, dir.number, err);
}

static int
fill_part(void *ctx, unsigned char *p, size_t n, struct qa_err *err)
{
	if (qa_unrun_read(ctx, p, n) != n)
		return qa_fail(err, EBADMSG, "a message changed while it was stored");
	return 0;
}

static int
part_of(struct qa_partition *p, qa_span rest, const struct qa_run *run, uint64_t *number_r, struct qa_err *err)
{
	struct qa_unrun u;
	struct qa_sha256 sha;
	unsigned char *room = qa_codec_room(DECODE);
	size_t n;

	if (!room)
		return qa_fail(err, ENOMEM, "cannot store a part: ");
	qa_sha256_init(&sha);
	qa_unrun_init(&u, rest, run);
	while ((n = qa_unrun_read(&u, room, DECODE)) > 0)
		qa_sha256_add(&sha, room, n);
	struct qa_digest d = qa_sha256_end(&sha);
	int rc = qa_writer_find_item(p, QA_ITEM_PART, &d, number_r, err);
	if (rc)
		return rc < 0 ? -1 : 0;
	qa_unrun_init(&u, rest, run);
	return add_item(p, QA_ITEM_PART, &d, run->raw, fill_part, &u, number_r, err);
}

/* The bytes of a rest as an item: table, then what is left between the runs. */
struct recipe {
	qa_span rest;
	struct qa_buf table; /* with the count before it */
	size_t table_done;
	size_t pos;	 /* in the rest */
	size_t run;	 /* in the table: the one that comes next */
	uint64_t lifted; /* encoded bytes of the runs before it */
};

static int
make_recipe(struct qa_partition *p, struct recipe *r, struct qa_err *err)
{
	unsigned char line[QA_RECIPE_PART];
	struct qa_run run;
	size_t pos = 0;
	uint32_t count = 0;

	if (qa_buf_addle32(&r->table, 0))
		return qa_fail(err, errno, "cannot store a message: ");
	while (count < QA_RECIPE_PARTS && qa_split_run(r->rest, &pos, &run)) {
		struct qa_recipe_part part = {
			.at = run.at - r->lifted, .encoded = run.encoded, .line = run.line, .crlf = run.crlf};

		if (part_of(p, r->rest, &run, &part.item, err))
			return -1;
		qa_recipe_part_put(&part, line);
		if (qa_buf_add(&r->table, line, sizeof line))
			return qa_fail(err, errno, "cannot store a message: ");
		r->lifted += run.encoded;
		count++;
	}
	qa_le32_put(r->table.p, count);
	return 0;
}

static int
fill_rest(void *ctx, unsigned char *p, size_t n, struct qa_err *err)
{
	struct recipe *r = ctx;

	(void)err;
	while (n) {
		qa_span piece;

		if (r->table_done < r->table.n) {
			piece = qa_span_cut(qa_buf_span(&r->table), r->table_done, n);
			r->table_done += piece.n;
		} else {
			size_t next = r->rest.n, at = QA_RECIPE_HEAD + r->run * QA_RECIPE_PART;

			if (at < r->table.n)
				next = (size_t)(qa_le64_get(r->table.p + at) + r->lifted);
			piece = qa_span_cut(r->rest, r->pos, next - r->pos < n ? next - r->pos : n);
			r->pos += piece.n;
			if (r->pos == next && at < r->table.n) {
				uint64_t encoded = qa_le64_get(r->table.p + at + 16);

				r->pos += (size_t)encoded;
				r->lifted += encoded;
				r->run++;
			}
		}
		if (piece.n)
			memcpy(p, piece.p, piece.n);
		p += piece.n;
		n -= piece.n;
	}
	return 0;
}

static int
rest_of(struct qa_partition *p, qa_span rest, const struct qa_digest *d, uint64_t *number_r, struct qa_err *err)
{
	struct recipe r = {.rest = rest, .table = QA_BUF(QA_RECIPE_HEAD + QA_RECIPE_PARTS * QA_RECIPE_PART)};
	int rc = qa_writer_find_item(p, QA_ITEM_REST, d, number_r, err);

	if (rc)
		return rc < 0 ? -1 : 0;
	rc = make_recipe(p, &r, err);
	if (rc == 0) {
		uint64_t length = r.table.n + rest.n - r.lifted;

		r.lifted = 0;
		rc = add_item(p, QA_ITEM_REST, d, length, fill_rest, &r, number_r, err);
	}
	qa_buf_free(&r.table);
	return rc;
}

/* ---- entries ---- */

static int
fill_span(void *ctx, unsigned char *p, size_t n, struct qa_err *err)
{
	qa_span *s = ctx;

	(void)err;
	memcpy(p, s->p, n);
	*s = qa_span_cut(*s, n, s->n);
	return 0;
}

/* Room for one more that waits, so that nothing fails after its bytes were added. */
static int
wait_room(struct qa_writer *w, struct qa_err *err)
{
	if (w->waits < w->waits_size)
		return 0;
	size_t size = w->waits_size ? w->waits_size * 2 : 16;
	struct qa_waiting *wait = reallocarray(w->wait, size, sizeof *wait);
	if (!wait)
		return qa_fail(err, ENOMEM, "cannot store an entry: ");
	w->wait = wait;
	w->waits_size = size;
	return 0;
}

static int
store_entry(struct qa_partition *p, const struct qa_new_entry *e, uint64_t n, struct qa_err *err)
{
	struct qa_writer *w = p->w;
	struct qa_entry_body b = {.flags = e->has_message ? QA_ENTRY_MESSAGE : 0, .fields = e->fields, .digest = e->digest};
	struct qa_waiting wait = {.id = e->id, .digest = e->digest};
	size_t before = w->bytes.n;

	if (e->has_message) {
		size_t t = qa_split_trace(e->message);

		if (QA_ENTRY_HEAD + t + e->fields.n > QA_FRAME_MAX)
			t = 0;
		b.size = e->message.n;
		b.trace = qa_span_cut(e->message, 0, t);
		qa_span rest = qa_span_cut(e->message, t, e->message.n);
		struct qa_digest d = t ? qa_sha256_of(rest) : e->digest;
		if (rest_of(p, rest, &d, &b.rest_item, err))
			return -1;
	}
	if (QA_ENTRY_HEAD + b.trace.n + e->fields.n > QA_FRAME_MAX) {
		struct qa_digest d = qa_sha256_of(e->fields);
		qa_span source = e->fields;

		if (add_item(p, QA_ITEM_FIELDS, &d, e->fields.n, fill_span, &source, &b.fields_item, err))
			return -1;
		b.flags |= QA_ENTRY_FIELDS_ITEM;
		b.fields = qa_span_of(NULL, 0);
	}
	memcpy(b.secret, e->secret, sizeof b.secret);
	if (wait_room(w, err))
		return -1;
	if (qa_entry_put(&b, &w->bytes))
		return qa_fail(err, errno, "cannot store an entry: ");
	wait.rest = b.rest_item;
	wait.length = (uint32_t)(w->bytes.n - before);
	w->wait[w->waits++] = wait;
	if (qa_known_add(&w->known, QA_KNOWN_ID, e->id.b, n, err))
		return -1;
	return e->has_message ? qa_known_add(&w->known, QA_KNOWN_MESSAGE, e->digest.b, n, err) : 0;
}

static int
acceptable(struct qa_partition *p, const struct qa_new_entry *e, struct qa_err *err)
{
	if (qa_writer_usable(p, err))
		return -1;
	if (e->message.n > QA_MESSAGE_MAX)
		return qa_fail(err, EFBIG, "the message has %zu bytes, over the limit of %llu", e->message.n,
			       (unsigned long long)QA_MESSAGE_MAX);
	if (e->fields.n > FIELDS_MOST)
		return qa_fail(err, EFBIG, "the fields have %zu bytes, over the limit of %d", e->fields.n, FIELDS_MOST);
	if (p->w->bytes.n >= QA_ROUND_BYTES)
		return qa_fail(err, EAGAIN, "%s: the round is full", p->folder);
	struct qa_digest d = qa_sha256_of(e->has_message ? e->message : qa_span_of(NULL, 0));
	if (!qa_digest_eq(&d, &e->digest))
		return qa_fail(err, EBADMSG, "the message does not have the digest it came with");
	return 0;
}

int
qa_partition_add(struct qa_partition *p, const struct qa_new_entry *e, uint64_t *n_r, struct qa_err *err)
{
	if (acceptable(p, e, err))
		return -1;
	if (p->w->waits == 0 && qa_writer_segment(p, err))
		return -1;
	uint64_t n = qa_partition_entries(p) + 1;
	if (store_entry(p, e, n, err))
		return qa_writer_stick(p);
	*n_r = n;
	return 0;
}
