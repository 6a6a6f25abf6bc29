/*
 * SQL behind one interface: an embedded file by SQLite, or a server by libpq.
 *
 *	postgresql://[USER@][HOST][:PORT]/DATABASE[?...]   PostgreSQL, the URI as libpq reads it (also postgres://)
 *	sqlite:PATH, or just PATH                          a file of SQLite, made when it is missing
 *
 * Passwords are libpq's own business: ~/.pgpass, PGPASSFILE, or a service file (`?service=NAME`). A URI with a password in
 * it is refused, because command lines are for everybody to read; none ever comes into an error text.
 *
 * Statements are written once for both. Parameters are $1, $2, ... (each at least once, from 1 without a gap); the words must
 * mean the same in both: integers are bigint; a day is "2026-11-23" in and out (column of type @DAY, see qa_db_schema); text is
 * UTF-8 and sorts by its bytes (column of type @TEXT).
 *
 * A handle belongs to one thread. Errors say what could not be done in which database; their numbers: EAGAIN another writer
 * was in the way (try again), EEXIST a row that must be unique is there already, ENOSPC, EIO, EACCES, ENOTCONN the server is
 * out of reach or gone, EBADMSG the file is damaged, ESTALE the schema is newer than this program, else EINVAL.
 */
#ifndef QA_DB_DB_H
#define QA_DB_DB_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct qa_db;
struct qa_db_rows;
struct qa_db_copy;

enum { QA_DB_PARAMETERS = 16 }; /* parameters of a statement, and columns of a bulk insert, at most */

enum qa_db_mode {
	QA_DB_READ,  /* the file must exist; nothing can be changed */
	QA_DB_WRITE, /* a commit that returned survives a power cut, whatever the server's settings are */
};

/* *db_r is to be closed. -1: ENOENT there is no such file (QA_DB_READ). */
int qa_db_open(const char *uri, enum qa_db_mode mode, struct qa_db **db_r, struct qa_err *err) QA_MUST;
void qa_db_close(struct qa_db *db); /* NULL is allowed; what was not committed is undone */

/* For messages: path, or host and database. Valid as long as db. */
const char *qa_db_name(const struct qa_db *db);

/* 0 when URI has one of the forms above, else -1 (EPROTO); nothing is opened. */
int qa_db_uri_check(const char *uri, struct qa_err *err) QA_MUST;

/* ---- schema ---- */

/* One step from a version to the next: statements ended by ';' in which @TEXT and @DAY stand for the types of a text
 * that sorts by its bytes and of a day. */
struct qa_db_step {
	const char *sql;
};

/*
 * Brings the part NAME of the database to version n, which is the number of steps: runs those that were not run yet, each in a transaction
 * of its own with its entry in table qa_schema(part, version). Two programs at once do each step once. -1 ESTALE: the
 * database is at a version above n. With QA_DB_READ nothing is run: 0 at version n, -1 with ESTALE at another one and
 * ENOENT when the part was never made.
 */
int qa_db_schema(struct qa_db *db, const char *name, const struct qa_db_step *step, size_t n, struct qa_err *err) QA_MUST;

/* ---- transactions ---- */

/* At most one at a time. A writing one of SQLite waits for other writers (60 s), then fails with EAGAIN. After a failure in
 * a transaction only qa_db_rollback makes sense; it undoes all, and is also fine when nothing was begun. */
int qa_db_begin(struct qa_db *db, struct qa_err *err) QA_MUST;
int qa_db_commit(struct qa_db *db, struct qa_err *err) QA_MUST;
void qa_db_rollback(struct qa_db *db);

/* Outside of a transaction: what others have committed survives a power cut too once this has returned. (A row that is seen may be
 * another's whose commit has not returned, and never will.) Needs a schema. */
int qa_db_settle(struct qa_db *db, struct qa_err *err) QA_MUST;

/* ---- statements ---- */

enum qa_db_type { QA_DB_NULL, QA_DB_INTEGER, QA_DB_STRING };

/* A parameter or a value of a row. Text has no NUL and is UTF-8 (checked on the way in: EPROTO). */
struct qa_db_value {
	enum qa_db_type type;
	int64_t i;
	qa_span s;
};

static inline struct qa_db_value
qa_db_int(int64_t i)
{
	return (struct qa_db_value){.type = QA_DB_INTEGER, .i = i};
}

static inline struct qa_db_value
qa_db_str(const char *s)
{
	return (struct qa_db_value){.type = QA_DB_STRING, .s = qa_span_str(s)};
}

static inline struct qa_db_value
qa_db_span(qa_span s)
{
	return (struct qa_db_value){.type = QA_DB_STRING, .s = s};
}

/* Runs statements without parameters and rows, ended by ';'. */
int qa_db_exec(struct qa_db *db, const char *sql, struct qa_err *err) QA_MUST;

/* Runs one statement; *changed_r (may be NULL) is the number of rows it made, changed or removed. It is prepared once for each
 * handle and text: SQL must be a constant of the program. */
int qa_db_run(struct qa_db *db, const char *sql, const struct qa_db_value *v, size_t n, int64_t *changed_r,
	      struct qa_err *err) QA_MUST;

/* Runs a SELECT. Until qa_db_rows_close nothing else may be done with db. Rows come one by one, however many. */
int qa_db_select(struct qa_db *db, const char *sql, const struct qa_db_value *v, size_t n, struct qa_db_rows **rows_r,
		 struct qa_err *err) QA_MUST;

/* The next row: 1, 0 at the end, -1. Columns are counted from 0; a span is valid until the next call of qa_db_rows_*. A column that
 * is no whole number reads as 0, NULL as 0 and as an empty span. */
int qa_db_rows_next(struct qa_db_rows *r, struct qa_err *err) QA_MUST;
int64_t qa_db_rows_int(struct qa_db_rows *r, int column);
qa_span qa_db_rows_span(struct qa_db_rows *r, int column);
void qa_db_rows_close(struct qa_db_rows *r); /* NULL is allowed */

/* ---- bulk insert ---- */

/*
 * Many rows into one table, in a transaction of the caller's: COPY for PostgreSQL, a prepared INSERT for SQLite. TABLE and COLUMNS
 * ("a, b, c", n of them) are constants of the program. Between begin and end nothing else may be done with db. A fault of a row may be
 * told by a later call. End and abort both free it; after an abort, or a failure, the transaction must be rolled back.
 */
int qa_db_copy_begin(struct qa_db *db, const char *table, const char *columns, size_t n, struct qa_db_copy **c_r,
		     struct qa_err *err) QA_MUST;
int qa_db_copy_row(struct qa_db_copy *c, const struct qa_db_value *v, struct qa_err *err) QA_MUST;
int qa_db_copy_end(struct qa_db_copy *c, struct qa_err *err) QA_MUST;
void qa_db_copy_abort(struct qa_db_copy *c); /* NULL is allowed */

#endif
