#include "catalog/follow.h"

#include "archive/home.h"
#include "archive/read.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "catalog/entry-row.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum {
	HELD = 32 << 20, /* larger messages are spooled to a file and mapped, so that memory stays flat */
};

/* What is known of a month since the last pass. */
struct known {
	qa_month month;
	uint64_t done;
	bool sealed;
};

struct qa_follow {
	char *home, *domain, *dir, *edge, *depot;
	struct qa_archive *archive;
	struct qa_follow_hooks hooks;
	struct qa_entry_row row;
	struct qa_buf message, fields;
	GArray *known;
	qa_month newest;
	struct stat seen; /* the edge, before the last pass that ended well */
	uint64_t committed;
	bool fresh;	  /* no pass yet */
	bool store_failed; /* the last error is the depot's, not a catalog's */
	uint64_t fallbacks;

	/* the catalog that the last pass wrote to, kept open for the next one */
	struct qa_catalog *kept;
	qa_month kept_month;
	ino_t kept_file;
};

int
qa_follow_open(const char *home, const char *domain, const struct qa_follow_hooks *hooks, struct qa_follow **f_r,
	       struct qa_err *err)
{
	struct qa_follow *f;
	struct qa_archive *a;
	char path[QA_PATH_MAX];
	int r = qa_archive_open(home, domain, &a, err);

	if (r != 1)
		return r;
	f = g_new0(struct qa_follow, 1);
	f->archive = a;
	f->home = g_strdup(home);
	f->domain = g_strdup(domain);
	if (hooks)
		f->hooks = *hooks;
	f->known = g_array_new(FALSE, FALSE, sizeof(struct known));
	f->message.limit = HELD + 1;
	f->fields.limit = (size_t)QA_JOURNAL_FIELDS_MAX + 1;
	f->fresh = true;
	qa_entry_row_init(&f->row);
	if (qa_home_path(path, home, err, QA_HOME_LOG "/edge", domain))
		goto bad;
	f->edge = g_strdup(path);
	if (qa_home_path(path, home, err, QA_HOME_DEPOT, domain))
		goto bad;
	f->depot = g_strdup(path);
	if (qa_home_path(path, home, err, QA_HOME_VAR "/catalog", domain))
		goto bad;
	f->dir = g_strdup(path);
	if (qa_mkdirs(AT_FDCWD, path, 0750, err))
		goto bad;
	*f_r = f;
	return 1;
bad:
	qa_follow_close(f);
	return -1;
}

static void
forget_catalog(struct qa_follow *f)
{
	qa_catalog_close(f->kept);
	f->kept = NULL;
}

void
qa_follow_rest(struct qa_follow *f)
{
	forget_catalog(f);
	qa_archive_close(f->archive);
	f->archive = NULL;
}

void
qa_follow_close(struct qa_follow *f)
{
	if (!f)
		return;
	qa_follow_rest(f);
	qa_entry_row_free(&f->row);
	qa_buf_free(&f->message);
	qa_buf_free(&f->fields);
	g_array_free(f->known, TRUE);
	g_free(f->home);
	g_free(f->domain);
	g_free(f->dir);
	g_free(f->edge);
	g_free(f->depot);
	g_free(f);
}

const char *
qa_follow_domain(const struct qa_follow *f)
{
	return f->domain;
}

uint64_t
qa_follow_done(const struct qa_follow *f)
{
	uint64_t sum = 0;

	for (guint i = 0; i < f->known->len; i++)
		sum += g_array_index(f->known, struct known, i).done;
	return sum;
}

uint64_t
qa_follow_committed(const struct qa_follow *f)
{
	return f->committed;
}

uint64_t
qa_follow_fallbacks(const struct qa_follow *f)
{
	return f->fallbacks;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
qa_follow_changed(struct qa_follow *f)
{
	struct stat now;

	if (f->fresh)
		return true;
	return qa_sys->fstatat(AT_FDCWD, f->edge, &now, 0) == 0 && !same_file(&now, &f->seen);
}

static struct known *
known_of(struct qa_follow *f, qa_month m)
{
	struct known k = {.month = m};

	for (guint i = 0; i < f->known->len; i++)
		if (g_array_index(f->known, struct known, i).month == m)
			return &g_array_index(f->known, struct known, i);
	g_array_append_val(f->known, k);
	return &g_array_index(f->known, struct known, f->known->len - 1);
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
		qa_log(QA_ERROR, "event=index.entry.unreadable domain=%s entry=%s reason=%s", f->domain, id,
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
	qa_log(QA_ERROR, "event=index.entry.unreadable domain=%s entry=%s reason=%s", f->domain, id,
	       qa_log_quote(err->text));
	qa_row_clear(r);
	r->n = n;
	r->leaf = e.leaf - (later - n);
	r->date = s->last_n ? s->last_date : qa_seconds_of((int)(m / 12), m % 12 + 1, 1, 0, 0, 0);
	r->flags = QA_MESSAGE | QA_ROW_MESSAGE | QA_ROW_FALLBACK;
	return qa_catalog_add(c, r, err);
}

/* ---- one month ---- */

static bool
stopped(const struct qa_follow *f)
{
	return f->hooks.stop && f->hooks.stop(f->hooks.ctx);
}

static int
commit(struct qa_follow *f, struct qa_catalog *c, struct known *k, struct qa_err *err)
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
fill(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, struct known *k, struct qa_err *err)
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
		if (stopped(f))
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
	qa_log(QA_WARNING, "event=index.catalog.remade domain=%s month=%s reason=%s", f->domain, month,
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
		forget_catalog(f);
	return open_catalog(f, p, m, c_r, err);
}

static void
keep_catalog(struct qa_follow *f, qa_month m, struct qa_catalog *c)
{
	forget_catalog(f);
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
finish(struct qa_follow *f, struct qa_catalog *c, struct known *k, bool newest, struct qa_err *err)
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

/* 1 all of the month is in, 0 not, -1. */
static int
month_pass(struct qa_follow *f, qa_month m, bool newest, struct qa_err *err)
{
	struct known *k = known_of(f, m);
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

/* Months whose partition is not here but whose catalog is: they count, so that "all is in" can be known. */
static int
count_offline(struct qa_follow *f, const qa_month *months, size_t n, struct qa_err *err)
{
	struct qa_names names;

	if (qa_listdir(AT_FDCWD, f->dir, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		size_t length = strlen(names.v[i]);
		struct qa_catalog *c;
		qa_month m;
		bool here = false;

		if (length != 10 || strcmp(names.v[i] + 7, ".db") != 0 ||
		    qa_month_scan(qa_span_of(names.v[i], 7), &m))
			continue;
		for (size_t k = 0; k < n; k++)
			here |= months[k] == m;
		if (here || qa_catalog_read(f->dir, f->domain, m, &c, NULL) != 1)
			continue;
		known_of(f, m)->done = qa_catalog_state(c)->last_n;
		known_of(f, m)->sealed = true;
		qa_catalog_close(c);
	}
	qa_names_free(&names);
	return 0;
}

static int
locked(struct qa_follow *f, struct qa_err *err)
{
	g_autofree char *path = g_strdup_printf("%s/.lock", f->dir);

	return qa_lock(AT_FDCWD, path, err);
}

/* The archive as it is now. */
static int
refresh(struct qa_follow *f, struct qa_err *err)
{
	int r = f->archive ? (qa_archive_refresh(f->archive, err) ? -1 : 1)
			   : qa_archive_open(f->home, f->domain, &f->archive, err);

	if (r == 0)
		return qa_fail(err, ENOENT, "the archive of %s is gone", f->domain);
	if (r < 0)
		return -1;
	f->committed = qa_archive_committed(f->archive);
	return 0;
}

bool
qa_follow_unsealed(const struct qa_follow *f)
{
	for (guint i = 0; i < f->known->len; i++)
		if (!g_array_index(f->known, struct known, i).sealed &&
		    g_array_index(f->known, struct known, i).month != f->newest)
			return true;
	return false;
}

static int
all_months(struct qa_follow *f, struct qa_err *err)
{
	const qa_month *months;
	size_t n = qa_archive_months(f->archive, &months);
	bool quick = !f->fresh && !qa_follow_unsealed(f);
	int result = 1;

	if (n)
		f->newest = months[n - 1];
	if (f->fresh && count_offline(f, months, n, err))
		return -1;
	for (size_t i = n; i-- > 0;) {
		struct qa_err one = {0};
		int r;

		if (stopped(f))
			return result < 0 ? result : 0;
		if (quick && qa_follow_done(f) >= qa_follow_committed(f))
			break;
		f->store_failed = false;
		r = month_pass(f, months[i], i == n - 1, &one);
		if (r < 0 && result >= 0) {
			*err = one;
			result = -1;
		}
		if (r == 0 && result == 1)
			result = 0;
	}
	return result;
}

int
qa_follow_pass(struct qa_follow *f, struct qa_err *err)
{
	struct stat seen = {0};
	struct qa_err own = {0};
	int lock = locked(f, &own), result = -1;

	if (lock < 0)
		goto out;
	/* before the size is read: what comes after is another change */
	if (qa_sys->fstatat(AT_FDCWD, f->edge, &seen, 0) && errno != ENOENT)
		qa_fail(&own, errno, "cannot look at %s: ", f->edge);
	else if (refresh(f, &own) == 0)
		result = all_months(f, &own);
	qa_close(&lock);
	if (result == 1) {
		f->seen = seen;
		f->fresh = false;
	}
out:
	if (result < 0) {
		if (err)
			*err = own;
		errno = own.num;
	}
	return result;
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

static int
remake_aside(struct qa_follow *f, const char *aside, qa_month m, struct qa_err *err)
{
	struct known *k = known_of(f, m);
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

int
qa_follow_remake(struct qa_follow *f, qa_month m, struct qa_err *err)
{
	g_autofree char *aside = g_strdup_printf("%s/.new", f->dir);
	int lock = locked(f, err), r;

	if (lock < 0)
		return -1;
	r = refresh(f, err) ? -1 : remake_aside(f, aside, m, err);
	qa_sys->unlinkat(AT_FDCWD, aside, AT_REMOVEDIR);
	qa_close(&lock);
	return r;
}
