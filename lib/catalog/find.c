#include "catalog/find.h"

#include "catalog/catalog-private.h"

#include <errno.h>
#include <stdio.h>

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

static int
prepare(struct qa_catalog *c, const struct qa_plan *plan, const char *sql, sqlite3_stmt **st_r, struct qa_err *err)
{
	int rc = sqlite3_prepare_v2(c->db, sql, -1, st_r, NULL);

	if (rc != SQLITE_OK)
		return qa_catalog_fail(c, rc, "cannot ask", err);
	if (plan->match)
		sqlite3_bind_text(*st_r, 1, plan->match, -1, SQLITE_TRANSIENT);
	for (guint i = 0; i < plan->binds->len; i++)
		sqlite3_bind_text(*st_r, (int)i + 2, g_ptr_array_index(plan->binds, i), -1, SQLITE_TRANSIENT);
	return 0;
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
	if (prepare(c, plan, sql->str, &st, err))
		return -1;
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*count_r = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : qa_catalog_fail(c, rc, "cannot count", err);
}

/* Relevance only where words are asked for, and not for more matches than can be weighed in a moment. */
static int
order(struct qa_catalog *c, const struct qa_plan *plan, enum qa_sort *sort, struct qa_err *err)
{
	g_autoptr(GString) sql = NULL;
	sqlite3_stmt *st = NULL;
	int64_t n = 0;
	int rc;

	if (*sort != QA_SORT_RELEVANCE)
		return 0;
	if (!plan->match) {
		*sort = QA_SORT_NEWEST;
		return 0;
	}
	sql = g_string_new(NULL);
	g_string_printf(sql, "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?1 LIMIT %d)",
			QA_RELEVANCE_MAX + 1);
	rc = sqlite3_prepare_v2(c->db, sql->str, -1, &st, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_text(st, 1, plan->match, -1, SQLITE_STATIC);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW)
		return qa_catalog_fail(c, rc, "cannot weigh", err);
	if (n > QA_RELEVANCE_MAX)
		*sort = QA_SORT_NEWEST;
	return 0;
}

int
qa_find(struct qa_catalog *c, const struct qa_plan *plan, enum qa_sort sort, struct qa_finder **cur_r,
	struct qa_err *err)
{
	g_autoptr(GString) sql = g_string_new("SELECT e.n, e.date, e.size, e.flags");
	qa_month m = c->state.month;
	struct qa_finder *cur;
	const char *id = plan->match ? "words.rowid" : "e.n";

	if (order(c, plan, &sort, err))
		return -1;
	if (sort == QA_SORT_RELEVANCE)
		g_string_append(sql, ", bm25(words, " WEIGHTS ")");
	from_where(plan, true, sql);
	switch (sort) {
	case QA_SORT_RELEVANCE:
		g_string_append(sql, " ORDER BY 5, e.n DESC");
		break;
	case QA_SORT_SIZE:
		g_string_append(sql, " ORDER BY e.size DESC, e.n DESC");
		break;
	case QA_SORT_OLDEST:
	case QA_SORT_NEWEST:
		g_string_append_printf(sql, " ORDER BY %s%s", c->state.ordered ? id : "e.date",
				       sort == QA_SORT_NEWEST ? " DESC" : "");
		if (!c->state.ordered)
			g_string_append_printf(sql, ", e.n%s", sort == QA_SORT_NEWEST ? " DESC" : "");
		break;
	}
	cur = g_new0(struct qa_finder, 1);
	cur->c = c;
	cur->month_start = qa_seconds_of((int)(m / 12), m % 12 + 1, 1, 0, 0, 0);
	if (!plan->none && prepare(c, plan, sql->str, &cur->st, err)) {
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
