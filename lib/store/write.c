/*
 * A round: add (add.c), flush, sync.
 *
 *	idle --add--> waiting --flush--> flushed --sync--> asked --(the caller commits the set, then the log)--> idle
 *
 * Any failure to write makes the handle stuck; rollback (recover.c) brings it back to idle. That a round was committed is known when
 * the next one is flushed: only then the indexes may claim its entries.
 */
#include "store/private.h"

#include <errno.h>
#include <stdlib.h>

int
qa_writer_stick(struct qa_partition *p)
{
	int num = errno;

	p->w->stuck = true;
	if (num != ENOSPC && num != EDQUOT && num != EFBIG && num != ENOMEM)
		p->w->hard = true;
	errno = num;
	return -1;
}

int
qa_writer_usable(struct qa_partition *p, struct qa_err *err)
{
	if (!p->w)
		return qa_fail(err, EBADF, "%s is open for reading only", p->folder);
	if (p->w->stuck)
		return qa_fail(err, EIO, "%s: an earlier write failed; roll back first", p->folder);
	return 0;
}

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
	if (qa_writer_usable(p, err))
		return -1;
	if (p->w->waits == 0)
		return 0;
	if (flush(p, first_leaf, err))
		return qa_writer_stick(p);
	/* idle handles are light */
	for (size_t i = 0; i < QA_ROLES; i++)
		qa_loaded_free(&p->cache[i]);
	return 0;
}

int
qa_partition_sync(struct qa_partition *p, struct qa_syncset *set, struct qa_err *err)
{
	if (qa_writer_usable(p, err))
		return -1;
	if (!p->w->flushed)
		return 0;
	/* The folder was synced when the file was made; but who made it may have been killed before. */
	if (!p->w->named && qa_syncset_folder(set, AT_FDCWD, p->folder, err))
		return qa_writer_stick(p);
	p->w->named = true;
	if (qa_syncset_file(set, p->w->out.fd, p->w->out.name, err))
		return qa_writer_stick(p);
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
