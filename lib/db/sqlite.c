/*
 * An embedded file by SQLite, with a rollback journal that stays (PERSIST) and synchronous=FULL. Not WAL: after a sync of the log that
 * failed SQLite trusts the next one, and what its kernel dropped would count as committed; a rollback writes the pages again.
 * And who may only read needs no more than the file. Readers and a writer wait for each other instead.
 */
#include "db/db-private.h"

#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 60000 };

struct sqlite {
	struct qa_db db;
	sqlite3 *h;
	bool named; /* the names of file and journal are durable */
};

struct insert {
	sqlite3_stmt *st;
};

static sqlite3 *
handle(struct qa_db *db)
{
	return ((struct sqlite *)db)->h;
}

static int
number_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return EBADMSG;
	case SQLITE_CONSTRAINT:
		return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ? EEXIST : EINVAL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EAGAIN;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_IOERR:
		return EIO;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return EACCES;
	case SQLITE_NOMEM:
		return ENOMEM;
	default:
		return EINVAL;
	}
}

static int
failed(struct qa_db *db, int rc, const char *what, struct qa_err *err)
{
	sqlite3 *h = handle(db);

	return qa_fail(err, number_of(rc), "database %s: cannot %s: %s", db->name, what, h ? sqlite3_errmsg(h) : sqlite3_errstr(rc));
}

static int
sqlite_exec(struct qa_db *db, const char *sql, struct qa_err *err)
{
	int rc = sqlite3_exec(handle(db), sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : failed(db, rc, "run a statement", err);
}

static void
sqlite_close(struct qa_db *db)
{
	sqlite3_close(handle(db));
	g_free(db);
}

static int
sqlite_begin(struct qa_db *db, bool schema, struct qa_err *err)
{
	int rc = sqlite3_exec(handle(db), schema || db->mode == QA_DB_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : failed(db, rc, "begin", err);
}

/* SQLite does not tell when its own sync of the folder failed; without the name of the journal a file half written is damaged. */
static int
keep_names(struct qa_db *db, struct qa_err *err)
{
	struct sqlite *s = (struct sqlite *)db;
	g_autofree char *folder = g_path_get_dirname(db->name);

	if (!s->named && qa_fsync_dir(AT_FDCWD, folder, err))
		return -1;
	s->named = true;
	return 0;
}

static int
sqlite_commit(struct qa_db *db, struct qa_err *err)
{
	if (db->mode == QA_DB_WRITE && keep_names(db, err))
		return -1;
	int rc = sqlite3_exec(handle(db), "COMMIT", NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : failed(db, rc, "commit", err);
}

/* What a killed process has committed may not be synced yet; the syncs of a commit of ours carry it too. There must be something to
 * commit, really another value: the file's user_version counts these. */
static int
sqlite_settle(struct qa_db *db, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	char sql[60];
	int count = 0;

	if (qa_db_begin(db, err))
		return -1;
	int rc = sqlite3_prepare_v2(handle(db), "PRAGMA user_version", -1, &st, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		count = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW)
		return failed(db, rc, "read its count", err);
	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", count == INT_MAX ? 0 : count + 1);
	return sqlite_exec(db, sql, err) || qa_db_commit(db, err) ? -1 : 0;
}

static void
sqlite_rollback(struct qa_db *db)
{
	/* some failures have rolled back already */
	if (!sqlite3_get_autocommit(handle(db)))
		sqlite3_exec(handle(db), "ROLLBACK", NULL, NULL, NULL);
}

static int
sqlite_prepare(struct qa_db *db, const char *sql, size_t n, void **st_r, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v3(handle(db), sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

	if (rc != SQLITE_OK)
		return failed(db, rc, "prepare a statement", err);
	g_assert((size_t)sqlite3_bind_parameter_count(st) == n);
	*st_r = st;
	return 0;
}

static void
sqlite_forget(struct qa_db *db, void *st)
{
	(void)db;
	sqlite3_finalize(st);
}

/* $2 is a name to SQLite; its place is that of its first use. */
static int
bind(sqlite3_stmt *st, size_t i, bool named, const struct qa_db_value *v)
{
	int at = (int)i + 1;
	char name[24];

	if (named) {
		snprintf(name, sizeof name, "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(st, name);
		g_assert(at > 0);
	}
	if (v->type == QA_DB_INTEGER)
		return sqlite3_bind_int64(st, at, v->i);
	if (v->type == QA_DB_STRING)
		return sqlite3_bind_text64(st, at, v->s.n ? (const char *)v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	return sqlite3_bind_null(st, at);
}

static int
sqlite_next(struct qa_db *db, void *st, struct qa_err *err)
{
	int rc = sqlite3_step(st);

	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : failed(db, rc, "run a statement", err);
}

static int
sqlite_run(struct qa_db *db, void *st, const struct qa_db_value *v, size_t n, int64_t *changed_r, struct qa_err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = bind(st, i, true, &v[i]);

		if (rc != SQLITE_OK)
			return failed(db, rc, "set a parameter", err);
	}
	int64_t before = sqlite3_total_changes64(handle(db));
	int r = sqlite_next(db, st, err);
	if (r >= 0 && changed_r)
		*changed_r = sqlite3_total_changes64(handle(db)) - before;
	return r;
}

static int64_t
sqlite_integer(struct qa_db *db, void *st, int column)
{
	(void)db;
	return sqlite3_column_type(st, column) == SQLITE_INTEGER ? sqlite3_column_int64(st, column) : 0;
}

static qa_span
sqlite_span(struct qa_db *db, void *st, int column)
{
	const void *p = sqlite3_column_text(st, column);

	(void)db;
	return qa_span_of(p, p ? (size_t)sqlite3_column_bytes(st, column) : 0);
}

static void
sqlite_reset(struct qa_db *db, void *st)
{
	(void)db;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

static int
sqlite_copy_begin(struct qa_db *db, const char *table, const char *columns, size_t n, void **c_r, struct qa_err *err)
{
	GString *sql = g_string_new(NULL);
	sqlite3_stmt *st = NULL;

	g_string_printf(sql, "INSERT INTO %s(%s) VALUES(", table, columns);
	for (size_t i = 1; i <= n; i++)
		g_string_append_printf(sql, "%s?%zu", i > 1 ? ", " : "", i);
	g_string_append_c(sql, ')');
	int rc = sqlite3_prepare_v2(handle(db), sql->str, -1, &st, NULL);
	g_string_free(sql, TRUE);
	if (rc != SQLITE_OK)
		return failed(db, rc, "prepare the insert", err);
	struct insert *c = g_new0(struct insert, 1);
	c->st = st;
	*c_r = c;
	return 0;
}

static int
sqlite_copy_row(struct qa_db *db, void *p, const struct qa_db_value *v, size_t n, struct qa_err *err)
{
	struct insert *c = p;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = bind(c->st, i, false, &v[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(c->st);
	if (rc != SQLITE_DONE)
		return failed(db, rc, "insert a row", err);
	sqlite3_reset(c->st);
	return 0;
}

static int
sqlite_copy_end(struct qa_db *db, void *p, bool good, struct qa_err *err)
{
	struct insert *c = p;

	(void)db, (void)good, (void)err;
	sqlite3_finalize(c->st);
	g_free(c);
	return 0;
}

static int
sqlite_has_schema(struct qa_db *db, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(handle(db), "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'qa_schema'", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : failed(db, rc, "look for its schema", err);
}

static const struct qa_db_kind kind = {
    .text = "text",
    .day = "text",
    .close = sqlite_close,
    .exec = sqlite_exec,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .settle = sqlite_settle,
    .run = sqlite_run,
    .next = sqlite_next,
    .integer = sqlite_integer,
    .span = sqlite_span,
    .reset = sqlite_reset,
    .prepare = sqlite_prepare,
    .forget = sqlite_forget,
    .copy_begin = sqlite_copy_begin,
    .copy_row = sqlite_copy_row,
    .copy_end = sqlite_copy_end,
    .has_schema = sqlite_has_schema,
};

static int
file_open(struct sqlite *s, const char *path, struct qa_err *err)
{
	int flags = s->db.mode == QA_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct stat st;

	if (s->db.mode == QA_DB_READ && qa_sys->fstatat(AT_FDCWD, path, &st, 0))
		return qa_fail(err, errno, "cannot open database %s: ", path);
	int rc = sqlite3_open_v2(path, &s->h, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	if (rc != SQLITE_OK)
		return failed(&s->db, rc, "open it", err);
	sqlite3_extended_result_codes(s->h, 1);
	sqlite3_busy_timeout(s->h, WAIT_MS);
	sqlite3_db_config(s->h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (s->db.mode == QA_DB_READ)
		return sqlite_exec(&s->db, "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384", err);
	return sqlite_exec(&s->db,
			   "PRAGMA journal_mode=PERSIST; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536", err);
}

int
qa_db_sqlite_open(const char *path, enum qa_db_mode mode, struct qa_db **db_r, struct qa_err *err)
{
	struct sqlite *s = g_new0(struct sqlite, 1);

	s->db = (struct qa_db){.kind = &kind, .mode = mode, .name = g_strdup(path)};
	if (file_open(s, path, err)) {
		int num = errno;

		sqlite3_close(s->h);
		g_free(s->db.name);
		g_free(s);
		errno = num;
		return -1;
	}
	*db_r = &s->db;
	return 0;
}
