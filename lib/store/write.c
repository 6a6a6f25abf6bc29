/*
 * A round: add, flush, sync.
 *
 *	idle --add--> waiting --flush--> flushed --sync--> asked --(the caller commits the set, then the log)--> idle
 *
 * Any failure to write makes the handle stuck; rollback (recover.c) brings it back to idle. That a round was committed is known when
 * the next one is flushed: only then the indexes may claim its entries.
 */
#include "base/num.h"
#include "store/codec.h"
#include "store/private.h"
#include "store/split.h"

#include <errno.h>
#include <stdlib.h>

enum { FIELDS_MOST = 16 << 20, DECODE = 48 << 10 };

static int
stick(struct qa_partition *p)
{
	int num = errno;

	p->w->stuck = true;
	if (num != ENOSPC && num != EDQUOT && num != EFBIG && num != ENOMEM)
		p->w->hard = true;
	errno = num;
	return -1;
}

static int
usable(struct qa_partition *p, struct qa_err *err)
{
	if (!p->w)
		return qa_fail(err, EBADF, "%s is open for reading only", p->folder);
	if (p->w->stuck)
		return qa_fail(err, EIO, "%s: an earlier write failed; roll back first", p->folder);
	return 0;
}

/* ---- what is known ---- */

/* Whether item `number` is this one; damaged ones are not. */
static int
item_is(struct qa_partition *p, uint64_t number, enum qa_item_kind kind, const struct qa_digest *d, struct qa_err *err)
{
	unsigned char rec[QA_ITEM_REC];
	struct qa_item_rec r;
	struct qa_cursor c;

	if (number > p->items.total) {
		uint64_t i = number - p->items.total - 1;

		return i < p->w->items && p->w->item[i].dir.kind == kind &&
		       qa_digest_eq(&p->w->item[i].dir.digest, d);
	}
	int rc = qa_index_get(&p->items, number, rec, err);
	if (rc != 1)
		return rc;
	qa_item_rec_get(rec, &r);
	if (memcmp(r.digest, d->b, sizeof r.digest) != 0)
		return 0;
	if (qa_cursor_open(&c, p, kind == QA_ITEM_PART ? QA_ROLE_PART : QA_ROLE_REST, number, err))
		return errno == EBADMSG ? 0 : -1;
	return c.kind == kind && qa_digest_eq(&c.digest, d);
}

static int
find_item(struct qa_partition *p, enum qa_item_kind kind, const struct qa_digest *d, uint64_t *number_r,
	  struct qa_err *err)
{
	struct qa_known_walk walk;
	int rc;

	qa_known_start(&p->w->known, QA_KNOWN_ITEM, d->b, &walk);
	while ((rc = qa_known_next(&p->w->known, &walk, number_r, err)) == 1) {
		rc = item_is(p, *number_r, kind, d, err);
		if (rc)
			return rc;
	}
	return rc;
}

/* Whether entry n has this record id, or this message. One that cannot be read for damage is taken for it when the
 * index agrees. */
static int
entry_is(struct qa_partition *p, uint64_t n, const struct qa_id *id, const struct qa_digest *d, struct qa_err *err)
{
	unsigned char rec[QA_ENTRY_REC];
	struct qa_entry_rec r;
	struct qa_entry e;
	struct qa_id own;

	if (n > p->entries.total) {
		uint64_t i = n - p->entries.total - 1;

		if (i >= p->w->waits)
			return 0;
		const struct qa_waiting *w = &p->w->wait[i];
		return id ? memcmp(w->id.b, id->b, sizeof id->b) == 0 : w->rest && qa_digest_eq(&w->digest, d);
	}
	int rc = qa_index_get(&p->entries, n, rec, err);
	if (rc != 1)
		return rc;
	qa_entry_rec_get(rec, &r);
	if (id ? memcmp(r.id, id->b, sizeof r.id) != 0 : memcmp(r.digest, d->b, sizeof r.digest) != 0)
		return 0;
	rc = qa_partition_entry(p, n, &e, err);
	if (rc < 0)
		return errno == EBADMSG ? 1 : -1;
	if (id)
		return rc && qa_read_id(e.fields, &own) && memcmp(own.b, id->b, sizeof own.b) == 0;
	return rc && e.has_message && qa_digest_eq(&e.digest, d);
}

static int
find_entry(struct qa_partition *p, const struct qa_id *id, const struct qa_digest *d, uint64_t *n_r,
	   struct qa_err *err)
{
	struct qa_known_walk walk;
	int rc;

	if (usable(p, err))
		return -1;
	if (id)
		qa_known_start(&p->w->known, QA_KNOWN_ID, id->b, &walk);
	else
		qa_known_start(&p->w->known, QA_KNOWN_MESSAGE, d->b, &walk);
	while ((rc = qa_known_next(&p->w->known, &walk, n_r, err)) == 1) {
		rc = entry_is(p, *n_r, id, d, err);
		if (rc)
			return rc;
	}
	return rc;
}

int
qa_partition_find_id(struct qa_partition *p, const struct qa_id *id, uint64_t *n_r, struct qa_err *err)
{
	return find_entry(p, id, NULL, n_r, err);
}

int
qa_partition_find_message(struct qa_partition *p, const struct qa_digest *d, uint64_t *n_r, struct qa_err *err)
{
	return find_entry(p, NULL, d, n_r, err);
}

/* The first entry that lies behind this place. */
static int
first_behind(struct qa_partition *p, const struct qa_item_rec *place, uint64_t *n_r, struct qa_err *err)
{
	uint64_t low = 1, high = p->entries.total + 1;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;
		unsigned char rec[QA_ENTRY_REC];
		struct qa_entry_rec r;

		if (qa_index_get(&p->entries, mid, rec, err) != 1)
			return -1;
		qa_entry_rec_get(rec, &r);
		if (r.segment < place->segment || (r.segment == place->segment && r.offset < place->offset))
			low = mid + 1;
		else
			high = mid;
	}
	*n_r = low;
	return 0;
}

/* Entries that bring a new rest come in the order of their rests, behind them: the first one is near. */
int
qa_partition_find_rest(struct qa_partition *p, const struct qa_digest *rest, uint64_t *n_r, struct qa_err *err)
{
	unsigned char rec[QA_ITEM_REC];
	struct qa_item_rec place;
	struct qa_entry e;
	uint64_t item, n;

	if (usable(p, err))
		return -1;
	int rc = find_item(p, QA_ITEM_REST, rest, &item, err);
	if (rc != 1)
		return rc;
	for (size_t i = 0; item > p->items.total && i < p->w->waits; i++)
		if (p->w->wait[i].rest == item) {
			*n_r = p->entries.total + i + 1;
			return 1;
		}
	if (qa_index_get(&p->items, item, rec, err) != 1)
		return item > p->items.total ? 0 : -1;
	qa_item_rec_get(rec, &place);
	if (first_behind(p, &place, &n, err))
		return -1;
	for (; (rc = qa_partition_entry(p, n, &e, err)) == 1 && e.rest_item <= item; n++)
		if (e.rest_item == item) {
			*n_r = n;
			return 1;
		}
	return rc < 0 ? -1 : 0;
}

/* ---- adding items ---- */

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
	int rc = find_item(p, QA_ITEM_PART, &d, number_r, err);
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
	int rc = find_item(p, QA_ITEM_REST, d, number_r, err);

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

/* ---- adding entries ---- */

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
	if (usable(p, err))
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
		return stick(p);
	*n_r = n;
	return 0;
}

/* ---- flush and sync ---- */

static int
index_items(struct qa_partition *p, struct qa_err *err)
{
	struct qa_writer *w = p->w;
	struct qa_buf recs = QA_BUF(0);
	int rc = 0;

	if (w->items == 0)
		return 0;
	if (qa_buf_reserve(&recs, w->items * QA_ITEM_REC))
		return qa_fail(err, errno, "cannot index %s: ", p->folder);
	for (size_t i = 0; i < w->items; i++)
		qa_item_rec_put(&w->item[i].rec, recs.p + i * QA_ITEM_REC);
	rc = qa_index_append(&p->items, recs.p, w->items, err);
	qa_buf_free(&recs);
	return rc;
}

/* One frame of waiting entries from `from` on: how many went in, 0 on failure. */
static size_t
entry_frame(struct qa_partition *p, size_t from, const unsigned char *bytes, size_t *length_r, uint64_t leaf,
	    struct qa_buf *dir, struct qa_buf *recs, struct qa_err *err)
{
	struct qa_writer *w = p->w;
	size_t count = 0, length = 0;
	uint64_t offset;

	dir->n = recs->n = 0;
	for (; from + count < w->waits && count < QA_FRAME_COUNT; count++) {
		uint32_t n = w->wait[from + count].length;

		if (count && length + n > w->out.frame)
			break;
		if (qa_buf_addle32(dir, n)) {
			qa_fail(err, errno, "cannot store entries: ");
			return 0;
		}
		length += n;
	}
	if (qa_out_entries(&w->out, qa_span_of(bytes, length), qa_buf_span(dir), p->entries.total + 1, leaf,
			   p->items.total, &offset, err))
		return 0;
	for (size_t i = 0; i < count; i++) {
		const struct qa_waiting *wait = &w->wait[from + i];
		struct qa_entry_rec r = {w->out.segment, (uint32_t)i, offset, leaf + i, {0}, {0}};
		unsigned char rec[QA_ENTRY_REC];

		memcpy(r.id, wait->id.b, sizeof r.id);
		if (wait->rest)
			memcpy(r.digest, wait->digest.b, sizeof r.digest);
		qa_entry_rec_put(&r, rec);
		if (qa_buf_add(recs, rec, sizeof rec)) {
			qa_fail(err, errno, "cannot store entries: ");
			return 0;
		}
	}
	*length_r = length;
	return qa_index_append(&p->entries, recs->p, count, err) ? 0 : count;
}

static int
write_entries(struct qa_partition *p, uint64_t leaf, struct qa_err *err)
{
	struct qa_buf dir = QA_BUF(0), recs = QA_BUF(0);
	const unsigned char *bytes = p->w->bytes.p;
	size_t done = 0;

	while (done < p->w->waits) {
		size_t length, n = entry_frame(p, done, bytes, &length, leaf + done, &dir, &recs, err);

		if (n == 0)
			break;
		done += n;
		bytes += length;
	}
	qa_buf_free(&dir);
	qa_buf_free(&recs);
	return done == p->w->waits ? 0 : -1;
}

static int
flush(struct qa_partition *p, uint64_t first_leaf, struct qa_err *err)
{
	struct qa_writer *w = p->w;

	if (w->asked) {
		/* the caller went on, so the rounds before are committed */
		w->entries_good = p->entries.total;
		w->items_good = p->items.total;
		w->asked = false;
		if (w->entries_good - p->entries.synced >= QA_SYNC_EVERY && qa_writer_settle(p, err))
			return -1;
	}
	if (qa_out_lanes(&w->out, err) || index_items(p, err))
		return -1;
	w->items = 0;
	if (write_entries(p, first_leaf, err))
		return -1;
	w->flushed = true;
	qa_writer_forget(w);
	return 0;
}

int
qa_partition_flush(struct qa_partition *p, uint64_t first_leaf, struct qa_err *err)
{
	if (usable(p, err))
		return -1;
	if (p->w->waits == 0)
		return 0;
	if (flush(p, first_leaf, err))
		return stick(p);
	/* idle handles are light */
	for (size_t i = 0; i < QA_ROLES; i++)
		qa_loaded_free(&p->cache[i]);
	return 0;
}

int
qa_partition_sync(struct qa_partition *p, struct qa_syncset *set, struct qa_err *err)
{
	if (usable(p, err))
		return -1;
	if (!p->w->flushed)
		return 0;
	/* The folder was synced when the file was made; but who made it may have been killed before. */
	if (!p->w->named && qa_syncset_folder(set, AT_FDCWD, p->folder, err))
		return stick(p);
	p->w->named = true;
	if (qa_syncset_file(set, p->w->out.fd, p->w->out.name, err))
		return stick(p);
	p->w->flushed = false;
	p->w->asked = true;
	return 0;
}

void
qa_writer_forget(struct qa_writer *w)
{
	qa_out_clear(&w->out);
	free(w->item);
	free(w->wait);
	qa_buf_free(&w->bytes);
	w->item = NULL;
	w->wait = NULL;
	w->items = w->items_size = w->waits = w->waits_size = 0;
	w->writing = false;
}
