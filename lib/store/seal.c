/*
 * Sealing, segment by segment.
 *
 *	write     a new generation of the file and new index files under temporary names; all synced
 *	verify    every frame and digest of it read back, through the new index files
 *	switch    old index files away; manifest published; new index files in their place; old segment removed
 *
 * Before the switch a failure leaves nothing but files that are removed. The index files go before the manifest changes:
 * with a manifest of another generation their places would be wrong, and none is better than wrong ones.
 *
 * A writer that opens the partition sweeps away what the manifest does not name. The folder's flock keeps it from the files
 * of a seal that lives; those of one that died go with the next such sweep.
 */
#include "store/seal-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>

static const char old_entries[] = ".tmp.old-entries", old_items[] = ".tmp.old-items";

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

static void
discard(struct qa_seal *s)
{
	char name[QA_SEGMENT_NAME];

	if (!s->made)
		return;
	qa_segment_name(s->line.number, s->line.generation, name);
	remove_in(s->p, name);
	remove_in(s->p, QA_SEAL_ENTRIES);
	remove_in(s->p, QA_SEAL_ITEMS);
	s->made = s->written = false;
}

static int
stat_segment(struct qa_partition *p, uint32_t number, uint32_t generation, struct stat *st_r, struct qa_err *err)
{
	char name[QA_SEGMENT_NAME], path[QA_PATH];

	qa_segment_name(number, generation, name);
	if (qa_store_path(p, name, path, err))
		return -1;
	if (qa_sys->fstatat(AT_FDCWD, path, st_r, 0))
		return qa_fail(err, errno, "cannot look at %s: ", path);
	return 0;
}

/* ---- writing ---- */

static void
clear(struct qa_seal *s)
{
	qa_out_clear(&s->out);
	qa_close(&s->out.fd);
	qa_loaded_free(&s->frame);
	qa_buf_free(&s->raw);
	qa_buf_free(&s->dir);
	free(s->item_recs.v);
	free(s->entry_recs.v);
	s->item_recs = s->entry_recs = (struct qa_seal_recs){NULL, 0, 0};
	s->count = 0;
}

/* That nothing of a round under way is in it. What a reader adds to the index in memory is not whole. */
static int
all_committed(struct qa_partition *p, uint64_t committed, struct qa_err *err)
{
	uint64_t n = qa_partition_entries(p);
	struct qa_entry e;
	int rc = n ? qa_partition_entry(p, n, &e, err) : 1;

	if (rc == 0 || (rc == 1 && n && e.leaf >= committed) || p->entries.disk < n || p->items.disk < p->items.total)
		return qa_fail(err, EAGAIN, "%s is being written to", p->folder);
	return rc == 1 ? 0 : -1;
}

static bool
is_empty(const struct qa_partition *p, size_t i, const struct stat *last)
{
	return i + 1 == p->man.n && p->man.v[i].state == QA_SEGMENT_OPEN && last->st_size <= QA_SEGMENT_HEAD;
}

int
qa_seal_write(struct qa_seal *s, uint64_t committed, int (*stop)(void *ctx), void *ctx, struct qa_err *err)
{
	struct qa_partition *p = s->p;

	discard(s);
	if (qa_store_reload(p, true, err))
		return -1;
	if (p->man.n == 0)
		return 0;
	const struct qa_manifest_line *last = &p->man.v[p->man.n - 1];
	if (stat_segment(p, last->number, last->generation, &s->last, err) || all_committed(p, committed, err))
		return -1;
	for (s->i = 0; s->i < p->man.n && p->man.v[s->i].state == QA_SEGMENT_SEALED;)
		s->i++;
	if (s->i == p->man.n || is_empty(p, s->i, &s->last))
		return 0;
	s->line = p->man.v[s->i];
	s->line.generation++;
	s->line.state = QA_SEGMENT_SEALED;
	s->stop = stop;
	s->ctx = ctx;
	s->no_memory = false;
	s->wrong[0] = 0;
	qa_sha256_init(&s->told);
	qa_sha256_init(&s->seen);
	int rc = qa_seal_make(s, err);
	if (rc == 0 && qa_sys->fstat(s->out.fd, &s->new))
		rc = qa_fail(err, errno, "cannot look at %s: ", s->out.name);
	int num = errno;
	clear(s);
	if (rc)
		discard(s);
	errno = num;
	s->written = rc == 0;
	return rc ? -1 : 1;
}

/* ---- switching ---- */

static bool
same_line(const struct qa_manifest_line *a, const struct qa_manifest_line *b)
{
	return a->number == b->number && a->generation == b->generation && a->state == b->state && a->size == b->size;
}

static bool
same_manifest(const struct qa_manifest *a, const struct qa_manifest *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = same_line(&a->v[i], &b->v[i]);
	return same;
}

/* Reads the manifest that is there now: 1, 0, -1; free with free_look. */
static int
look_again(struct qa_seal *s, struct qa_partition *look, struct qa_err *err)
{
	*look = (struct qa_partition){.folder = s->p->folder, .domain = s->p->domain, .month = s->p->month};
	return qa_store_manifest(look, err);
}

static void
free_look(struct qa_partition *look)
{
	free(look->seg);
	qa_manifest_free(&look->man);
}

/* An addition makes the last segment's file longer, or a new one; so does everything else change one of these. */
static int
check_unchanged(struct qa_seal *s, struct qa_err *err)
{
	const struct qa_manifest_line *last = &s->p->man.v[s->p->man.n - 1];
	struct qa_partition look;
	struct stat st = {0}, new = {0};
	int rc = look_again(s, &look, err);
	bool same = rc == 1 && same_manifest(&look.man, &s->p->man);

	free_look(&look);
	if (rc < 0 || (same && (stat_segment(s->p, last->number, last->generation, &st, err) ||
				stat_segment(s->p, s->line.number, s->line.generation, &new, err))))
		return -1;
	if (!same || st.st_ino != s->last.st_ino || st.st_size != s->last.st_size ||
	    st.st_mtim.tv_sec != s->last.st_mtim.tv_sec || st.st_mtim.tv_nsec != s->last.st_mtim.tv_nsec ||
	    new.st_ino != s->new.st_ino || new.st_size != s->new.st_size)
		return qa_fail(err, EAGAIN, "%s was added to while it was sealed", s->p->folder);
	return 0;
}

/* Whether the manifest on disk names the new file: 1, 0, -1. */
static int
published(struct qa_seal *s, struct qa_err *err)
{
	struct qa_partition look;
	int rc = look_again(s, &look, err);

	if (rc == 1)
		rc = s->i < look.man.n && look.man.v[s->i].generation == s->line.generation;
	else
		rc = -1;
	free_look(&look);
	return rc;
}

static int
switch_over(struct qa_seal *s, struct qa_err *err)
{
	struct qa_partition *p = s->p;
	uint32_t number = p->man.v[s->i].number, generation = p->man.v[s->i].generation;
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
	/* from here on it is sealed; whatever fails is made good when the partition is opened again */
	s->made = false;
	qa_segment_name(number, generation, name);
	remove_in(p, name);
	remove_in(p, old_entries);
	remove_in(p, old_items);
	return rename_in(p, QA_SEAL_ITEMS, "items.idx", err) || rename_in(p, QA_SEAL_ENTRIES, "entries.idx", err) ? -1 : 0;
back:;
	int num = errno;
	struct qa_err again;
	/* a failed sync of the folder leaves the new manifest in place: then the next writer makes it good, and both
	 * segments stay until it knows which manifest is durable */
	if (published(s, &again) != 0)
		s->made = false;
	else if (rename_in(p, old_entries, "entries.idx", &again) || rename_in(p, old_items, "items.idx", &again))
		remove_in(p, "entries.idx"); /* they are used together; made again from the segments */
	errno = num;
	return -1;
}

int
qa_seal_switch(struct qa_seal *s, struct qa_err *err)
{
	if (!s->written)
		return qa_fail(err, EINVAL, "nothing of %s waits to be switched", s->p->folder);
	s->written = false;
	if (check_unchanged(s, err) == 0 && switch_over(s, err) == 0)
		return 0;
	int num = errno;
	discard(s);
	errno = num;
	return -1;
}

/* ---- opening ---- */

int
qa_seal_tidy(const struct qa_partition_where *w, uint64_t committed, struct qa_err *err)
{
	struct qa_partition *p;

	if (qa_partition_append(w, committed, &p, err))
		return -1;
	int rc = p->entries.synced < p->entries.total || p->items.synced < p->items.total ? qa_writer_settle(p, err) : 0;
	int num = errno;
	qa_partition_close(p);
	errno = num;
	return rc;
}

int
qa_seal_open(const struct qa_partition_where *w, struct qa_seal **s_r, struct qa_err *err)
{
	struct qa_seal *s = calloc(1, sizeof *s);
	int num = ENOMEM, rc;

	if (!s)
		return qa_fail(err, ENOMEM, "cannot seal a month of %s: ", w->domain);
	s->folder = s->out.fd = -1;
	rc = qa_partition_read(w, &s->p, err);
	if (rc == 1) {
		s->folder = qa_open(AT_FDCWD, s->p->folder, O_RDONLY | O_DIRECTORY, 0, err);
		if (s->folder < 0)
			rc = -1;
		else if (flock(s->folder, LOCK_EX | LOCK_NB))
			rc = qa_fail(err, errno, errno == EWOULDBLOCK ? "%s is being sealed by somebody else" : "cannot lock %s: ",
				     s->p->folder);
	}
	if (rc == 1) {
		*s_r = s;
		return 1;
	}
	num = errno;
	qa_seal_close(s);
	errno = num;
	return rc;
}

void
qa_seal_close(struct qa_seal *s)
{
	if (!s)
		return;
	if (s->p)
		discard(s);
	qa_partition_close(s->p);
	qa_close(&s->folder);
	free(s);
}

int
qa_seal_whole(const struct qa_partition_where *w, uint64_t committed, int (*stop)(void *ctx), void *ctx, struct qa_err *err)
{
	struct qa_seal_state look;
	struct qa_seal *s;
	int rc = qa_seal_look(w, &look, err);

	if (rc == 1)
		rc = qa_seal_tidy(w, committed, err) ? -1 : qa_seal_open(w, &s, err);
	if (rc != 1)
		return rc;
	while ((rc = qa_seal_write(s, committed, stop, ctx, err)) == 1 && (rc = qa_seal_switch(s, err)) == 0)
		continue;
	int num = errno;
	qa_seal_close(s);
	errno = num;
	return rc == 0 ? 1 : -1;
}

/* ---- looking ---- */

static uint64_t
size_of(struct qa_partition *p, const char *name)
{
	char path[QA_PATH];
	struct stat st;

	return qa_store_path(p, name, path, NULL) == 0 && qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0 ? (uint64_t)st.st_size
												       : 0;
}

int
qa_seal_look(const struct qa_partition_where *w, struct qa_seal_state *st_r, struct qa_err *err)
{
	struct qa_partition *p;
	struct stat st;

	*st_r = (struct qa_seal_state){0};
	if (qa_store_new(w, &p, err))
		return -1;
	int rc = qa_store_manifest(p, err);
	for (size_t i = 0; rc == 1 && i < p->man.n; i++) {
		if (stat_segment(p, p->man.v[i].number, p->man.v[i].generation, &st, err)) {
			rc = -1;
			break;
		}
		st_r->bytes += (uint64_t)st.st_size;
		if (is_empty(p, i, &st))
			continue;
		st_r->segments++;
		if (p->man.v[i].state == QA_SEGMENT_SEALED)
			continue;
		st_r->unsealed++;
		if ((uint64_t)st.st_size > st_r->largest)
			st_r->largest = (uint64_t)st.st_size;
	}
	if (rc == 1)
		st_r->largest += size_of(p, "entries.idx") + size_of(p, "items.idx");
	int num = errno;
	qa_partition_close(p);
	errno = num;
	return rc;
}
