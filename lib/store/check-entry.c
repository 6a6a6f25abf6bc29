/*
 * Deep verification of entries: each message put together once, all digests on the way.
 */
#include "base/num.h"
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>

/* ---- items ---- */

static bool
part_wanted(void *check, uint64_t item)
{
	struct qa_check *c = check;

	return !qa_bit_get(&c->good, item);
}

static void
part_read(void *check, uint64_t item, bool good)
{
	struct qa_check *c = check;

	/* no memory to remember: it is hashed again */
	if (qa_bit_set(&c->good, item) < 0)
		return;
	if (!good)
		qa_check_say(c, QA_FIND_DAMAGE, "item %llu (a part) does not have its digest", (unsigned long long)item);
}

static void
rest_read(struct qa_check *c, uint64_t item, const struct qa_digest *is, const struct qa_digest *should)
{
	if (qa_bit_set(&c->good, item) == 0 && !qa_digest_eq(is, should))
		qa_check_say(c, QA_FIND_DAMAGE, "item %llu (the rest of a message) does not have its digest",
			     (unsigned long long)item);
}

/* An item by itself. */
static int
check_item(struct qa_check *c, uint64_t item, struct qa_err *err)
{
	struct qa_cursor cur;
	struct qa_sha256 sha;
	struct qa_digest d, should;
	qa_span piece;
	int rc;

	if (qa_cursor_open(&cur, c->p, QA_ROLE_PART, item, err))
		return -1;
	qa_sha256_init(&sha);
	if (cur.kind == QA_ITEM_REST) {
		struct qa_tell t = {.rest = &sha, .part_wanted = part_wanted, .part = part_read, .check = c};

		if (qa_read_rest(c->p, item, &t, &should, err))
			return -1;
		d = qa_sha256_end(&sha);
		rest_read(c, item, &d, &should);
		return 0;
	}
	while ((rc = qa_cursor_next(&cur, SIZE_MAX, &piece, err)) == 1)
		qa_sha256_add(&sha, piece.p, piece.n);
	if (rc < 0)
		return -1;
	d = qa_sha256_end(&sha);
	part_read(c, item, qa_digest_eq(&d, &cur.digest));
	return 0;
}

int
qa_check_items(struct qa_check *c, struct qa_err *err)
{
	for (uint64_t n = 1; n <= c->items_max; n++) {
		if (!qa_bit_get(&c->placed, n) || qa_bit_get(&c->good, n))
			continue;
		if (check_item(c, n, err)) {
			if (errno == ENOMEM)
				return -1;
			qa_check_say_err(c, err);
		}
	}
	return 0;
}

/* ---- messages ---- */

/* 1 good, 0 not (said), -1. */
static int
check_message(struct qa_check *c, const struct qa_entry *e, struct qa_err *err)
{
	struct qa_sha256 message, rest;
	bool fresh = !qa_bit_get(&c->good, e->rest_item), whole = e->trace.n == 0;
	struct qa_tell t = {
		.message = &message,
		.rest = fresh && !whole ? &rest : NULL,
		.part_wanted = part_wanted,
		.part = part_read,
		.check = c,
	};
	struct qa_digest should;

	qa_sha256_init(&message);
	qa_sha256_init(&rest);
	if (qa_read_message(c->p, e, &t, &should, err)) {
		if (errno == ENOMEM)
			return -1;
		qa_fail_in(err, "entry %llu", (unsigned long long)e->n);
		qa_check_say_err(c, err);
		return 0;
	}
	struct qa_digest d = qa_sha256_end(&message), r = fresh && !whole ? qa_sha256_end(&rest) : d;
	if (fresh)
		rest_read(c, e->rest_item, &r, &should);
	if (qa_digest_eq(&d, &e->digest))
		return 1;
	qa_check_say(c, QA_FIND_DAMAGE, "entry %llu: the message does not have its digest", (unsigned long long)e->n);
	return 0;
}

/* ---- entries ---- */

static int
check_entry(struct qa_check *c, const struct qa_walk *w, uint32_t place, struct qa_err *err)
{
	struct qa_entry e;
	int good = 1;

	if (qa_read_entry(c->p, &c->frame, place, &e, err)) {
		if (errno == ENOMEM)
			return -1;
		qa_check_say_err(c, err);
		return 0;
	}
	if (qa_check_entry_record(c, w, place, &e, err))
		return -1;
	if (e.rest_item > w->head.items) {
		qa_check_say(c, QA_FIND_ORDER, "entry %llu refers to item %llu, which comes later",
			     (unsigned long long)e.n, (unsigned long long)e.rest_item);
		good = 0;
	} else if (e.has_message && !e.purged) {
		good = check_message(c, &e, err);
		if (good < 0)
			return -1;
	}
	if (c->each && c->each(c->ctx, c->p, &e, good == 1)) {
		int num = errno ? errno : ECANCELED;

		return qa_fail(err, num, "the check of %s was stopped: ", c->p->folder);
	}
	return 0;
}

/* Numbers and leaves of a frame against what came before. */
static void
check_order(struct qa_check *c, const struct qa_walk *w)
{
	const char *name = qa_seg_text(c->p, w->i);
	unsigned long long at = w->offset, first = w->head.first, entry = c->entry;

	if (!c->single && first > entry)
		qa_check_say(c, QA_FIND_MISSING, "entries %llu to %llu are missing before %s, %llu", entry, first - 1, name,
			     at);
	else if (first < entry)
		qa_check_say(c, QA_FIND_ORDER, "%s: the frame at %llu has entry %llu where %llu should follow", name, at,
			     first, entry);
	if (w->head.at < c->leaf)
		qa_check_say(c, QA_FIND_ORDER, "%s: the frame at %llu has leaf %llu, not above those before", name, at,
			     (unsigned long long)w->head.at);
	if (!c->single && w->head.items != c->placed_n)
		qa_check_say(c, w->head.items > c->placed_n ? QA_FIND_MISSING : QA_FIND_EXTRA,
			     "%s: before the frame at %llu there are %llu items, not %llu", name, at,
			     (unsigned long long)c->placed_n, (unsigned long long)w->head.items);
}

int
qa_check_entries(struct qa_check *c, const struct qa_walk *w, struct qa_err *err)
{
	check_order(c, w);
	if (qa_loaded_set(&c->frame, &w->head, w->dir, w->stored)) {
		if (errno != EBADMSG)
			return qa_fail(err, errno, "cannot check %s: ", c->p->folder);
		qa_check_say(c, QA_FIND_DAMAGE, "%s: the frame at %llu cannot be unpacked", qa_seg_text(c->p, w->i),
			     (unsigned long long)w->offset);
		return 0;
	}
	for (uint32_t i = 0; i < w->head.count; i++)
		if (w->head.at + i < c->bound && check_entry(c, w, i, err))
			return -1;
	c->entry = w->head.first + w->head.count;
	c->leaf = w->head.at + w->head.count;
	if (w->head.items > c->items_max)
		c->items_max = w->head.items;
	return 0;
}
