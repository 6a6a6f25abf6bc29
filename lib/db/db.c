#include "db/db-private.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

struct qa_db_rows {
	struct qa_db *db;
	void *st;
	bool first; /* run has made the first row; nobody has asked for it yet */
	bool ended;
};

struct qa_db_copy {
	struct qa_db *db;
	void *c;
	size_t n;
};

static bool
is_pg(const char *uri)
{
	return g_str_has_prefix(uri, "postgresql://") || g_str_has_prefix(uri, "postgres://");
}

static const char *
path_of(const char *uri)
{
	return g_str_has_prefix(uri, "sqlite:") ? uri + strlen("sqlite:") : uri;
}

int
qa_db_uri_check(const char *uri, struct qa_err *err)
{
	if (is_pg(uri))
		return qa_db_pg_check(uri, NULL, err);
	if (!*path_of(uri) || strcmp(path_of(uri), ":memory:") == 0)
		return qa_fail(err, EPROTO, "database \"%s\": a path is wanted", uri);
	if (path_of(uri) == uri && strstr(uri, "://"))
		return qa_fail(err, EPROTO, "database %.*s://...: neither postgresql:// nor a path", (int)(strstr(uri, "://") - uri), uri);
	return 0;
}

int
qa_db_open(const char *uri, enum qa_db_mode mode, struct qa_db **db_r, struct qa_err *err)
{
	int rc;

	if (qa_db_uri_check(uri, err))
		return -1;
	rc = is_pg(uri) ? qa_db_pg_open(uri, mode, db_r, err) : qa_db_sqlite_open(path_of(uri), mode, db_r, err);
	if (rc)
		return -1;
	(*db_r)->mode = mode;
	(*db_r)->prepared = g_hash_table_new(g_str_hash, g_str_equal);
	return 0;
}

void
qa_db_close(struct qa_db *db)
{
	GHashTableIter it;
	void *st;

	if (!db)
		return;
	qa_db_rollback(db);
	g_hash_table_iter_init(&it, db->prepared);
	while (g_hash_table_iter_next(&it, NULL, &st))
		db->kind->forget(db, st);
	g_hash_table_destroy(db->prepared);
	g_free(db->name);
	db->kind->close(db);
}

const char *
qa_db_name(const struct qa_db *db)
{
	return db->name;
}

/* ---- transactions ---- */

static int
begin(struct qa_db *db, bool schema, struct qa_err *err)
{
	g_assert(!db->begun && !db->busy);
	if (db->kind->begin(db, schema, err))
		return -1;
	db->begun = true;
	return 0;
}

int
qa_db_begin(struct qa_db *db, struct qa_err *err)
{
	return begin(db, false, err);
}

int
qa_db_commit(struct qa_db *db, struct qa_err *err)
{
	g_assert(db->begun && !db->busy);
	if (db->kind->commit(db, err)) {
		int num = errno;

		qa_db_rollback(db);
		errno = num;
		return -1;
	}
	db->begun = false;
	return 0;
}

void
qa_db_rollback(struct qa_db *db)
{
	if (db->begun)
		db->kind->rollback(db);
	db->begun = false;
}

int
qa_db_settle(struct qa_db *db, struct qa_err *err)
{
	g_assert(!db->begun && !db->busy);
	if (db->kind->settle && db->kind->settle(db, err)) {
		int num = errno;

		qa_db_rollback(db);
		errno = num;
		return -1;
	}
	return 0;
}

/* ---- statements ---- */

int
qa_db_exec(struct qa_db *db, const char *sql, struct qa_err *err)
{
	g_assert(!db->busy);
	return db->kind->exec(db, sql, err);
}

/* The length of the ASCII without NUL at the start, found by eights; less than all of it may be told. */
static size_t
ascii(qa_span s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t i = 0;

	for (uint64_t w; i + sizeof w <= s.n; i += sizeof w) {
		memcpy(&w, s.p + i, sizeof w);
		if ((w | (w - ones)) & high) /* a byte from 0x80 on, or a 0 */
			break;
	}
	return i;
}

/* The database would refuse them too, but with a text of its own, or, SQLite, not at all. */
static int
values_check(const struct qa_db *db, const struct qa_db_value *v, size_t n, struct qa_err *err)
{
	g_assert(n <= QA_DB_PARAMETERS);
	for (size_t i = 0; i < n; i++) {
		qa_span s = v[i].s;

		if (v[i].type != QA_DB_STRING)
			continue;
		s = qa_span_cut(s, ascii(s), s.n);
		while (s.n) {
			size_t k = s.p[0] && s.p[0] < 0x80 ? 1 : s.p[0] ? qa_utf8_len(s) : 0;

			if (k == 0)
				return qa_fail(err, EPROTO, "database %s: a value is not UTF-8 text", db->name);
			s = qa_span_cut(s, k, s.n);
		}
	}
	return 0;
}

static int
prepared(struct qa_db *db, const char *sql, const struct qa_db_value *v, size_t n, void **st_r, struct qa_err *err)
{
	g_assert(!db->busy);
	if (values_check(db, v, n, err))
		return -1;
	*st_r = g_hash_table_lookup(db->prepared, sql);
	if (*st_r)
		return 0;
	if (db->kind->prepare(db, sql, n, st_r, err))
		return -1;
	g_hash_table_insert(db->prepared, (gpointer)(uintptr_t)sql, *st_r);
	return 0;
}

int
qa_db_run(struct qa_db *db, const char *sql, const struct qa_db_value *v, size_t n, int64_t *changed_r, struct qa_err *err)
{
	int64_t changed = 0;
	void *st;

	if (prepared(db, sql, v, n, &st, err))
		return -1;
	int rc = db->kind->run(db, st, v, n, &changed, err), num = errno;
	db->kind->reset(db, st);
	errno = num;
	if (rc >= 0 && changed_r)
		*changed_r = changed;
	return rc < 0 ? -1 : 0;
}

int
qa_db_select(struct qa_db *db, const char *sql, const struct qa_db_value *v, size_t n, struct qa_db_rows **rows_r,
	     struct qa_err *err)
{
	void *st;

	if (prepared(db, sql, v, n, &st, err))
		return -1;
	int rc = db->kind->run(db, st, v, n, NULL, err);
	if (rc < 0) {
		int num = errno;

		db->kind->reset(db, st);
		errno = num;
		return -1;
	}
	*rows_r = g_new0(struct qa_db_rows, 1);
	**rows_r = (struct qa_db_rows){.db = db, .st = st, .first = rc == 1, .ended = rc == 0};
	db->busy = true;
	return 0;
}

int
qa_db_rows_next(struct qa_db_rows *r, struct qa_err *err)
{
	if (r->first) {
		r->first = false;
		return 1;
	}
	int rc = r->ended ? 0 : r->db->kind->next(r->db, r->st, err);
	r->ended = rc != 1;
	return rc;
}

int64_t
qa_db_rows_int(struct qa_db_rows *r, int column)
{
	return r->db->kind->integer(r->db, r->st, column);
}

qa_span
qa_db_rows_span(struct qa_db_rows *r, int column)
{
	return r->db->kind->span(r->db, r->st, column);
}

void
qa_db_rows_close(struct qa_db_rows *r)
{
	if (!r)
		return;
	r->db->kind->reset(r->db, r->st);
	r->db->busy = false;
	g_free(r);
}

/* ---- bulk insert ---- */

int
qa_db_copy_begin(struct qa_db *db, const char *table, const char *columns, size_t n, struct qa_db_copy **c_r, struct qa_err *err)
{
	void *c;

	g_assert(db->begun && !db->busy && n > 0 && n <= QA_DB_PARAMETERS);
	if (db->kind->copy_begin(db, table, columns, n, &c, err))
		return -1;
	*c_r = g_new0(struct qa_db_copy, 1);
	**c_r = (struct qa_db_copy){.db = db, .c = c, .n = n};
	db->busy = true;
	return 0;
}

int
qa_db_copy_row(struct qa_db_copy *c, const struct qa_db_value *v, struct qa_err *err)
{
	return values_check(c->db, v, c->n, err) ? -1 : c->db->kind->copy_row(c->db, c->c, v, c->n, err);
}

static int
copy_finish(struct qa_db_copy *c, bool good, struct qa_err *err)
{
	int rc = c->db->kind->copy_end(c->db, c->c, good, err);

	c->db->busy = false;
	g_free(c);
	return rc;
}

int
qa_db_copy_end(struct qa_db_copy *c, struct qa_err *err)
{
	return copy_finish(c, true, err);
}

void
qa_db_copy_abort(struct qa_db_copy *c)
{
	int num = errno;

	if (c && copy_finish(c, false, NULL)) {
		/* an abort ends in an error by its nature */
	}
	errno = num;
}

/* ---- schema ---- */

static const char make_table[] = "CREATE TABLE qa_schema(part text PRIMARY KEY, version bigint NOT NULL);";

/* The part's version; 0 when it was never made. */
static int
version_get(struct qa_db *db, const char *part, int64_t *version_r, struct qa_err *err)
{
	struct qa_db_value v[] = {qa_db_str(part)};
	struct qa_db_rows *rows;
	int rc = db->kind->has_schema(db, err);

	*version_r = 0;
	if (rc <= 0)
		return rc;
	if (qa_db_select(db, "SELECT version FROM qa_schema WHERE part = $1", v, 1, &rows, err))
		return -1;
	rc = qa_db_rows_next(rows, err);
	if (rc == 1)
		*version_r = qa_db_rows_int(rows, 0);
	qa_db_rows_close(rows);
	return rc < 0 ? -1 : 0;
}

/* The step's text with the words of this kind of database. */
static char *
words_set(const struct qa_db *db, const char *sql)
{
	GString *s = g_string_new(sql);

	g_string_replace(s, "@TEXT", db->kind->text, 0);
	g_string_replace(s, "@DAY", db->kind->day, 0);
	return g_string_free(s, FALSE);
}

static int
step_run(struct qa_db *db, const char *part, const struct qa_db_step *step, int64_t version, struct qa_err *err)
{
	struct qa_db_value v[] = {qa_db_str(part), qa_db_int(version)};
	int has = db->kind->has_schema(db, err);

	if (has < 0 || (has == 0 && qa_db_exec(db, make_table, err)))
		return -1;
	g_autofree char *sql = words_set(db, step->sql);
	if (qa_db_exec(db, sql, err))
		return -1;
	return qa_db_run(db,
			 "INSERT INTO qa_schema(part, version) VALUES($1, $2)"
			 " ON CONFLICT(part) DO UPDATE SET version = excluded.version",
			 v, 2, NULL, err);
}

/* One step in a transaction: 1 done, 0 there is none left, -1. */
static int
step_next(struct qa_db *db, const char *part, const struct qa_db_step *step, size_t n, struct qa_err *err)
{
	int64_t version;
	int rc;

	if (begin(db, true, err))
		return -1;
	if (version_get(db, part, &version, err))
		rc = -1;
	else if (version >= (int64_t)n)
		rc = 0;
	else
		rc = step_run(db, part, &step[version], version + 1, err) ? -1 : 1;
	if (rc < 0)
		qa_fail_in(err, "database %s: cannot bring %s to the next version", db->name, part);
	if (rc == 1)
		return qa_db_commit(db, err) ? -1 : 1;
	int num = errno;
	qa_db_rollback(db);
	errno = num;
	return rc;
}

int
qa_db_schema(struct qa_db *db, const char *name, const struct qa_db_step *step, size_t n, struct qa_err *err)
{
	int64_t version;
	int rc = 1;

	if (version_get(db, name, &version, err))
		return -1;
	if (db->mode == QA_DB_READ && version == 0)
		return qa_fail(err, ENOENT, "database %s has no %s yet", db->name, name);
	if (db->mode == QA_DB_READ && version < (int64_t)n)
		return qa_fail(err, ESTALE, "database %s: %s has version %lld, this program needs %zu; whoever writes it must run first",
			       db->name, name, (long long)version, n);
	while (rc == 1 && version < (int64_t)n) {
		rc = step_next(db, name, step, n, err);
		if (rc < 0 || version_get(db, name, &version, err))
			return -1;
	}
	if (version > (int64_t)n)
		return qa_fail(err, ESTALE, "database %s: %s has version %lld, this program knows %zu", db->name, name, (long long)version, n);
	return 0;
}
