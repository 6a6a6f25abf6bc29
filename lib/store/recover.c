/*
 * Opening for appending, and going back to what is committed.
 *
 * What lies behind the last committed entry is cut off. Where the last use ended well enough to trust the file (a full
 * disk), it is truncated and goes on; else it is closed at that place in the manifest and a new one begins: after a failed
 * sync nobody knows what of it is on disk, and no sync of it may be tried again.
 */
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>

/* ---- cutting off ---- */

/* Closes segment end->i at its good end and lets go of those behind it. */
static int
close_at(struct qa_partition *p, const struct qa_tail_end *end, struct qa_err *err)
{
	struct qa_manifest m;
	size_t keep = end->at > QA_SEGMENT_HEAD ? end->i + 1 : end->i;
	char name[QA_SEGMENT_NAME], path[QA_PATH];

	if (qa_store_copy(&p->man, keep, &m, err))
		return -1;
	struct qa_buf gone = QA_BUF(0);
	for (size_t i = keep; i < p->man.n; i++) {
		qa_segment_name(p->man.v[i].number, p->man.v[i].generation, name);
		if (qa_buf_add(&gone, name, sizeof name)) {
			qa_manifest_free(&m);
			qa_buf_free(&gone);
			return qa_fail(err, ENOMEM, "cannot write a manifest: ");
		}
	}
	if (keep > end->i && (m.v[end->i].state == QA_SEGMENT_OPEN || m.v[end->i].size > end->at)) {
		m.v[end->i].state = QA_SEGMENT_CLOSED;
		m.v[end->i].size = end->at;
	}
	int rc = qa_store_use(p, &m, err);
	/* the files are not named any more: one that stays is removed by the next writer */
	for (size_t at = 0; rc == 0 && at < gone.n; at += sizeof name)
		if (qa_store_path(p, (char *)gone.p + at, path, NULL) == 0)
			qa_sys->unlinkat(AT_FDCWD, path, 0);
	qa_buf_free(&gone);
	return rc;
}

static int
cut(struct qa_partition *p, const struct qa_tail_end *end, bool fresh, struct qa_err *err)
{
	size_t last = p->man.n - 1;
	uint64_t size, at = end->at;

	if (p->man.n == 0)
		return 0;
	if (end->i + 1 == last && p->man.v[end->i].state != QA_SEGMENT_OPEN && p->man.v[end->i].size == end->at)
		at = QA_SEGMENT_HEAD; /* the last one is empty so far */
	else if (end->i != last)
		return close_at(p, end, err);
	if (qa_seg_end(p, last, &size, err))
		return -1;
	bool open = p->man.v[last].state == QA_SEGMENT_OPEN;
	if (size == at && (open || p->man.v[last].size == at))
		return open ? qa_writer_open_out(p, last, at, err) : 0;
	if (fresh || !open) {
		struct qa_tail_end here = {last, at, 0};

		return close_at(p, &here, err);
	}
	if (qa_writer_open_out(p, last, at, err))
		return -1;
	if (qa_sys->ftruncate(p->w->out.fd, (off_t)at))
		return qa_fail(err, errno, "cannot truncate %s: ", p->w->out.name);
	return 0;
}

/* ---- indexes ---- */

/* An index with entries that are not committed (the log was restored from a copy) is made anew. */
static int
lower(struct qa_partition *p, uint64_t committed, struct qa_err *err)
{
	unsigned char rec[QA_ENTRY_REC];
	struct qa_entry_rec r;

	if (p->entries.total == 0)
		return 0;
	if (qa_index_get(&p->entries, p->entries.total, rec, err) != 1)
		return -1;
	qa_entry_rec_get(rec, &r);
	if (r.leaf < committed)
		return 0;
	return qa_index_reset(&p->items, err) || qa_index_reset(&p->entries, err) ? -1 : 0;
}

static int
load_indexes(struct qa_partition *p, uint64_t committed, struct qa_tail_end *end_r, struct qa_err *err)
{
	char entries[QA_PATH], items[QA_PATH];

	if (qa_store_path(p, "entries.idx", entries, err) || qa_store_path(p, "items.idx", items, err))
		return -1;
	if (qa_index_open(&p->entries, entries, QA_ENTRY_REC, p->month, true, err) ||
	    qa_index_open(&p->items, items, QA_ITEM_REC, p->month, true, err) || lower(p, committed, err))
		return -1;
	int rc = qa_tail_load(p, committed, end_r, err);
	if (rc == 1) {
		if (qa_index_reset(&p->items, err) || qa_index_reset(&p->entries, err))
			return -1;
		rc = qa_tail_load(p, committed, end_r, err);
	}
	return rc ? -1 : 0;
}

/* ---- the cache of known things ---- */

static int
mark_of(struct qa_partition *p, uint64_t entries, uint64_t items, struct qa_known_mark *m_r, struct qa_err *err)
{
	unsigned char rec[QA_ENTRY_REC];

	memset(m_r, 0, sizeof *m_r);
	m_r->entries = entries;
	m_r->items = items;
	if (entries) {
		if (qa_seg_open(p, 0, err) || qa_index_get(&p->entries, entries, rec, err) != 1)
			return -1;
		memcpy(m_r->salt, p->seg[0].salt, sizeof m_r->salt);
		memcpy(m_r->id, rec + 24, sizeof m_r->id);
	}
	if (items) {
		if (qa_index_get(&p->items, items, rec, err) != 1)
			return -1;
		memcpy(m_r->digest, rec + 24, sizeof m_r->digest);
	}
	return 0;
}

static int
know_entries(struct qa_partition *p, struct qa_err *err)
{
	static const unsigned char none[8];
	unsigned char rec[QA_ENTRY_REC];
	struct qa_entry_rec r;

	for (uint64_t n = p->w->known.mark.entries + 1; n <= p->entries.total; n++) {
		if (qa_index_get(&p->entries, n, rec, err) != 1)
			return -1;
		qa_entry_rec_get(rec, &r);
		if (qa_known_add(&p->w->known, QA_KNOWN_ID, r.id, n, err))
			return -1;
		if (memcmp(r.digest, none, sizeof none) != 0 &&
		    qa_known_add(&p->w->known, QA_KNOWN_MESSAGE, r.digest, n, err))
			return -1;
	}
	return 0;
}

static int
know(struct qa_partition *p, struct qa_err *err)
{
	struct qa_known *k = &p->w->known;
	uint64_t keys = p->entries.total * 2 + p->items.total;
	struct qa_known_mark m;
	unsigned char rec[QA_ITEM_REC];

	if (qa_known_open(k, p->known_path, p->month, keys, err))
		return -1;
	bool same = k->mark.entries <= p->entries.total && k->mark.items <= p->items.total;
	if (same && mark_of(p, k->mark.entries, k->mark.items, &m, err))
		return -1;
	if ((!same || memcmp(&m, &k->mark, sizeof m) != 0 || (k->mark.entries == 0 && k->used)) &&
	    qa_known_reset(k, keys, err))
		return -1;
	uint64_t items = k->mark.items;
	if (know_entries(p, err))
		return -1;
	for (uint64_t n = items + 1; n <= p->items.total; n++)
		if (qa_index_get(&p->items, n, rec, err) != 1 ||
		    qa_known_add(k, QA_KNOWN_ITEM, rec + 24, n, err))
			return -1;
	return 0;
}

/* ---- the whole ---- */

int
qa_writer_settle(struct qa_partition *p, struct qa_err *err)
{
	struct qa_writer *w = p->w;
	struct qa_known_mark m;

	/* items first: entries that are trusted need theirs */
	if (qa_index_sync(&p->items, w->items_good, err) || qa_index_sync(&p->entries, w->entries_good, err))
		return -1;
	if (mark_of(p, w->entries_good, w->items_good, &m, err))
		return -1;
	return qa_known_sync(&w->known, &m, err);
}

void
qa_writer_free(struct qa_partition *p)
{
	enum { WORTH = 256 }; /* entries; less are read from the segments faster than synced */
	struct qa_writer *w = p->w;

	if (!w)
		return;
	if (!w->stuck && w->entries_good >= p->entries.synced + WORTH && w->known.path) {
		/* a failure costs the next one who opens it some time, no more */
		int rc = qa_writer_settle(p, NULL);
		(void)rc;
	}
	qa_writer_forget(w);
	qa_writer_close_out(w);
	qa_known_close(&w->known);
	free(w);
	p->w = NULL;
}

/* The partition's folder. One that is there may be from a writer who died before its name was durable. */
static int
make_folder(struct qa_partition *p, struct qa_err *err)
{
	char depot[QA_PATH];
	const char *slash = strrchr(p->folder, '/');

	if (!slash || (size_t)(slash - p->folder) >= sizeof depot)
		return qa_fail(err, ENAMETOOLONG, "cannot make folder %s: ", p->folder);
	if (qa_sys->mkdirat(AT_FDCWD, p->folder, 0750) && errno != EEXIST) {
		if (errno == ENOENT)
			return qa_mkdirs(AT_FDCWD, p->folder, 0750, err);
		return qa_fail(err, errno, "cannot make folder %s: ", p->folder);
	}
	memcpy(depot, p->folder, (size_t)(slash - p->folder));
	depot[slash - p->folder] = 0;
	return qa_fsync_dir(AT_FDCWD, depot[0] ? depot : "/", err);
}

static int
recover(struct qa_partition *p, uint64_t committed, bool fresh, struct qa_err *err)
{
	struct qa_tail_end end;
	int rc = qa_store_manifest(p, err);

	if (rc < 0)
		return -1;
	if (rc == 0 && make_folder(p, err))
		return -1;
	/* what this manifest names must not be lost with it: whoever published it may have died before the folder was synced */
	if (rc == 1 && qa_fsync_dir(AT_FDCWD, p->folder, err))
		return -1;
	if (qa_store_sweep(p, rc == 1, err) || load_indexes(p, committed, &end, err) || cut(p, &end, fresh, err))
		return -1;
	p->w->entries_good = p->entries.total;
	p->w->items_good = p->items.total;
	return know(p, err);
}

int
qa_recover(struct qa_partition *p, uint64_t committed, bool fresh, struct qa_err *err)
{
	if (p->w) {
		p->w->stuck = true;
		qa_writer_free(p);
	}
	qa_store_drop(p);
	for (size_t i = 0; i < QA_ROLES; i++)
		qa_loaded_free(&p->cache[i]);
	p->w = calloc(1, sizeof *p->w);
	if (!p->w)
		return qa_fail(err, ENOMEM, "cannot open %s: ", p->folder);
	p->w->out.fd = p->w->known.fd = -1;
	p->w->out.frame = QA_FRAME_OPEN;
	p->w->out.level = 3;
	p->w->bytes.limit = QA_ROUND_BYTES + 2 * QA_FRAME_MAX;
	p->entries.fd = p->items.fd = -1;
	if (recover(p, committed, fresh, err)) {
		p->w->stuck = true;
		return -1;
	}
	return 0;
}

int
qa_partition_append(const struct qa_partition_where *w, uint64_t committed, struct qa_partition **p_r,
		    struct qa_err *err)
{
	struct qa_partition *p;

	if (qa_store_new(w, &p, err))
		return -1;
	if (!p->known_path) {
		qa_partition_close(p);
		return qa_fail(err, EINVAL, "a writer needs the folder var of %s", w->domain);
	}
	if (qa_recover(p, committed, true, err)) {
		int num = errno;

		qa_partition_close(p);
		errno = num;
		return -1;
	}
	*p_r = p;
	return 0;
}

int
qa_partition_rollback(struct qa_partition *p, uint64_t committed, struct qa_err *err)
{
	if (!p->w)
		return qa_fail(err, EBADF, "%s is open for reading only", p->folder);
	bool fresh = p->w->asked || p->w->hard;
	if (qa_recover(p, committed, fresh, err)) {
		p->w->asked = fresh;
		return -1;
	}
	return 0;
}
