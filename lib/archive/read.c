#include "archive/read.h"
#include "archive/home.h"
#include "archive/log.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { OPEN_MOST = 6 };

struct qa_archive {
	char home[QA_PATH_MAX], domain[256], depot[QA_PATH_MAX];
	uint64_t committed;
	qa_month *months;
	size_t n;
	struct {
		struct qa_partition *p;
		qa_month month;
		uint64_t used;
	} open[OPEN_MOST];
	size_t opened;
	uint64_t counter;
};

static void
close_all(struct qa_archive *a)
{
	while (a->opened)
		qa_partition_close(a->open[--a->opened].p);
}

int
qa_archive_refresh(struct qa_archive *a, struct qa_err *err)
{
	uint64_t size = 0;
	qa_month *months;
	size_t n;

	/* the size first: what is committed by then is in the partitions listed after it */
	if (qa_log_size(a->home, a->domain, &size, err) < 0)
		return -1;
	if (qa_partition_list(a->depot, &months, &n, err))
		return -1;
	if (size != a->committed)
		close_all(a); /* a handle sees what was there when it was opened */
	free(a->months);
	a->months = months;
	a->n = n;
	a->committed = size;
	return 0;
}

int
qa_archive_open(const char *home, const char *domain, struct qa_archive **a_r, struct qa_err *err)
{
	struct qa_archive *a = calloc(1, sizeof *a);
	char path[QA_PATH_MAX];
	struct stat st;

	if (!a)
		return qa_fail(err, ENOMEM, "cannot open the archive of %s: ", domain);
	snprintf(a->home, sizeof a->home, "%s", home);
	snprintf(a->domain, sizeof a->domain, "%s", domain);
	if (qa_home_path(path, home, err, "domain/%s", domain) ||
	    qa_home_path(a->depot, home, err, QA_HOME_DEPOT, domain)) {
		free(a);
		return -1;
	}
	if (qa_sys->fstatat(AT_FDCWD, path, &st, 0)) {
		int num = errno;

		free(a);
		return num == ENOENT ? 0 : qa_fail(err, num, "cannot open %s: ", path);
	}
	if (qa_archive_refresh(a, err)) {
		qa_archive_close(a);
		return -1;
	}
	*a_r = a;
	return 1;
}

void
qa_archive_close(struct qa_archive *a)
{
	if (!a)
		return;
	close_all(a);
	free(a->months);
	free(a);
}

const char *
qa_archive_home(const struct qa_archive *a)
{
	return a->home;
}

const char *
qa_archive_domain(const struct qa_archive *a)
{
	return a->domain;
}

uint64_t
qa_archive_committed(const struct qa_archive *a)
{
	return a->committed;
}

int
qa_archive_signed(const struct qa_archive *a, uint64_t *leaves_r, struct qa_err *err)
{
	struct qa_log_head head = {.size = 0};

	if (qa_log_signed(a->home, a->domain, &head, err) < 0)
		return -1;
	*leaves_r = head.size < a->committed ? head.size : a->committed;
	return 0;
}

size_t
qa_archive_months(const struct qa_archive *a, const qa_month **v_r)
{
	*v_r = a->months;
	return a->n;
}

int
qa_archive_partition(struct qa_archive *a, qa_month m, struct qa_partition **p_r, struct qa_err *err)
{
	struct qa_partition_where where = {a->depot, NULL, a->domain, m};
	struct qa_partition *p;
	size_t oldest = 0;
	int rc;

	for (size_t i = 0; i < a->opened; i++) {
		if (a->open[i].month == m) {
			a->open[i].used = ++a->counter;
			*p_r = a->open[i].p;
			return 1;
		}
		if (a->open[i].used < a->open[oldest].used)
			oldest = i;
	}
	rc = qa_partition_read(&where, &p, err);
	if (rc != 1)
		return rc;
	if (a->opened == OPEN_MOST)
		qa_partition_close(a->open[oldest].p);
	else
		oldest = a->opened++;
	a->open[oldest].p = p;
	a->open[oldest].month = m;
	a->open[oldest].used = ++a->counter;
	*p_r = p;
	return 1;
}

int
qa_archive_entry(struct qa_archive *a, const struct qa_entry_id *id, struct qa_partition **p_r,
		 struct qa_entry *e_r, struct qa_err *err)
{
	int rc = qa_archive_partition(a, id->month, p_r, err);

	if (rc != 1)
		return rc;
	rc = qa_partition_entry(*p_r, id->n, e_r, err);
	return rc == 1 && e_r->leaf >= a->committed ? 0 : rc;
}
