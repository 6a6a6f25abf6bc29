/*
 * One interface, two databases: the same checks run on a file of SQLite, and on the PostgreSQL server that
 * QA_TEST_PG names (tests/it/traffic/postgresql.sh starts one).
 */
#include "db/db.h"

#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <sys/wait.h>

static struct qa_err err;
static char file[600];

static const struct qa_db_step steps[] = {
    {"CREATE TABLE t(name @TEXT NOT NULL, day @DAY, n bigint); CREATE UNIQUE INDEX t_name ON t(name);"},
    {"ALTER TABLE t ADD COLUMN more @TEXT;"},
    {"CREATE INDEX t_day ON t(day); INSERT INTO t(name, day, n, more) VALUES('by step 3', '2026-01-31', 3, 'x');"},
};

static int64_t
number(struct qa_db *db, const char *sql)
{
	struct qa_db_rows *r;
	int64_t n = -1;

	if (qa_db_select(db, sql, NULL, 0, &r, &err))
		return -2;
	if (qa_db_rows_next(r, &err) == 1)
		n = qa_db_rows_int(r, 0);
	qa_db_rows_close(r);
	return n;
}

/* ---- for both ---- */

static void
schema(const char *uri)
{
	static const struct qa_db_step bad[] = {{"CREATE TABLE half(a bigint); CREATE TABEL x;"}};
	struct qa_db *db;

	OK(qa_db_open(uri, QA_DB_WRITE, &db, &err) == 0);
	OK(qa_db_schema(db, "test", steps, 1, &err) == 0);
	OK(number(db, "SELECT version FROM qa_schema WHERE part = 'test'") == 1);
	OK(qa_db_run(db, "INSERT INTO t(name, day, n) VALUES('old', '2025-12-31', 7)", NULL, 0, NULL, &err) == 0);
	qa_db_close(db);

	OK(qa_db_open(uri, QA_DB_READ, &db, &err) == 0);
	OK(qa_db_schema(db, "test", steps, 3, &err) == -1 && err.num == ESTALE); /* who reads changes nothing */
	OK(qa_db_schema(db, "other", steps, 3, &err) == -1 && err.num == ENOENT);
	OK(qa_db_run(db, "INSERT INTO t(name) VALUES('x')", NULL, 0, NULL, &err) == -1 && err.num == EACCES);
	qa_db_close(db);

	OK(qa_db_open(uri, QA_DB_WRITE, &db, &err) == 0);
	OK(qa_db_schema(db, "test", steps, 3, &err) == 0);
	OK(qa_db_schema(db, "test", steps, 3, &err) == 0);
	OK(number(db, "SELECT version FROM qa_schema WHERE part = 'test'") == 3);
	OK(number(db, "SELECT n FROM t WHERE name = 'old'") == 7);
	OK(number(db, "SELECT count(*) FROM t") == 2);
	OK(qa_db_schema(db, "test", steps, 2, &err) == -1 && err.num == ESTALE);
	/* a step that fails leaves nothing of itself */
	OK(qa_db_schema(db, "bad", bad, 1, &err) == -1);
	OK(strstr(err.text, "bad") != NULL);
	OK(number(db, "SELECT count(*) FROM half") == -2);
	OK(number(db, "SELECT count(*) FROM qa_schema") == 1);
	qa_db_close(db);
}

static void
statements(const char *uri)
{
	static const char insert[] = "INSERT INTO t(n, name, day) VALUES($3, $1, $2) ON CONFLICT DO NOTHING";
	struct qa_db_value v[] = {qa_db_str("caf\303\251"), qa_db_str("2026-02-28"), qa_db_int(INT64_MIN + 1)};
	struct qa_db_rows *r;
	struct qa_db *db;
	int64_t changed = -1;

	OK(qa_db_open(uri, QA_DB_WRITE, &db, &err) == 0);
	OK(qa_db_begin(db, &err) == 0);
	OK(qa_db_run(db, insert, v, 3, &changed, &err) == 0 && changed == 1);
	OK(qa_db_run(db, insert, v, 3, &changed, &err) == 0 && changed == 0);
	v[0] = qa_db_str("B"), v[1] = (struct qa_db_value){0};
	OK(qa_db_run(db, insert, v, 3, &changed, &err) == 0 && changed == 1);
	OK(qa_db_commit(db, &err) == 0);

	OK(qa_db_select(db, "SELECT name, day, n FROM t WHERE n < $1 ORDER BY name", (struct qa_db_value[]){qa_db_int(0)}, 1, &r, &err) == 0);
	OK(qa_db_rows_next(r, &err) == 1 && qa_span_is(qa_db_rows_span(r, 0), "B"));
	OK(qa_db_rows_span(r, 1).n == 0 && qa_db_rows_int(r, 2) == INT64_MIN + 1);
	OK(qa_db_rows_next(r, &err) == 1 && qa_span_is(qa_db_rows_span(r, 0), "caf\303\251"));
	OK(qa_span_is(qa_db_rows_span(r, 1), "2026-02-28"));
	OK(qa_db_rows_int(r, 0) == 0);
	OK(qa_db_rows_next(r, &err) == 0 && qa_db_rows_next(r, &err) == 0);
	qa_db_rows_close(r);
	/* given up half way: the handle is free again */
	OK(qa_db_select(db, "SELECT name FROM t ORDER BY name", NULL, 0, &r, &err) == 0 && qa_db_rows_next(r, &err) == 1);
	qa_db_rows_close(r);

	/* rolled back, also by closing; one that failed cannot be committed */
	OK(qa_db_begin(db, &err) == 0 && qa_db_run(db, "DELETE FROM t", NULL, 0, &changed, &err) == 0 && changed == 4);
	qa_db_rollback(db);
	OK(number(db, "SELECT count(*) FROM t") == 4);
	OK(qa_db_run(db, "INSERT INTO t(name) VALUES('B')", NULL, 0, NULL, &err) == -1 && err.num == EEXIST);
	OK(strstr(err.text, qa_db_name(db)) != NULL);
	v[0] = qa_db_str("not \377 text");
	OK(qa_db_run(db, insert, v, 3, NULL, &err) == -1 && err.num == EPROTO);
	v[0] = qa_db_span(qa_span_of("a\0b", 3));
	OK(qa_db_run(db, insert, v, 3, NULL, &err) == -1 && err.num == EPROTO);
	OK(number(db, "SELECT nothing FROM nowhere") == -2 && err.num == EINVAL);
	OK(qa_db_begin(db, &err) == 0 && qa_db_exec(db, "DELETE FROM t; DELETE FROM qa_schema;", &err) == 0);
	qa_db_close(db);
	OK(qa_db_open(uri, QA_DB_READ, &db, &err) == 0);
	OK(number(db, "SELECT count(*) FROM t") == 4);
	qa_db_close(db);
}

static void
bulk(const char *uri)
{
	enum { ROWS = 5000 };
	static const char awkward[] = "tab\there, back\\slash, \\N, line\nfeed, \\., quote' \" |";
	struct qa_db_value v[3];
	struct qa_db_copy *c;
	struct qa_db_rows *r;
	struct qa_db *db;
	char name[40];
	int rc = 0;

	OK(qa_db_open(uri, QA_DB_WRITE, &db, &err) == 0);
	OK(qa_db_exec(db, "CREATE TABLE b(name text, n bigint, more text); CREATE UNIQUE INDEX b_n ON b(n);", &err) == 0);
	OK(qa_db_begin(db, &err) == 0 && qa_db_copy_begin(db, "b", "n, name, more", 3, &c, &err) == 0);
	for (int i = 0; i < ROWS && rc == 0; i++) {
		snprintf(name, sizeof name, "name %d", i);
		v[0] = qa_db_int(i - 10), v[1] = qa_db_str(i == 3 ? awkward : i == 4 ? "" : name);
		v[2] = i % 2 ? (struct qa_db_value){0} : qa_db_str("x");
		rc = qa_db_copy_row(c, v, &err);
	}
	OK(rc == 0 && qa_db_copy_end(c, &err) == 0 && qa_db_commit(db, &err) == 0);
	OK(number(db, "SELECT count(*) FROM b") == ROWS);
	OK(number(db, "SELECT CAST(sum(n) AS bigint) FROM b") == (int64_t)ROWS * (ROWS - 1) / 2 - 10 * ROWS);
	OK(number(db, "SELECT count(*) FROM b WHERE more IS NULL") == ROWS / 2);
	OK(number(db, "SELECT count(*) FROM b WHERE name = ''") == 1);
	OK(qa_db_select(db, "SELECT name FROM b WHERE n = -7", NULL, 0, &r, &err) == 0 && qa_db_rows_next(r, &err) == 1);
	OK(qa_span_is(qa_db_rows_span(r, 0), awkward));
	qa_db_rows_close(r);

	/* given up; and a row that must not be there: nothing comes of the rest either */
	v[0] = qa_db_int(ROWS), v[1] = qa_db_str("given up"), v[2] = qa_db_str("x");
	OK(qa_db_begin(db, &err) == 0 && qa_db_copy_begin(db, "b", "n, name, more", 3, &c, &err) == 0 && qa_db_copy_row(c, v, &err) == 0);
	qa_db_copy_abort(c);
	qa_db_rollback(db);
	OK(number(db, "SELECT count(*) FROM b") == ROWS);
	OK(qa_db_begin(db, &err) == 0 && qa_db_copy_begin(db, "b", "n, name, more", 3, &c, &err) == 0);
	v[0] = qa_db_int(5);
	rc = qa_db_copy_row(c, v, &err);
	int num = rc ? err.num : 0;
	if (qa_db_copy_end(c, &err) && !num)
		num = err.num;
	OK(num == EEXIST);
	qa_db_rollback(db);
	OK(number(db, "SELECT count(*) FROM b") == ROWS);
	qa_db_close(db);
}

/* One of several: makes the schema that is not there, then adds rows. Exit status. */
static int
one_of_many(const char *uri, int rows)
{
	static const struct qa_db_step made[] = {{"CREATE TABLE m(n bigint);"}, {"INSERT INTO m(n) VALUES(1000);"}};
	struct qa_db *db = NULL;
	int rc = qa_db_open(uri, QA_DB_WRITE, &db, &err) || qa_db_schema(db, "many", made, 2, &err);

	for (int k = 0; k < rows && rc == 0; k++)
		rc = qa_db_begin(db, &err) || qa_db_run(db, "INSERT INTO m(n) VALUES(1)", NULL, 0, NULL, &err) || qa_db_commit(db, &err);
	if (rc)
		fprintf(stderr, "# %s\n", err.text);
	qa_db_close(db);
	return rc;
}

static void
together(const char *uri)
{
	enum { ROUNDS = 8, MANY = 4, EACH = 3 };
	struct qa_db *db;
	int good = 0, sums = 0;

	fflush(stdout);
	for (int round = 0; round < ROUNDS; round++) {
		if (qa_db_open(uri, QA_DB_WRITE, &db, &err) ||
		    qa_db_exec(db, "DROP TABLE IF EXISTS m; DROP TABLE IF EXISTS qa_schema;", &err))
			printf("# %s\n", err.text);
		qa_db_close(db);
		for (int i = 0; i < MANY; i++)
			if (fork() == 0)
				_exit(one_of_many(uri, EACH));
		for (int i = 0, status; i < MANY; i++)
			good += wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (qa_db_open(uri, QA_DB_READ, &db, &err))
			continue;
		sums += number(db, "SELECT CAST(sum(n) AS bigint) FROM m") == 1000 + MANY * EACH;
		qa_db_close(db);
	}
	OKF(good == ROUNDS * MANY, "%d of %d at once made the schema and added rows", good, ROUNDS * MANY);
	OK(sums == ROUNDS);
}

/* ---- each for itself ---- */

static void
uris(void)
{
	OK(qa_db_uri_check("postgresql://h/d", &err) == 0);
	OK(qa_db_uri_check("postgres://u@h:5433/d?sslmode=require", &err) == 0);
	OK(qa_db_uri_check("postgresql:///d?host=/run/pg", &err) == 0);
	OK(qa_db_uri_check("sqlite:x.db", &err) == 0);
	OK(qa_db_uri_check("/some/where.sqlite", &err) == 0);
	OK(qa_db_uri_check("", &err) == -1 && err.num == EPROTO);
	OK(qa_db_uri_check("sqlite:", &err) == -1);
	OK(qa_db_uri_check(":memory:", &err) == -1);
	OK(qa_db_uri_check("mysql://u:sekrit@h/d", &err) == -1 && !strstr(err.text, "sekrit"));
	OK(qa_db_uri_check("postgresql://u:sekrit@h/d", &err) == -1 && !strstr(err.text, "sekrit"));
	OK(qa_db_uri_check("postgresql://h/d?password=sekrit", &err) == -1 && !strstr(err.text, "sekrit"));
	OK(qa_db_uri_check("postgresql://h/d?sslpassword=sekrit", &err) == -1 && !strstr(err.text, "sekrit"));
	OK(qa_db_uri_check("postgresql://u:sekrit@h:x:y/d?a", &err) == -1 && !strstr(err.text, "sekrit"));
}

static void
sqlite_only(const char *dir)
{
	char path[600], uri[700];
	struct qa_db *db = NULL, *other = NULL;

	snprintf(path, sizeof path, "%s/none.db", dir);
	OK(qa_db_open(path, QA_DB_READ, &db, &err) == -1 && err.num == ENOENT);
	snprintf(path, sizeof path, "%s/no/folder.db", dir);
	OK(qa_db_open(path, QA_DB_WRITE, &db, &err) == -1 && err.num == EACCES && strstr(err.text, path));
	snprintf(path, sizeof path, "%s/text.db", dir);
	FILE *f = fopen(path, "w");
	for (int i = 0; f && i < 1000; i++)
		fprintf(f, "this is no database\n");
	OK(f && fclose(f) == 0);
	OK(qa_db_open(path, QA_DB_WRITE, &db, &err) == -1 && err.num == EBADMSG);
	snprintf(uri, sizeof uri, "sqlite:%s", file);
	OK(qa_db_open(uri, QA_DB_READ, &db, &err) == 0);
	OK(strcmp(qa_db_name(db), file) == 0);
	/* a reader sees what was there when it began; who may only read the file can */
	OK(qa_db_begin(db, &err) == 0 && number(db, "SELECT count(*) FROM t") == 4);
	OK(qa_db_commit(db, &err) == 0);
	OK(qa_db_open(file, QA_DB_WRITE, &other, &err) == 0);
	OK(qa_db_run(other, "DELETE FROM t WHERE name = 'B'", NULL, 0, NULL, &err) == 0);
	OK(qa_db_settle(other, &err) == 0);
	OK(number(db, "SELECT count(*) FROM t") == 3);
	qa_db_close(other);
	qa_db_close(db);
}

static void
pg_only(const char *uri)
{
	struct qa_db *db = NULL, *other = NULL;

	OK(qa_db_open("postgresql:///no_such_base?host=/nonexistent", QA_DB_READ, &db, &err) == -1 && err.num == ENOTCONN);
	OK(qa_db_open(uri, QA_DB_WRITE, &db, &err) == 0 && qa_db_open(uri, QA_DB_WRITE, &other, &err) == 0);
	/* a commit of what failed before is no commit */
	OK(qa_db_begin(db, &err) == 0 && qa_db_exec(db, "SELECT nothing;", &err) == -1);
	OK(qa_db_commit(db, &err) == -1);
	OK(number(db, "SELECT 1") == 1 && qa_db_settle(db, &err) == 0);
	OK(qa_db_exec(db, "SET synchronous_commit TO off", &err) == 0);
	/* a connection that is lost, in a statement and in a copy */
	struct qa_db_copy *c;
	OK(qa_db_begin(db, &err) == 0 && qa_db_copy_begin(db, "b", "n, name", 2, &c, &err) == 0);
	OK(number(other, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state LIKE 'active%' AND pid <> pg_backend_pid()"
			 " AND backend_type = 'client backend'") == 1);
	struct qa_db_value v[] = {qa_db_int(1000000), qa_db_str("lost")};
	int rc = 0;
	for (int i = 0; i < 100000 && rc == 0; i++, v[0].i++)
		rc = qa_db_copy_row(c, v, &err);
	if (rc == 0)
		rc = qa_db_copy_end(c, &err);
	else
		qa_db_copy_abort(c);
	OKF(rc == -1 && err.num == ENOTCONN, "a connection lost in a copy: %s", err.text);
	qa_db_rollback(db);
	OK(qa_db_begin(db, &err) == -1 && err.num == ENOTCONN);
	qa_db_close(db);
	OK(number(other, "SELECT count(*) FROM b WHERE name = 'lost'") == 0);
	qa_db_close(other);
}

static void
both(const char *uri)
{
	schema(uri);
	statements(uri);
	bulk(uri);
	together(uri);
}

int
main(void)
{
	const char *dir = tmp_make(), *uri = getenv("QA_TEST_PG");

	snprintf(file, sizeof file, "%s/test.db", dir);
	uris();
	both(file);
	sqlite_only(dir);
	if (uri && *uri) {
		both(uri);
		pg_only(uri);
	}
	return done();
}
