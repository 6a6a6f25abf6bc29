#include "catalog/search.h"

#include "sys/sys.h"

#include <errno.h>

/* One month of the answer. */
struct part {
	struct qa_catalog *c;
	struct qa_plan plan;
	struct qa_finder *cur;
	struct qa_hit head; /* the cursor's next hit */
	bool asked, ended;
};

struct qa_search {
	const struct qa_query *q;
	struct qa_coverage coverage;
	GArray *parts; /* struct part, months ascending */
	enum qa_sort sort;
};

static struct part *
part_at(struct qa_search *s, guint i)
{
	return &g_array_index(s->parts, struct part, i);
}

void
qa_search_close(struct qa_search *s)
{
	if (!s)
		return;
	for (guint i = 0; i < s->parts->len; i++) {
		struct part *p = part_at(s, i);

		qa_finder_close(p->cur);
		qa_plan_free(&p->plan);
		qa_catalog_close(p->c);
	}
	g_array_free(s->parts, TRUE);
	g_array_free(s->coverage.missing, TRUE);
	g_array_free(s->coverage.damaged, TRUE);
	g_array_free(s->coverage.ahead, TRUE);
	g_array_free(s->coverage.offline, TRUE);
	g_free(s);
}

const struct qa_coverage *
qa_search_coverage(const struct qa_search *s)
{
	return &s->coverage;
}

static bool
holds(const GArray *months, qa_month m)
{
	for (guint i = 0; i < months->len; i++)
		if (g_array_index(months, qa_month, i) == m)
			return true;
	return false;
}

static int
month_order(const void *a, const void *b)
{
	qa_month x = *(const qa_month *)a, y = *(const qa_month *)b;

	return x < y ? -1 : x > y;
}

/* Months that have a partition, a catalog, or both; ascending. */
static int
all_months(struct qa_archive *a, const char *dir, GArray *here, GArray *all, struct qa_err *err)
{
	const qa_month *v;
	size_t n = qa_archive_months(a, &v);
	struct qa_names names;
	struct qa_err own = {0};
	qa_month m;

	if (n) {
		g_array_append_vals(here, v, (guint)n);
		g_array_append_vals(all, v, (guint)n);
	}
	if (qa_listdir(AT_FDCWD, dir, &names, &own)) {
		if (own.num == ENOENT)
			return 0; /* nothing was indexed yet */
		if (err)
			*err = own;
		errno = own.num;
		return -1;
	}
	for (size_t i = 0; i < names.n; i++)
		if (strlen(names.v[i]) == 10 && strcmp(names.v[i] + 7, ".db") == 0 &&
		    qa_month_scan(qa_span_of(names.v[i], 7), &m) == 0 && !holds(all, m))
			g_array_append_val(all, m);
	qa_names_free(&names);
	g_array_sort(all, month_order);
	return 0;
}

/* Opens a month's catalog into a new part, or notes why not. */
static int
part_open(struct qa_search *s, const char *dir, const char *domain, qa_month m, bool here, struct qa_err *err)
{
	struct part p = {0};
	struct qa_err own = {0};
	int r = qa_catalog_read(dir, domain, m, &p.c, &own);

	if (r < 0 && own.num != EBADMSG) {
		if (err)
			*err = own;
		errno = own.num;
		return -1;
	}
	if (r == 1)
		g_array_append_val(s->parts, p);
	if (r == 0 && here)
		g_array_append_val(s->coverage.missing, m);
	if (r < 0)
		g_array_append_val(s->coverage.damaged, m);
	if (r == 1 && !here)
		g_array_append_val(s->coverage.offline, m);
	return 0;
}

/* Catalogs that know entries which the log does not have tell of mail that is not there. */
static void
drop_ahead(struct qa_search *s)
{
	for (guint i = s->parts->len; i-- > 0;) {
		struct part *p = part_at(s, i);
		qa_month m = qa_catalog_state(p->c)->month;

		if (qa_catalog_state(p->c)->next_leaf <= s->coverage.committed)
			continue;
		qa_catalog_close(p->c);
		g_array_remove_index(s->parts, i);
		g_array_prepend_val(s->coverage.ahead, m);
	}
}

/* Plans the query for part I; its neighbours' events are attached when they matter. */
static int
part_plan(struct qa_search *s, guint i, struct qa_err *err)
{
	struct part *p = part_at(s, i);
	struct qa_plan_around around = {false, false};
	qa_month m = qa_catalog_state(p->c)->month;

	if (s->q->statuses) {
		around.before = i > 0 && qa_catalog_state(part_at(s, i - 1)->c)->month == m - 1;
		around.after =
		    i + 1 < s->parts->len && qa_catalog_state(part_at(s, i + 1)->c)->month == m + 1;
		if (qa_find_attach(p->c, around, err))
			return -1;
	}
	return qa_plan_make(s->q, qa_catalog_state(p->c), around, &p->plan, err);
}

/* The query itself has something to search for, whatever months there are. */
static int
query_check(const struct qa_query *q, struct qa_err *err)
{
	struct qa_catalog_state none = {.month = 1970 * 12};
	struct qa_plan plan;

	if (qa_plan_make(q, &none, (struct qa_plan_around){false, false}, &plan, err))
		return -1;
	qa_plan_free(&plan);
	return 0;
}

int
qa_search_open(struct qa_archive *a, const char *dir, const struct qa_query *q, struct qa_search **s_r,
	       struct qa_err *err)
{
	g_autoptr(GArray) here = g_array_new(FALSE, FALSE, sizeof(qa_month));
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(qa_month));
	struct qa_search *s;

	if (query_check(q, err) || all_months(a, dir, here, all, err))
		return -1;
	s = g_new0(struct qa_search, 1);
	s->q = q;
	s->parts = g_array_new(FALSE, FALSE, sizeof(struct part));
	s->coverage.missing = g_array_new(FALSE, FALSE, sizeof(qa_month));
	s->coverage.damaged = g_array_new(FALSE, FALSE, sizeof(qa_month));
	s->coverage.ahead = g_array_new(FALSE, FALSE, sizeof(qa_month));
	s->coverage.offline = g_array_new(FALSE, FALSE, sizeof(qa_month));
	for (guint i = 0; i < all->len; i++) {
		qa_month m = g_array_index(all, qa_month, i);

		if (part_open(s, dir, qa_archive_domain(a), m, holds(here, m), err))
			goto bad;
	}
	/* after the catalogs, so that no answer covers more than all */
	if (qa_archive_refresh(a, err))
		goto bad;
	s->coverage.committed = qa_archive_committed(a);
	drop_ahead(s);
	for (guint i = 0; i < s->parts->len; i++) {
		if (part_plan(s, i, err))
			goto bad;
		s->coverage.indexed += qa_catalog_state(part_at(s, i)->c)->last_n;
		s->coverage.fallbacks += qa_catalog_state(part_at(s, i)->c)->fallbacks;
	}
	*s_r = s;
	return 0;
bad:
	qa_search_close(s);
	return -1;
}

int
qa_search_count(struct qa_search *s, uint64_t *count_r, struct qa_err *err)
{
	*count_r = 0;
	for (guint i = 0; i < s->parts->len; i++) {
		struct part *p = part_at(s, i);
		uint64_t n;

		if (qa_find_count(p->c, &p->plan, &n, err))
			return -1;
		*count_r += n;
	}
	return 0;
}

int
qa_search_start(struct qa_search *s, enum qa_sort sort, struct qa_err *err)
{
	bool words = false;

	(void)err;
	for (guint i = 0; i < s->parts->len; i++) {
		struct part *p = part_at(s, i);

		qa_finder_close(p->cur);
		p->cur = NULL;
		p->asked = p->ended = false;
		words |= p->plan.match != NULL;
	}
	s->sort = sort == QA_SORT_RELEVANCE && !words ? QA_SORT_NEWEST : sort;
	return 0;
}

/* Whether a comes before b. */
static bool
before(const struct qa_search *s, const struct qa_hit *a, const struct qa_hit *b)
{
	switch (s->sort) {
	case QA_SORT_OLDEST:
		if (a->date != b->date)
			return a->date < b->date;
		return a->month != b->month ? a->month < b->month : a->n < b->n;
	case QA_SORT_RELEVANCE:
		if (a->score < b->score || a->score > b->score)
			return a->score < b->score;
		break;
	case QA_SORT_SIZE:
		if (a->size != b->size)
			return a->size > b->size;
		break;
	case QA_SORT_NEWEST:
		break;
	}
	if (a->date != b->date)
		return a->date > b->date;
	return a->month != b->month ? a->month > b->month : a->n > b->n;
}

/* Whether a part that was not asked yet could have a hit before this one. */
static bool
may_precede(const struct qa_search *s, const struct part *p, const struct qa_hit *h)
{
	const struct qa_catalog_state *state = qa_catalog_state(p->c);

	if (!h)
		return true;
	if (s->sort == QA_SORT_NEWEST)
		return state->last_date >= h->date;
	if (s->sort == QA_SORT_OLDEST)
		return state->first_date <= h->date;
	return true;
}

static int
part_step(struct qa_search *s, struct part *p, struct qa_err *err)
{
	int r = 0;

	if (!p->asked && qa_find(p->c, &p->plan, s->sort, &p->cur, err))
		return -1;
	p->asked = true;
	r = qa_finder_next(p->cur, &p->head, err);
	if (r == 0) {
		p->ended = true;
		qa_finder_close(p->cur);
		p->cur = NULL;
	}
	return r < 0 ? -1 : 0;
}

int
qa_search_next(struct qa_search *s, struct qa_hit *hit_r, struct qa_err *err)
{
	struct part *best = NULL;

	for (guint i = 0; i < s->parts->len; i++) {
		struct part *p = part_at(s, i);

		if (p->asked && !p->ended && (!best || before(s, &p->head, &best->head)))
			best = p;
	}
	/* months from the end that comes first, so that most are never asked */
	for (guint k = 0; k < s->parts->len; k++) {
		struct part *p = part_at(s, s->sort == QA_SORT_OLDEST ? k : s->parts->len - 1 - k);

		if (p->asked || !may_precede(s, p, best ? &best->head : NULL))
			continue;
		if (part_step(s, p, err))
			return -1;
		if (!p->ended && (!best || before(s, &p->head, &best->head)))
			best = p;
	}
	if (!best)
		return 0;
	*hit_r = best->head;
	return part_step(s, best, err) ? -1 : 1;
}
