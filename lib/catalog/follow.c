#include "catalog/follow-private.h"

#include "archive/home.h"

#include <errno.h>
#include <string.h>

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
	f->known = g_array_new(FALSE, FALSE, sizeof(struct qa_follow_known));
	f->message.limit = HELD + 1;
	f->fields.limit = (size_t)QA_JOURNAL_FIELDS_MAX + 1;
	f->fresh = true;
	qa_entry_row_init(&f->row);
	if (qa_home_path(path, home, err, QA_HOME_LOG "/checkpoint", domain))
		goto bad;
	f->checkpoint = g_strdup(path);
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

void
qa_follow_rest(struct qa_follow *f)
{
	qa_follow_forget(f);
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
	g_free(f->checkpoint);
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
		sum += g_array_index(f->known, struct qa_follow_known, i).done;
	return sum;
}

uint64_t
qa_follow_bound(const struct qa_follow *f)
{
	return f->bound;
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
	return qa_sys->fstatat(AT_FDCWD, f->checkpoint, &now, 0) == 0 && !same_file(&now, &f->seen);
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
		qa_follow_known(f, m)->done = qa_catalog_state(c)->last_n;
		qa_follow_known(f, m)->sealed = true;
		qa_catalog_close(c);
	}
	qa_names_free(&names);
	return 0;
}

static void
clear_folder(const char *dir, const char *end)
{
	struct qa_names names;

	if (qa_listdir(AT_FDCWD, dir, &names, NULL))
		return;
	for (size_t i = 0; i < names.n; i++) {
		g_autofree char *path = g_strdup_printf("%s/%s", dir, names.v[i]);

		if (g_str_has_suffix(names.v[i], end))
			qa_sys->unlinkat(AT_FDCWD, path, 0);
	}
	qa_names_free(&names);
}

/* What was interrupted, of a remake beside the catalogs or of removing one, only takes room: so failing is no trouble. */
static void
clear_rests(const struct qa_follow *f)
{
	g_autofree char *aside = g_strdup_printf("%s/.new", f->dir);

	clear_folder(f->dir, ".db.bad");
	clear_folder(aside, "");
	qa_sys->unlinkat(AT_FDCWD, aside, AT_REMOVEDIR);
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
	uint64_t bound;

	if (r == 0)
		return qa_fail(err, ENOENT, "the archive of %s is gone", f->domain);
	if (r < 0 || qa_archive_signed(f->archive, &bound, err))
		return -1;
	if (bound < f->bound) {
		/* an older state was put back: nothing that was seen before is sure */
		g_array_set_size(f->known, 0);
		f->fresh = true;
	}
	f->bound = bound;
	return 0;
}

bool
qa_follow_unsealed(const struct qa_follow *f)
{
	for (guint i = 0; i < f->known->len; i++)
		if (!g_array_index(f->known, struct qa_follow_known, i).sealed &&
		    g_array_index(f->known, struct qa_follow_known, i).month != f->newest)
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

		if (qa_follow_stopped(f))
			return result < 0 ? result : 0;
		if (quick && qa_follow_done(f) >= qa_follow_bound(f))
			break;
		f->store_failed = false;
		r = qa_follow_month(f, months[i], i == n - 1, &one);
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
	if (f->fresh)
		clear_rests(f);
	/* before the size is read: what comes after is another change */
	if (qa_sys->fstatat(AT_FDCWD, f->checkpoint, &seen, 0) && errno != ENOENT)
		qa_fail(&own, errno, "cannot look at %s: ", f->checkpoint);
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

int
qa_follow_remake(struct qa_follow *f, qa_month m, struct qa_err *err)
{
	g_autofree char *aside = g_strdup_printf("%s/.new", f->dir);
	int lock = locked(f, err), r;

	if (lock < 0)
		return -1;
	r = refresh(f, err) ? -1 : qa_follow_aside(f, aside, m, err);
	qa_sys->unlinkat(AT_FDCWD, aside, AT_REMOVEDIR);
	qa_close(&lock);
	return r;
}
