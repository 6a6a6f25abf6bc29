#include "catalog/follow-private.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

void
qa_follow_forget(struct qa_follow *f)
{
	qa_catalog_close(f->kept);
	f->kept = NULL;
}

struct qa_follow_known *
qa_follow_known(struct qa_follow *f, qa_month m)
{
	struct qa_follow_known k = {.month = m};

	for (guint i = 0; i < f->known->len; i++)
		if (g_array_index(f->known, struct qa_follow_known, i).month == m)
			return &g_array_index(f->known, struct qa_follow_known, i);
	g_array_append_val(f->known, k);
	return &g_array_index(f->known, struct qa_follow_known, f->known->len - 1);
}

/* ---- one entry ---- */

struct spool {
	int fd;
	const char *dir;
	struct qa_err *err;
};

static int
spool_piece(void *ctx, qa_span piece)
{
	struct spool *s = ctx;

	return qa_write_all(s->fd, piece.p, piece.n, s->dir, s->err);
}

/* A large message as a mapping of a file without a name: *map_r of e->size bytes. 0; -1 with EBADMSG when it cannot be
 * had from the store. */
static int
spool_message(struct qa_follow *f, struct qa_partition *p, const struct qa_entry *e, void **map_r,
	      struct qa_err *err)
{
	struct spool s = {qa_open(AT_FDCWD, f->dir, O_TMPFILE | O_RDWR, 0600, err), f->dir, err};
	int r = -1;

	if (s.fd < 0)
		return -1;
	if (qa_partition_message(p, e, spool_piece, &s, err) == 0) {
		*map_r = mmap(NULL, (size_t)e->size, PROT_READ, MAP_PRIVATE, s.fd, 0);
		r = *map_r == MAP_FAILED ? qa_fail(err, errno, "cannot map a large message of %s: ", f->domain) : 0;
	}
	qa_close(&s.fd);
	return r;
}

/* The message of e, in f->message or mapped; *bytes_r. */
static int
read_message(struct qa_follow *f, struct qa_partition *p, const struct qa_entry *e, qa_span *bytes_r, void **map_r,
	     struct qa_err *err)
{
	*map_r = NULL;
	qa_buf_clear(&f->message);
	if (e->size <= HELD) {
		if (qa_partition_message_buf(p, e, &f->message, err))
			return -1;
		*bytes_r = qa_buf_span(&f->message);
		return 0;
	}
	if (spool_message(f, p, e, map_r, err))
		return -1;
	*bytes_r = qa_span_of(*map_r, (size_t)e->size);
	return 0;
}

static int
add_entry(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, const struct qa_entry *e,
	  struct qa_err *err)
{
	qa_span bytes = {NULL, 0};
	void *map = NULL;
	bool readable = true;
	struct qa_err own = {0};
	int r;

	qa_buf_clear(&f->fields);
	if (qa_buf_addspan(&f->fields, e->fields))
		return qa_fail(err, errno, "cannot hold the envelope of an entry of %s: ", f->domain);
	if (e->has_message && read_message(f, p, e, &bytes, &map, &own)) {
		char id[QA_ENTRY_ID_TEXT];

		if (own.num != EBADMSG) {
			*err = own;
			errno = own.num;
			return -1;
		}
		/* md_verify is the one to say it loudly; the entry must not stop those behind it */
		qa_entry_id_text(&(struct qa_entry_id){m, e->n}, id);
		qa_log(QA_ERROR, "event=index.entry.unreadable domain=%s entry=%s why=%s", f->domain, id,
		       qa_log_quote(own.text));
		readable = false;
	}
	r = qa_entry_row_make(&f->row, e, qa_buf_span(&f->fields), readable, bytes, f->hooks.limits, err);
	if (r == 0)
		r = qa_catalog_add(c, &f->row.row, err);
	if (r == 0 && (f->row.row.flags & QA_ROW_FALLBACK))
		f->fallbacks++;
	if (map)
		munmap(map, (size_t)e->size);
	return r;
}

/* The depot's entry N cannot be read. If entries behind it can, its place is taken by a row without words; md_verify names the
 * damage, md_reindex fills the row when it is mended. */
static int
add_gap(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, uint64_t n, struct qa_err *err)
{
	struct qa_row *r = &f->row.row;
	const struct qa_catalog_state *s = qa_catalog_state(c);
	char id[QA_ENTRY_ID_TEXT];
	struct qa_entry e;
	uint64_t later = n;
	int found = -1;

	while (found < 0 && ++later <= qa_partition_entries(p))
		found = qa_partition_entry(p, later, &e, NULL);
	if (found != 1 || e.leaf >= qa_follow_committed(f))
		return -1; /* err says what is wrong with N */
	qa_entry_id_text(&(struct qa_entry_id){m, n}, id);
	qa_log(QA_ERROR, "event=index.entry.unreadable domain=%s entry=%s why=%s", f->domain, id,
	       qa_log_quote(err->text));
	qa_row_clear(r);
	r->n = n;
	r->leaf = e.leaf - (later - n);
	r->date = s->last_n ? s->last_date : qa_seconds_of((int)(m / 12), m % 12 + 1, 1, 0, 0, 0);
	r->flags = QA_MESSAGE | QA_ROW_MESSAGE | QA_ROW_FALLBACK;
	return qa_catalog_add(c, r, err);
}

/* ---- one month ---- */

bool
qa_follow_stopped(const struct qa_follow *f)
{
	return f->hooks.stop && f->hooks.stop(f->hooks.ctx);
}

static int
commit(struct qa_follow *f, struct qa_catalog *c, struct qa_follow_known *k, struct qa_err *err)
{
	if (qa_catalog_commit(c, err))
		return -1;
	k->done = qa_catalog_state(c)->last_n;
	if (f->hooks.progress)
		f->hooks.progress(f->hooks.ctx, f->domain, qa_follow_done(f), qa_follow_committed(f));
	return 0;
}

/* Entry N into the batch: 1, 0 not committed yet, -1. */
static int
fill_one(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, uint64_t n,
	 struct qa_err *err)
{
	struct qa_entry e;
	int r = qa_partition_entry(p, n, &e, err);

	if (r < 0) {
		f->store_failed = true;
		if (errno != EBADMSG || add_gap(f, c, p, m, n, err))
			return -1;
		f->store_failed = false;
		return 1;
	}
	if (r == 0 || e.leaf >= qa_follow_committed(f))
		return 0;
	return add_entry(f, c, p, m, &e, err) ? -1 : 1;
}

/* Adds entries up to what is committed: 1, 0 stopped, -1. */
static int
fill(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, struct qa_follow_known *k, struct qa_err *err)
{
	uint64_t entries = qa_partition_entries(p), batch = qa_catalog_state(c)->last_n, began = qa_tick();

	for (uint64_t n = batch + 1; n <= entries; n++) {
		int r = fill_one(f, c, p, k->month, n, err);

		if (r < 0)
			return -1;
		if (r == 0)
			break;
		if (n - batch >= QA_CATALOG_BATCH || qa_tick() - began > QA_SECOND) {
			if (commit(f, c, k, err))
				return -1;
			batch = n;
			began = qa_tick();
		}
		if (qa_follow_stopped(f))
			return commit(f, c, k, err) ? -1 : 0;
	}
	return commit(f, c, k, err) ? -1 : 1;
}

/* Whether the catalog's end is where it says in this partition: 1, 0, -1. */
static int
fits(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, struct qa_err *err)
{
	const struct qa_catalog_state *s = qa_catalog_state(c);
	struct qa_entry e;
	int r;

	if (s->last_n == 0)
		return 1;
	r = qa_partition_entry(p, s->last_n, &e, err);
	if (r < 0 && errno == EBADMSG)
		return 1; /* nothing to compare with */
	if (r <= 0)
		return r;
	return e.leaf + 1 == s->next_leaf && e.leaf < qa_follow_committed(f);
}

static void
say_remade(const struct qa_follow *f, qa_month m, const char *why)
{
	char month[QA_MONTH_TEXT];

	qa_month_text(m, month);
	qa_log(QA_WARNING, "event=index.catalog.remade domain=%s partition=%s why=%s", f->domain, month,
	       qa_log_quote(why));
}

/* Opens the catalog; what does not fit the partition is remade. */
static int
open_catalog(struct qa_follow *f, struct qa_partition *p, qa_month m, struct qa_catalog **c_r, struct qa_err *err)
{
	const char *why;
	int r;

	if (qa_catalog_write(f->dir, f->domain, m, c_r, &why, err))
		return -1;
	if (why)
		say_remade(f, m, why);
	r = fits(f, *c_r, p, err);
	if (r == 1)
		return 0;
	qa_catalog_close(*c_r);
	if (r < 0) {
		f->store_failed = true;
		return -1;
	}
	say_remade(f, m, "it does not fit the depot");
	if (qa_catalog_remove(f->dir, m, err))
		return -1;
	return qa_catalog_write(f->dir, f->domain, m, c_r, NULL, err);
}

static ino_t
file_of(const struct qa_follow *f, qa_month m)
{
	char name[QA_CATALOG_NAME];
	g_autofree char *path = NULL;
	struct stat st;

	qa_catalog_name(m, name);
	path = g_strdup_printf("%s/%s", f->dir, name);
	return qa_sys->fstatat(AT_FDCWD, path, &st, 0) ? 0 : st.st_ino;
}

/* The kept handle, if it is this month's and its file was not replaced meanwhile; else a new one. */
static int
take_catalog(struct qa_follow *f, struct qa_partition *p, qa_month m, struct qa_catalog **c_r, struct qa_err *err)
{
	if (f->kept && f->kept_month == m && f->kept_file == file_of(f, m)) {
		*c_r = f->kept;
		f->kept = NULL;
		return 0;
	}
	if (f->kept && f->kept_month == m)
		qa_follow_forget(f);
	return open_catalog(f, p, m, c_r, err);
}

static void
keep_catalog(struct qa_follow *f, qa_month m, struct qa_catalog *c)
{
	qa_follow_forget(f);
	f->kept = c;
	f->kept_month = m;
	f->kept_file = file_of(f, m);
}

/* A month is over for its catalog when a newer one has mail and nothing came for a while: late mail would make it be
 * compacted again and again. */
static bool
is_over(const struct qa_follow *f, qa_month m, bool newest)
{
	struct qa_partition_where where = {f->depot, NULL, f->domain, m};
	int64_t changed, now = (int64_t)(qa_now() / QA_SECOND);

	if (newest || qa_partition_changed(&where, &changed, NULL))
		return false;
	return f->hooks.seal || changed < now - QA_FOLLOW_QUIET;
}

static int
finish(struct qa_follow *f, struct qa_catalog *c, struct qa_follow_known *k, bool newest, struct qa_err *err)
{
	if (is_over(f, k->month, newest)) {
		if (qa_catalog_seal(c, err))
			return -1;
	} else if (!f->hooks.trickle && qa_catalog_checkpoint(c, err)) {
		return -1;
	}
	k->sealed = qa_catalog_state(c)->sealed;
	return 0;
}

int
qa_follow_month(struct qa_follow *f, qa_month m, bool newest, struct qa_err *err)
{
	struct qa_follow_known *k = qa_follow_known(f, m);
	struct qa_partition *p;
	struct qa_catalog *c;
	int r = qa_archive_partition(f->archive, m, &p, err);

	if (r < 0)
		f->store_failed = true;
	if (r != 1)
		return r < 0 ? -1 : 1; /* gone offline meanwhile: not ours to mend */
	if (!f->fresh && k->done == qa_partition_entries(p) && (k->sealed || !is_over(f, m, newest)))
		return 1;
	if (take_catalog(f, p, m, &c, err))
		return -1;
	k->done = qa_catalog_state(c)->last_n;
	r = fill(f, c, p, k, err);
	if (r == 1 && finish(f, c, k, newest, err))
		r = -1;
	if (r < 0 && err->num == EBADMSG && !f->store_failed) {
		/* damage that showed only while writing: away with it, the next pass makes it again */
		say_remade(f, m, err->text);
		qa_catalog_close(c);
		k->done = 0;
		return qa_catalog_remove(f->dir, m, err) ? -1 : 0;
	}
	if (r >= 0 && newest)
		keep_catalog(f, m, c);
	else
		qa_catalog_close(c);
	return r;
}

static int
put_in_place(struct qa_follow *f, const char *aside, qa_month m, struct qa_err *err)
{
	char name[QA_CATALOG_NAME];
	g_autofree char *from = NULL, *to = NULL;

	qa_catalog_name(m, name);
	from = g_strdup_printf("%s/%s", aside, name);
	to = g_strdup_printf("%s/%s", f->dir, name);
	/* the old one goes in one step, with its WAL; then the new one, which has none, comes */
	if (qa_catalog_remove(f->dir, m, err))
		return -1;
	if (qa_sys->renameat(AT_FDCWD, from, AT_FDCWD, to))
		return qa_fail(err, errno, "cannot rename %s: ", from);
	return qa_fsync_dir(AT_FDCWD, f->dir, err);
}

int
qa_follow_aside(struct qa_follow *f, const char *aside, qa_month m, struct qa_err *err)
{
	struct qa_follow_known *k = qa_follow_known(f, m);
	struct qa_partition *p;
	struct qa_catalog *c;
	int r = qa_archive_partition(f->archive, m, &p, err);

	if (r != 1)
		return r < 0 ? -1 : qa_fail(err, ENOENT, "the depot of %s has no such month", f->domain);
	if (qa_mkdirs(AT_FDCWD, aside, 0750, err) || qa_catalog_remove(aside, m, err) ||
	    qa_catalog_write(aside, f->domain, m, &c, NULL, err))
		return -1;
	k->done = 0;
	k->sealed = true;
	r = fill(f, c, p, k, err);
	if (r == 1 && qa_catalog_seal(c, err))
		r = -1;
	qa_catalog_close(c);
	if (r == 1 && put_in_place(f, aside, m, err))
		r = -1;
	if (r != 1 && qa_catalog_remove(aside, m, NULL))
		return -1;
	return r;
}
