/* What a writer knows already: an item or an entry by digest or record id, on disk or waiting in this round. */
#include "store/private.h"

#include <errno.h>

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

int
qa_writer_find_item(struct qa_partition *p, enum qa_item_kind kind, const struct qa_digest *d, uint64_t *number_r,
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

	if (qa_writer_usable(p, err))
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

	if (qa_writer_usable(p, err))
		return -1;
	int rc = qa_writer_find_item(p, QA_ITEM_REST, rest, &item, err);
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
