#include "catalog/find.h"

#include "catalog/catalog-private.h"

#include <errno.h>
#include <stdio.h>

enum { WALK = 24 }; /* matches of more than every WALK-th row are met soon on a walk */

struct qa_finder {
	struct qa_catalog *c;
	sqlite3_stmt *st;
	int64_t month_start;
};

/* Weights of the columns for bm25, in their order. */
#define WEIGHTS "1.0, 5.0, 3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 3.0, 0.0"

/* FROM ... WHERE of a plan; tables not needed are left out. */
static void
from_where(const struct qa_plan *plan, bool entry, GString *sql)
{
	if (plan->match)
		g_string_append(sql, entry ? " FROM words CROSS JOIN entry e ON e.n = words.rowid" : " FROM words");
	else
		g_string_append(sql, " FROM entry e");
	if (plan->match)
		g_string_append(sql, " WHERE words MATCH ?1");
	if (plan->where)
		g_string_append_printf(sql, " %s %s%s%s", plan->match ? "AND" : "WHERE", "(", plan->where, ")");
}

/* The rows that an FTS5 expression matches, a bit for each. */
struct set {
	uint64_t n; /* bits */
	unsigned char *bits;
};

static void
set_free(void *p)
{
	struct set *s = p;

	g_free(s->bits);
	g_free(s);
}

/* qa_in(set, n): whether row n is in it. */
static void
is_in(sqlite3_context *ctx, int count, sqlite3_value **v)
{
	const struct set *s = sqlite3_value_pointer(v[0], "qa_set");
	uint64_t n = (uint64_t)sqlite3_value_int64(v[1]);

	(void)count;
	sqlite3_result_int(ctx, s && n < s->n && (s->bits[n / 8] >> (n % 8) & 1));
}

static int
set_make(struct qa_catalog *c, const char *match, struct set **s_r, struct qa_err *err)
{
	struct set *s = g_new0(struct set, 1);
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, "SELECT rowid FROM words WHERE words MATCH ?1", -1, &st, NULL);

	s->n = c->state.last_n + 1;
	s->bits = g_malloc0(s->n / 8 + 1);
	if (rc == SQLITE_OK)
		sqlite3_bind_text(st, 1, match, -1, SQLITE_STATIC);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		uint64_t n = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(st, 0) : s->n;

		if (n < s->n)
			s->bits[n / 8] = (unsigned char)(s->bits[n / 8] | 1U << (n % 8));
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE) {
		set_free(s);
		return qa_catalog_fail(c, rc, "cannot ask", err);
	}
	*s_r = s;
	return 0;
}

static int
bind_set(struct qa_catalog *c, sqlite3_stmt *st, int place, const char *match, struct qa_err *err)
{
	struct set *s;

	if (set_make(c, match, &s, err))
		return -1;
	/* frees s, also when it fails */
	int rc = sqlite3_bind_pointer(st, place, s, "qa_set", set_free);
	return rc == SQLITE_OK ? 0 : qa_catalog_fail(c, rc, "cannot ask", err);
}

/* The statement with all that is bound to it; ?1 is the match itself, or its set when SQL says so. */
static int
prepare(struct qa_catalog *c, const struct qa_plan *plan, const char *sql, bool match_is_set, sqlite3_stmt **st_r,
	struct qa_err *err)
{
	int rc = sqlite3_create_function(c->db, "qa_in", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, is_in, NULL, NULL),
	    r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(c->db, sql, -1, st_r, NULL);
	if (rc != SQLITE_OK)
		return qa_catalog_fail(c, rc, "cannot ask", err);
	if (plan->match && match_is_set)
		r = bind_set(c, *st_r, 1, plan->match, err);
	else if (plan->match)
		sqlite3_bind_text(*st_r, 1, plan->match, -1, SQLITE_TRANSIENT);
	/* sets of parts that turned out not to matter are not asked for */
	for (guint i = 0; r == 0 && i < plan->binds->len && (int)i + 2 <= sqlite3_bind_parameter_count(*st_r); i++)
		r = bind_set(c, *st_r, (int)i + 2, g_ptr_array_index(plan->binds, i), err);
	if (r) {
		sqlite3_finalize(*st_r);
		*st_r = NULL;
	}
	return r;
}

static int
attach(struct qa_catalog *c, qa_month m, const char *as, struct qa_err *err)
{
	char name[QA_CATALOG_NAME], sql[60];
	g_autofree char *path = NULL;
	sqlite3_stmt *st = NULL;
	int rc;

	qa_catalog_name(m, name);
	path = g_strdup_printf("%s/%s", c->dir, name);
	snprintf(sql, sizeof sql, "ATTACH ?1 AS %s", as);
	rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : qa_catalog_fail(c, rc, "cannot look at the next month", err);
}

int
qa_find_attach(struct qa_catalog *c, struct qa_plan_around around, struct qa_err *err)
{
	if (!around.before && !around.after)
		return 0;
	/* SQLite attaches only outside a transaction */
	if (qa_catalog_exec(c, "COMMIT", err) ||
	    (around.before && attach(c, c->state.month - 1, "prior", err)) ||
	    (around.after && attach(c, c->state.month + 1, "later", err)))
		return -1;
	return qa_catalog_snapshot(c, err);
}

int
qa_find_count(struct qa_catalog *c, const struct qa_plan *plan, uint64_t *count_r, struct qa_err *err)
{
	g_autoptr(GString) sql = g_string_new("SELECT count(*)");
	sqlite3_stmt *st = NULL;

	*count_r = 0;
	if (plan->none)
		return 0;
	from_where(plan, plan->where != NULL, sql);
	if (prepare(c, plan, sql->str, false, &st, err))
		return -1;
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*count_r = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : qa_catalog_fail(c, rc, "cannot count", err);
}

/* How many rows match the words, but no more than MOST + 1 are counted. */
static int
matches(struct qa_catalog *c, const struct qa_plan *plan, int64_t most, int64_t *n_r, struct qa_err *err)
{
	g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?1 LIMIT %lld)",
					       (long long)most + 1);
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, plan->match, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW)
		*n_r = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : qa_catalog_fail(c, rc, "cannot weigh", err);
}

/* Relevance only where words are asked for, and not for more matches than can be weighed in a moment. */
static int
order(struct qa_catalog *c, const struct qa_plan *plan, enum qa_sort *sort, struct qa_err *err)
{
	int64_t n = QA_RELEVANCE_MAX + 1;

	if (*sort != QA_SORT_RELEVANCE)
		return 0;
	if (plan->match && matches(c, plan, QA_RELEVANCE_MAX, &n, err))
		return -1;
	if (n > QA_RELEVANCE_MAX)
		*sort = QA_SORT_NEWEST;
	return 0;
}

/* By date in a month that is not ordered: few matches are sorted; for many the index on dates is walked until enough of them
 * were met. */
static int
from_where_dated(struct qa_catalog *c, const struct qa_plan *plan, GString *sql, bool *walk_r, struct qa_err *err)
{
	int64_t few = (int64_t)c->state.last_n / WALK, n = few + 1;

	if (plan->match && matches(c, plan, few, &n, err))
		return -1;
	if (n <= few) {
		from_where(plan, true, sql);
		return 0;
	}
	*walk_r = true;
	g_string_append(sql, " FROM entry e INDEXED BY entry_date WHERE 1");
	if (plan->match)
		g_string_append(sql, " AND qa_in(?1, e.n)");
	if (plan->where)
		g_string_append_printf(sql, " AND (%s)", plan->where);
	return 0;
}

static int
by_date(struct qa_catalog *c, const struct qa_plan *plan, bool newest, GString *sql, bool *walk_r, struct qa_err *err)
{
	const char *down = newest ? " DESC" : "";

	if (c->state.ordered) {
		from_where(plan, true, sql);
		g_string_append_printf(sql, " ORDER BY %s%s", plan->match ? "words.rowid" : "e.n", down);
		return 0;
	}
	if (from_where_dated(c, plan, sql, walk_r, err))
		return -1;
	g_string_append_printf(sql, " ORDER BY e.date%s, e.n%s", down, down);
	return 0;
}

int
qa_find(struct qa_catalog *c, const struct qa_plan *plan, enum qa_sort sort, struct qa_finder **cur_r,
	struct qa_err *err)
{
	g_autoptr(GString) sql = g_string_new("SELECT e.n, e.date, e.size, e.flags");
	qa_month m = c->state.month;
	struct qa_finder *cur;
	bool walk = false;

	if (plan->none) {
		*cur_r = g_new0(struct qa_finder, 1);
		(*cur_r)->c = c;
		return 0;
	}
	if (order(c, plan, &sort, err))
		return -1;
	if (sort == QA_SORT_RELEVANCE) {
		g_string_append(sql, ", bm25(words, " WEIGHTS ")");
		from_where(plan, true, sql);
		g_string_append(sql, " ORDER BY 5, e.n DESC");
	} else if (sort == QA_SORT_SIZE) {
		from_where(plan, true, sql);
		g_string_append(sql, " ORDER BY e.size DESC, e.n DESC");
	} else if (by_date(c, plan, sort == QA_SORT_NEWEST, sql, &walk, err)) {
		return -1;
	}
	cur = g_new0(struct qa_finder, 1);
	cur->c = c;
	cur->month_start = qa_seconds_of((int)(m / 12), m % 12 + 1, 1, 0, 0, 0);
	if (prepare(c, plan, sql->str, walk, &cur->st, err)) {
		qa_finder_close(cur);
		return -1;
	}
	*cur_r = cur;
	return 0;
}

int
qa_finder_next(struct qa_finder *cur, struct qa_hit *hit_r, struct qa_err *err)
{
	int rc = cur->st ? sqlite3_step(cur->st) : SQLITE_DONE;

	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return qa_catalog_fail(cur->c, rc, "cannot search", err);
	*hit_r = (struct qa_hit){
	    .month = cur->c->state.month,
	    .n = (uint64_t)sqlite3_column_int64(cur->st, 0),
	    .date = sqlite3_column_int64(cur->st, 1) + cur->month_start,
	    .size = (uint64_t)sqlite3_column_int64(cur->st, 2),
	    .flags = (unsigned)sqlite3_column_int64(cur->st, 3),
	    .score = sqlite3_column_count(cur->st) > 4 ? sqlite3_column_double(cur->st, 4) : 0,
	};
	return 1;
}

void
qa_finder_close(struct qa_finder *cur)
{
	if (!cur)
		return;
	sqlite3_finalize(cur->st);
	g_free(cur);
}
