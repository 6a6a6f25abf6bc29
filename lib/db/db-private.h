/* What db.c and the two kinds of database share. */
#ifndef QA_DB_DB_PRIVATE_H
#define QA_DB_DB_PRIVATE_H

#include "db/db.h"

#include <glib.h>

/* A kind of database: db.c checks arguments and states, these do the work. */
struct qa_db_kind {
	const char *text, *day; /* the types that @TEXT and @DAY stand for */
	void (*close)(struct qa_db *db);
	int (*exec)(struct qa_db *db, const char *sql, struct qa_err *err);
	int (*begin)(struct qa_db *db, bool schema, struct qa_err *err); /* schema: keep other upgraders out */
	int (*commit)(struct qa_db *db, struct qa_err *err);
	void (*rollback)(struct qa_db *db);
	int (*settle)(struct qa_db *db, struct qa_err *err); /* NULL: nothing to do */
	/* Runs the prepared statement ST to its first row or its end: 1 a row is there, 0, -1. */
	int (*run)(struct qa_db *db, void *st, const struct qa_db_value *v, size_t n, int64_t *changed_r, struct qa_err *err);
	int (*next)(struct qa_db *db, void *st, struct qa_err *err);
	int64_t (*integer)(struct qa_db *db, void *st, int column);
	qa_span (*span)(struct qa_db *db, void *st, int column);
	void (*reset)(struct qa_db *db, void *st); /* gives up what is left of a run */
	int (*prepare)(struct qa_db *db, const char *sql, size_t n, void **st_r, struct qa_err *err);
	void (*forget)(struct qa_db *db, void *st);
	int (*copy_begin)(struct qa_db *db, const char *table, const char *columns, size_t n, void **c_r, struct qa_err *err);
	int (*copy_row)(struct qa_db *db, void *c, const struct qa_db_value *v, size_t n, struct qa_err *err);
	int (*copy_end)(struct qa_db *db, void *c, bool good, struct qa_err *err); /* frees c in any case */
	int (*has_schema)(struct qa_db *db, struct qa_err *err);		      /* table qa_schema: 1, 0, -1 */
};

/* The start of struct sqlite and struct pg. */
struct qa_db {
	const struct qa_db_kind *kind;
	enum qa_db_mode mode;
	bool begun, busy;
	char *name;
	GHashTable *prepared; /* text of a statement (not owned) -> what prepare made */
};

int qa_db_sqlite_open(const char *path, enum qa_db_mode mode, struct qa_db **db_r, struct qa_err *err) QA_MUST;
int qa_db_pg_open(const char *uri, enum qa_db_mode mode, struct qa_db **db_r, struct qa_err *err) QA_MUST;

/* A URI that libpq can read and that holds no password; *name_r, to be freed, is what may be shown of it. */
int qa_db_pg_check(const char *uri, char **name_r, struct qa_err *err) QA_MUST;

#endif
