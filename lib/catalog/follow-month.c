#include "catalog/follow-private.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
		f->hooks.progress(f->hooks.ctx, f->domain, qa_follow_done(f), qa_follow_bound(f));
	return 0;
}

/* Entry N into the batch: 1, 0 not signed yet, -1. */
static int
fill_one(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, uint64_t n,
	 struct qa_err *err)
{
	struct qa_entry e;
	int r = qa_partition_entry(p, n, &e, err);

	if (r < 0) {
		f->store_failed = true;
		if (errno != EBADMSG || qa_follow_gap(f, c, p, m, n, err))
			return -1;
		f->store_failed = false;
		return 1;
	}
	if (r == 0 || e.leaf >= qa_follow_bound(f))
		return 0;
	return qa_follow_add(f, c, p, m, &e, err) ? -1 : 1;
}

/* Adds entries up to what is signed: 1, 0 stopped, -1. */
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

/* Whether the catalog's end is where it says in this partition, and the same entry: 1, 0, -1. */
static int
fits(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, struct qa_err *err)
{
	static const struct qa_digest none;
	const struct qa_catalog_state *s = qa_catalog_state(c);
	struct qa_digest hash;
	struct qa_entry e;
	int r;

	if (s->last_n == 0)
		return 1;
	r = qa_partition_entry(p, s->last_n, &e, err);
	if (r < 0 && errno == EBADMSG)
		return 1; /* nothing to compare with */
	if (r <= 0)
		return r;
	if (e.leaf + 1 != s->next_leaf || e.leaf >= qa_follow_bound(f))
		return 0;
	hash = qa_follow_hash(m, &e);
	return qa_digest_eq(&s->last_hash, &none) || qa_digest_eq(&s->last_hash, &hash);
}

static void
say_remade(const struct qa_follow *f, qa_month m, const char *why)
{
	char month[QA_MONTH_TEXT];

	qa_month_text(m, month);
	qa_log(QA_WARNING, "event=index.catalog.remade domain=%s partition=%s why=%s", f->domain, month,
	       qa_log_quote(why));
}

/* Opens the catalog of month m. */
static int
open_catalog(struct qa_follow *f, qa_month m, struct qa_catalog **c_r, struct qa_err *err)
{
	const char *why;

	if (qa_catalog_write(f->dir, f->domain, m, c_r, &why, err))
		return -1;
	if (why)
		say_remade(f, m, why);
	return 0;
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

/* The kept handle, if it is this month's and its file was not replaced meanwhile; else a new one. What does not fit the partition is
 * remade. */
static int
take_catalog(struct qa_follow *f, struct qa_partition *p, qa_month m, struct qa_catalog **c_r, struct qa_err *err)
{
	int r;

	if (f->kept && f->kept_month == m && f->kept_file == file_of(f, m)) {
		*c_r = f->kept;
		f->kept = NULL;
	} else {
		if (f->kept && f->kept_month == m)
			qa_follow_forget(f);
		if (open_catalog(f, m, c_r, err))
			return -1;
	}
	r = fits(f, *c_r, p, m, err);
	if (r == 1)
		return 0;
	qa_catalog_close(*c_r);
	if (r < 0) {
		f->store_failed = true;
		return -1;
	}
	say_remade(f, m, "it knows entries that the log does not have");
	return qa_catalog_remove(f->dir, m, err) || open_catalog(f, m, c_r, err) ? -1 : 0;
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
