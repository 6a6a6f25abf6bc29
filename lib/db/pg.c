/* A PostgreSQL server by libpq: text format, rows one by one, COPY for bulk. */
#include "db/db-private.h"

#include "base/num.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

enum { COPY_BYTES = 64 << 10 };

struct pg {
	struct qa_db db;
	PGconn *c;
	unsigned statements;
};

struct statement {
	char name[16];
	PGresult *row; /* the row that was asked for last */
	bool running;  /* results are still to come */
};

static PGconn *
conn(struct qa_db *db)
{
	return ((struct pg *)db)->c;
}

/* ---- errors ---- */

static int
number_of(PGconn *c, const PGresult *r)
{
	static const struct {
		const char *state; /* the start of an SQLSTATE */
		int num;
	} known[] = {
	    {"23505", EEXIST}, {"40001", EAGAIN}, {"40P01", EAGAIN}, {"55P03", EAGAIN}, {"53100", ENOSPC},    {"58030", EIO},
	    {"42501", EACCES}, {"25006", EACCES}, {"28", EACCES},    {"08", ENOTCONN},	{"57P", ENOTCONN}, {"XX00", EBADMSG},
	};
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

	for (size_t i = 0; state && i < sizeof known / sizeof *known; i++)
		if (g_str_has_prefix(state, known[i].state))
			return known[i].num;
	return PQstatus(c) == CONNECTION_BAD ? ENOTCONN : EINVAL;
}

/* On one line. */
static char *
words_of(PGconn *c, const PGresult *r)
{
	const char *said = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;
	char *s = g_strdup_printf("%s%s%s%s", said ? said : c ? PQerrorMessage(c) : "no memory", detail ? " (" : "", detail ? detail : "",
				  detail ? ")" : "");

	g_strchomp(s);
	return g_strdelimit(s, "\r\n\t", ' ');
}

static int
failed(struct qa_db *db, const PGresult *r, const char *what, struct qa_err *err)
{
	g_autofree char *why = words_of(conn(db), r);

	return qa_fail(err, number_of(conn(db), r), "database %s: cannot %s: %s", db->name, what, why);
}

/* Takes r. */
static int
expect(struct qa_db *db, PGresult *r, ExecStatusType wanted, const char *what, struct qa_err *err)
{
	int rc = PQresultStatus(r) == wanted ? 0 : failed(db, r, what, err);

	PQclear(r);
	return rc;
}

/* ---- the connection ---- */

int
qa_db_pg_check(const char *uri, char **name_r, struct qa_err *err)
{
	g_autoptr(GString) name = g_string_new("postgresql://");
	const char *host = "", *port = "", *base = "", *service = "";
	char *why = NULL;
	bool secret = false;

	PQconninfoOption *o = PQconninfoParse(uri, &why);
	PQfreemem(why); /* it may quote the URI with what is in it */
	if (!o)
		return qa_fail(err, EPROTO, "the database's URI cannot be read; it looks like postgresql://user@host/database");
	for (const PQconninfoOption *p = o; p->keyword; p++) {
		if (!p->val)
			continue;
		if (strcmp(p->keyword, "password") == 0 || strcmp(p->keyword, "sslpassword") == 0)
			secret = true;
		else if (strcmp(p->keyword, "host") == 0)
			host = p->val;
		else if (strcmp(p->keyword, "port") == 0)
			port = p->val;
		else if (strcmp(p->keyword, "dbname") == 0)
			base = p->val;
		else if (strcmp(p->keyword, "service") == 0)
			service = p->val;
	}
	g_string_append_printf(name, "%s%s%s/%s%s%s", host, *port ? ":" : "", port, base, *service ? "?service=" : "", service);
	PQconninfoFree(o);
	if (secret)
		return qa_fail(err, EPROTO, "the database's URI holds a password; put it into ~/.pgpass or a file named by PGPASSFILE");
	if (name_r)
		*name_r = g_strdup(name->str);
	return 0;
}

static void
notice(void *p, const PGresult *r)
{
	(void)p, (void)r; /* warnings of the server are in its own log */
}

static int
pg_exec(struct qa_db *db, const char *sql, struct qa_err *err)
{
	PGresult *r = PQexec(conn(db), sql);

	return expect(db, r, PQresultStatus(r) == PGRES_TUPLES_OK ? PGRES_TUPLES_OK : PGRES_COMMAND_OK, "run a statement", err);
}

/* What the server or the role may have set otherwise. */
static int
session(struct qa_db *db, struct qa_err *err)
{
	if (pg_exec(db,
		    "SET datestyle TO ISO; SET standard_conforming_strings TO on; SET lock_timeout TO '60s';"
		    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';",
		    err))
		return -1;
	return db->mode == QA_DB_READ ? pg_exec(db, "SET default_transaction_read_only TO on", err) : 0;
}

static void
pg_close(struct qa_db *db)
{
	PQfinish(conn(db));
	g_free(db);
}

/* ---- transactions ---- */

static int
pg_begin(struct qa_db *db, bool schema, struct qa_err *err)
{
	/* two sessions that make the same table would both fail, so upgraders wait for each other */
	if (schema)
		return pg_exec(db, "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(7236835191)", err);
	return pg_exec(db, db->mode == QA_DB_READ ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN ISOLATION LEVEL READ COMMITTED", err);
}

static int
pg_commit(struct qa_db *db, struct qa_err *err)
{
	PGresult *r = PQexec(conn(db), "COMMIT");
	int rc = 0;

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		rc = failed(db, r, "commit", err);
	else if (strcmp(PQcmdStatus(r), "COMMIT") != 0) /* a transaction that failed before "commits" as ROLLBACK */
		rc = qa_fail(err, EINVAL, "database %s: cannot commit: something failed before", db->name);
	PQclear(r);
	return rc;
}

static void
pg_rollback(struct qa_db *db)
{
	if (PQtransactionStatus(conn(db)) != PQTRANS_IDLE)
		PQclear(PQexec(conn(db), "ROLLBACK"));
}

/* ---- statements ---- */

static int
pg_prepare(struct qa_db *db, const char *sql, size_t n, void **st_r, struct qa_err *err)
{
	struct statement *st = g_new0(struct statement, 1);

	snprintf(st->name, sizeof st->name, "q%u", ++((struct pg *)db)->statements);
	if (expect(db, PQprepare(conn(db), st->name, sql, (int)n, NULL), PGRES_COMMAND_OK, "prepare a statement", err)) {
		g_free(st);
		return -1;
	}
	*st_r = st;
	return 0;
}

static void
pg_forget(struct qa_db *db, void *st)
{
	(void)db;
	g_free(st);
}

/* Reads to the end of what the server sends for the running statement. */
static void
drain(struct qa_db *db, struct statement *st)
{
	PGresult *r;

	while (st->running && (r = PQgetResult(conn(db))))
		PQclear(r);
	st->running = false;
}

static int
next_result(struct qa_db *db, struct statement *st, int64_t *changed_r, struct qa_err *err)
{
	PQclear(st->row);
	st->row = NULL;
	PGresult *r = PQgetResult(conn(db));
	ExecStatusType is = PQresultStatus(r);
	if (is == PGRES_SINGLE_TUPLE) {
		st->row = r;
		return 1;
	}
	int rc = is == PGRES_TUPLES_OK || is == PGRES_COMMAND_OK ? 0 : failed(db, r, "run a statement", err);
	uint64_t changed = 0;
	if (rc == 0 && changed_r && qa_scan_u64(qa_span_str(PQcmdTuples(r)), &changed))
		changed = 0;
	if (rc == 0 && changed_r)
		*changed_r = (int64_t)changed;
	PQclear(r);
	drain(db, st);
	return rc;
}

static int
pg_next(struct qa_db *db, void *st, struct qa_err *err)
{
	return next_result(db, st, NULL, err);
}

static int
pg_run(struct qa_db *db, void *p, const struct qa_db_value *v, size_t n, int64_t *changed_r, struct qa_err *err)
{
	struct statement *st = p;
	char *text[QA_DB_PARAMETERS] = {0};

	for (size_t i = 0; i < n; i++)
		if (v[i].type == QA_DB_INTEGER)
			text[i] = g_strdup_printf("%lld", (long long)v[i].i);
		else if (v[i].type == QA_DB_STRING)
			text[i] = g_strndup((const char *)v[i].s.p, v[i].s.n);
	int sent = PQsendQueryPrepared(conn(db), st->name, (int)n, (const char *const *)text, NULL, NULL, 0);
	for (size_t i = 0; i < n; i++)
		g_free(text[i]);
	if (!sent)
		return failed(db, NULL, "run a statement", err);
	st->running = true;
	PQsetSingleRowMode(conn(db));
	return next_result(db, st, changed_r, err);
}

static qa_span
pg_span(struct qa_db *db, void *p, int column)
{
	struct statement *st = p;

	(void)db;
	return qa_span_of(PQgetvalue(st->row, 0, column), (size_t)PQgetlength(st->row, 0, column));
}

static int64_t
pg_integer(struct qa_db *db, void *p, int column)
{
	qa_span s = pg_span(db, p, column);
	bool minus = s.n && s.p[0] == '-';
	uint64_t u;

	if (qa_scan_u64(qa_span_cut(s, minus, s.n), &u) || u > INT64_MAX)
		return 0;
	return minus ? -(int64_t)u : (int64_t)u;
}

static void
pg_reset(struct qa_db *db, void *p)
{
	struct statement *st = p;

	PQclear(st->row);
	st->row = NULL;
	drain(db, st);
}

/* ---- bulk insert ---- */

static int
pg_copy_begin(struct qa_db *db, const char *table, const char *columns, size_t n, void **c_r, struct qa_err *err)
{
	g_autofree char *sql = g_strdup_printf("COPY %s(%s) FROM STDIN", table, columns);

	(void)n;
	if (expect(db, PQexec(conn(db), sql), PGRES_COPY_IN, "begin to insert rows", err))
		return -1;
	*c_r = g_string_sized_new(COPY_BYTES + 4096);
	return 0;
}

static int
copy_flush(struct qa_db *db, GString *b, struct qa_err *err)
{
	if (b->len && PQputCopyData(conn(db), b->str, (int)b->len) != 1)
		return failed(db, NULL, "insert rows", err);
	g_string_truncate(b, 0);
	return 0;
}

/* The length of what needs no escape at the start, found by eights; less than all of it may be told. */
static size_t
plain(qa_span s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t i = 0;

	for (uint64_t w; i + sizeof w <= s.n; i += sizeof w) {
		memcpy(&w, s.p + i, sizeof w);
		uint64_t slash = w ^ ones * '\\';
		if (((w - ones * ' ') | (slash - ones) | w) & high) /* below a blank, a backslash, or from 0x80 on */
			break;
	}
	return i;
}

/* As COPY's text format wants it. */
static void
copy_text(GString *b, qa_span s)
{
	size_t from = 0;

	for (size_t i = plain(s); i < s.n; i++) {
		unsigned char c = s.p[i];

		if (c != '\\' && c != '\t' && c != '\n' && c != '\r')
			continue;
		g_string_append_len(b, (const char *)s.p + from, (gssize)(i - from));
		g_string_append_c(b, '\\');
		g_string_append_c(b, c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\\');
		from = i + 1;
	}
	if (s.n > from)
		g_string_append_len(b, (const char *)s.p + from, (gssize)(s.n - from));
}

static void
copy_integer(GString *b, int64_t i)
{
	char digits[24], *p = digits + sizeof digits;
	uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (i < 0)
		*--p = '-';
	g_string_append_len(b, p, digits + sizeof digits - p);
}

static int
pg_copy_row(struct qa_db *db, void *c, const struct qa_db_value *v, size_t n, struct qa_err *err)
{
	GString *b = c;

	for (size_t i = 0; i < n; i++) {
		if (v[i].type == QA_DB_INTEGER)
			copy_integer(b, v[i].i);
		else if (v[i].type == QA_DB_STRING)
			copy_text(b, v[i].s);
		else
			g_string_append(b, "\\N");
		g_string_append_c(b, i + 1 < n ? '\t' : '\n');
	}
	return b->len < COPY_BYTES ? 0 : copy_flush(db, b, err);
}

static int
pg_copy_end(struct qa_db *db, void *c, bool good, struct qa_err *err)
{
	PGresult *r;
	int rc = good ? copy_flush(db, c, err) : 0;

	g_string_free(c, TRUE);
	if (PQputCopyEnd(conn(db), good && rc == 0 ? NULL : "given up") != 1 && rc == 0)
		rc = failed(db, NULL, "insert rows", err);
	while ((r = PQgetResult(conn(db)))) {
		if (good && rc == 0 && PQresultStatus(r) != PGRES_COMMAND_OK)
			rc = failed(db, r, "insert rows", err);
		/* a connection that is lost stays in COPY for ever */
		bool stuck = PQresultStatus(r) == PGRES_COPY_IN;
		PQclear(r);
		if (stuck)
			break;
	}
	return rc;
}

static int
pg_has_schema(struct qa_db *db, struct qa_err *err)
{
	/* not to_regclass: it takes no lock, and so may answer from a cache that knows nothing of a table made since BEGIN */
	PGresult *r = PQexec(conn(db), "SELECT count(*) > 0 FROM pg_catalog.pg_class WHERE relname = 'qa_schema' AND relkind = 'r'"
				       " AND pg_catalog.pg_table_is_visible(oid)");
	int rc;

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		rc = failed(db, r, "look for its schema", err);
	else
		rc = PQntuples(r) == 1 && PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	return rc;
}

static const struct qa_db_kind kind = {
    .text = "text COLLATE \"C\"",
    .day = "date",
    .close = pg_close,
    .exec = pg_exec,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .run = pg_run,
    .next = pg_next,
    .integer = pg_integer,
    .span = pg_span,
    .reset = pg_reset,
    .prepare = pg_prepare,
    .forget = pg_forget,
    .copy_begin = pg_copy_begin,
    .copy_row = pg_copy_row,
    .copy_end = pg_copy_end,
    .has_schema = pg_has_schema,
};

int
qa_db_pg_open(const char *uri, enum qa_db_mode mode, struct qa_db **db_r, struct qa_err *err)
{
	/* those in front of dbname can be set otherwise in the URI */
	const char *const key[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL};
	const char *const val[] = {"30", "qmail-archive", uri, "UTF8", NULL};
	struct pg *p;
	char *name;

	if (qa_db_pg_check(uri, &name, err))
		return -1;
	p = g_new0(struct pg, 1);
	p->db = (struct qa_db){.kind = &kind, .mode = mode, .name = name};
	p->c = PQconnectdbParams(key, val, 1);
	int rc = PQstatus(p->c) == CONNECTION_OK ? 0 : failed(&p->db, NULL, "connect", err);
	if (rc == 0) {
		PQsetNoticeReceiver(p->c, notice, NULL);
		rc = session(&p->db, err);
	}
	if (rc) {
		int num = errno;

		PQfinish(p->c);
		g_free(name);
		g_free(p);
		errno = num;
		return -1;
	}
	*db_r = &p->db;
	return 0;
}
