/*
 * Deep verification of index files. The records that a file claims to be synced must all be there and be right. Those behind them
 * are trusted by nobody and made again when the partition is next written to: a crash may have kept them from the disk, all or
 * by sectors. What did get there must be right all the same.
 */
#include "store/private.h"
#include "sys/sys.h"

#include <errno.h>

enum { SECTOR = 512 };

static const char entries_name[] = "entries.idx", items_name[] = "items.idx";

/* The index files disagree: from now on the handle reads by the segments alone. */
static int
index_wrong(struct qa_check *c, struct qa_err *err)
{
	struct qa_tail_end end;

	if (c->index_wrong)
		return 0;
	c->index_wrong = c->p->distrust = true;
	qa_index_cut(&c->p->entries, 0);
	qa_index_cut(&c->p->items, 0);
	return qa_tail_load(c->p, UINT64_MAX, &end, err) < 0 ? -1 : 0;
}

/* ---- headers ---- */

int
qa_check_index_open(struct qa_check *c, struct qa_err *err)
{
	const struct qa_index *e = &c->p->entries, *i = &c->p->items;

	return qa_index_open(&c->entries, e->path, e->record, e->month, false, err) ||
			       qa_index_open(&c->items, i->path, i->record, i->month, false, err)
		       ? -1
		       : 0;
}

static int
check_head(struct qa_check *c, const char *name, struct qa_index *x, struct qa_err *err)
{
	int rc = x->fd < 0 ? 0 : qa_index_blank(x, err);
	uint64_t claims = 0;
	struct stat st;

	if (rc < 0)
		return -1;
	if (rc == 1 || x->fd < 0) {
		/* a partition that was made and never written has nothing to find */
		if (c->p->man.n)
			qa_check_say(c, QA_FIND_NOTE, "%s is %s; the next writer makes it again", name,
				     rc ? "empty" : "not there");
		qa_close(&x->fd);
		return 0;
	}
	/* a slot may be being written at this moment */
	for (int tries = 0; rc == 0 && tries < 3; tries++)
		rc = qa_index_claims(x, &claims, err);
	if (rc < 0)
		return -1;
	if (qa_sys->fstat(x->fd, &st))
		return qa_fail(err, errno, "cannot look at %s: ", x->path);
	if (rc == 0)
		qa_check_say(c, QA_FIND_INDEX, "%s: the header is damaged", name);
	else if (claims > ((uint64_t)st.st_size - QA_INDEX_HEAD) / x->record)
		qa_check_say(c, QA_FIND_TRUNCATED, "%s ends before record %llu", name, (unsigned long long)claims);
	else
		return 0;
	return index_wrong(c, err);
}

int
qa_check_index_heads(struct qa_check *c, struct qa_err *err)
{
	return check_head(c, items_name, &c->items, err) || check_head(c, entries_name, &c->entries, err) ? -1 : 0;
}

/* ---- records ---- */

/* A record as it stands in the file: 1 it is right; 0 some of it did not get there, sector by sector; -1 it disagrees. */
static int
judge(const unsigned char *want, const unsigned char *is, size_t have, size_t size, uint64_t at)
{
	static const unsigned char zeros[QA_ENTRY_REC];
	int good = have == size;

	for (size_t from = 0, n; from < have; from += n) {
		n = (size_t)(SECTOR - (at + from) % SECTOR);
		if (n > have - from)
			n = have - from;
		if (memcmp(is + from, want + from, n) == 0)
			continue;
		if (memcmp(is + from, zeros, n) != 0)
			return -1;
		good = 0;
	}
	return good;
}

/* A record behind the trusted ones. */
static int
compare_untrusted(struct qa_index *x, uint64_t n, const unsigned char *want, uint32_t segment, struct qa_untrusted *u,
		  struct qa_err *err)
{
	unsigned char is[QA_ENTRY_REC];
	size_t have;

	if (qa_index_peek(x, n, is, &have, err))
		return -1;
	int fits = judge(want, is, have, x->record, qa_index_place(x, n));
	if (fits == 0 && (u->lacks == 0 || n < u->lacks))
		u->lacks = n;
	if (fits < 0 && (u->wrong == 0 || n < u->wrong)) {
		u->wrong = n;
		u->segment = segment;
	}
	return 0;
}

/* A trusted one: 1 it is right, 0 not, -1. */
static int
compare_trusted(struct qa_index *x, uint64_t n, const unsigned char *want, struct qa_err *err)
{
	unsigned char is[QA_ENTRY_REC];
	int rc = qa_index_get(x, n, is, err);

	return rc < 0 ? -1 : rc == 1 && memcmp(is, want, x->record) == 0;
}

int
qa_check_item_records(struct qa_check *c, const struct qa_walk *w, struct qa_err *err)
{
	uint32_t segment = c->p->man.v[w->i].number;
	uint64_t at = 0;

	for (uint32_t i = 0; i < w->head.count; i++) {
		struct qa_item_dir d = qa_item_dir_get(w->dir + (size_t)i * QA_ITEM_DIR);
		struct qa_item_rec r = {segment, (uint32_t)at, w->offset, d.length, {0}};
		unsigned char want[QA_ITEM_REC];
		int rc = 1;

		at += d.length;
		memcpy(r.digest, d.digest.b, sizeof r.digest);
		qa_item_rec_put(&r, want);
		if (d.number <= c->items.synced)
			rc = compare_trusted(&c->items, d.number, want, err);
		else if (!c->single && compare_untrusted(&c->items, d.number, want, segment, &c->items_left, err))
			rc = -1;
		if (rc == 0) {
			qa_check_say(c, QA_FIND_INDEX, "%s: the record of item %llu disagrees with %s", items_name,
				     (unsigned long long)d.number, qa_seg_text(c->p, w->i));
			rc = index_wrong(c, err);
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
qa_check_entry_record(struct qa_check *c, const struct qa_walk *w, uint32_t place, const struct qa_entry *e,
		      struct qa_err *err)
{
	struct qa_entry_rec r = {c->p->man.v[w->i].number, place, w->offset, e->leaf, {0}, {0}};
	unsigned char want[QA_ENTRY_REC];
	struct qa_id id;

	if (qa_read_id(e->fields, &id))
		memcpy(r.id, id.b, sizeof r.id);
	if (e->has_message)
		memcpy(r.digest, e->digest.b, sizeof r.digest);
	qa_entry_rec_put(&r, want);
	if (e->n > c->entries.synced)
		return c->single ? 0 : compare_untrusted(&c->entries, e->n, want, r.segment, &c->entries_left, err);
	int rc = compare_trusted(&c->entries, e->n, want, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	qa_check_say(c, QA_FIND_INDEX, "%s: the record of entry %llu disagrees with %s", entries_name,
		     (unsigned long long)e->n, qa_seg_text(c->p, w->i));
	return index_wrong(c, err);
}

/* most: records above it are of a round that is not committed. */
static void
say_untrusted(struct qa_check *c, const char *file, const char *what, const struct qa_index *x,
	      const struct qa_untrusted *u, uint64_t most)
{
	if (u->wrong && u->wrong <= most)
		qa_check_say(c, QA_FIND_INDEX, "%s: the record of %s %llu disagrees with segment %u", file, what,
			     (unsigned long long)u->wrong, u->segment);
	/* that the whole file is missing was said */
	if (x->fd >= 0 && u->lacks && u->lacks <= most)
		qa_check_say(c, QA_FIND_NOTE, "%s lacks the record of %s %llu; the next writer makes it again", file, what,
			     (unsigned long long)u->lacks);
}

void
qa_check_index_ends(struct qa_check *c)
{
	say_untrusted(c, items_name, "item", &c->items, &c->items_left, c->items_max);
	say_untrusted(c, entries_name, "entry", &c->entries, &c->entries_left, UINT64_MAX);
}
