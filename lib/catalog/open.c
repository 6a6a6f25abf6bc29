/* Opening, making and removing the file of a month's catalog. */
#include "catalog/catalog-private.h"

#include "message/message.h"
#include "sys/sys.h"
#include "term/term.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CACHE_KIB = 32 << 10, WAL_PAGES = 4096 };

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE state(schema INTEGER, analysis TEXT, domain TEXT, month INTEGER, last_n INTEGER, next_leaf INTEGER, last_hash BLOB,"
    " messages INTEGER, events INTEGER, fallbacks INTEGER, bytes INTEGER, first_date INTEGER, last_date INTEGER,"
    " ordered INTEGER, sealed INTEGER);"
    "CREATE TABLE entry(n INTEGER PRIMARY KEY, date INTEGER NOT NULL, size INTEGER NOT NULL, flags INTEGER NOT NULL,"
    " digest INTEGER NOT NULL);"
    "CREATE TABLE event(digest INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(digest, n)) WITHOUT ROWID;"
    "CREATE VIRTUAL TABLE words USING fts5(body, subject, author, dest, copy, blind, reply, sender, rcpt, file, mark,"
    " content='', columnsize=1, detail=full, tokenize='qa');"
    "INSERT INTO words(words, rank) VALUES('hashsize', 8388608);"
    "INSERT INTO words(words, rank) VALUES('automerge', 12);";

void
qa_catalog_name(qa_month m, char out[QA_CATALOG_NAME])
{
	char month[QA_MONTH_TEXT];

	qa_month_text(m, month);
	snprintf(out, QA_CATALOG_NAME, "%s.db", month);
}

const char *
qa_catalog_analysis(void)
{
	static char text[64];

	snprintf(text, sizeof text, "term %s message %d", qa_term_version(), QA_MESSAGE_VERSION);
	return text;
}

/* The state row: 1; 0 when another version or another month made it (err says which); -1. */
static int
state_load(struct qa_catalog *c, struct qa_err *err)
{
	struct qa_catalog_state *s = &c->state;
	sqlite3_stmt *st = NULL;
	int r = -1, rc = sqlite3_prepare_v2(c->db, "SELECT schema FROM state", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_ROW) {
		sqlite3_finalize(st);
		/* no such table: not a catalog at all */
		return qa_catalog_fail(c, rc == SQLITE_ERROR || rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, "no state", err);
	}
	int64_t version = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (version != QA_CATALOG_SCHEMA) {
		qa_fail(err, ESTALE, "catalog %s has schema %lld, not %d", c->path, (long long)version,
			QA_CATALOG_SCHEMA);
		return 0;
	}
	rc = sqlite3_prepare_v2(c->db,
				"SELECT analysis, domain, month, last_n, next_leaf, messages, events, fallbacks, bytes,"
				" first_date, last_date, ordered, sealed, last_hash FROM state",
				-1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		const char *analysis = (const char *)sqlite3_column_text(st, 0);
		const char *whose = (const char *)sqlite3_column_text(st, 1);

		s->last_n = (uint64_t)sqlite3_column_int64(st, 3);
		s->next_leaf = (uint64_t)sqlite3_column_int64(st, 4);
		s->messages = (uint64_t)sqlite3_column_int64(st, 5);
		s->events = (uint64_t)sqlite3_column_int64(st, 6);
		s->fallbacks = (uint64_t)sqlite3_column_int64(st, 7);
		s->bytes = (uint64_t)sqlite3_column_int64(st, 8);
		s->first_date = sqlite3_column_int64(st, 9);
		s->last_date = sqlite3_column_int64(st, 10);
		s->ordered = sqlite3_column_int64(st, 11) != 0;
		s->sealed = sqlite3_column_int64(st, 12) != 0;
		memset(&s->last_hash, 0, sizeof s->last_hash);
		if (sqlite3_column_bytes(st, 13) == (int)sizeof s->last_hash)
			memcpy(&s->last_hash, sqlite3_column_blob(st, 13), sizeof s->last_hash);
		r = 1;
		if (!analysis || strcmp(analysis, qa_catalog_analysis()) != 0) {
			qa_fail(err, ESTALE, "catalog %s was made with %s, this is %s", c->path,
				analysis ? analysis : "nothing", qa_catalog_analysis());
			r = 0;
		} else if (!whose || strcmp(whose, c->domain) != 0 ||
			   sqlite3_column_int64(st, 2) != (int64_t)s->month) {
			qa_fail(err, ESTALE, "catalog %s belongs to another domain or month", c->path);
			r = 0;
		}
		c->saved = *s;
	}
	sqlite3_finalize(st);
	return r >= 0 ? r : qa_catalog_fail(c, rc, "cannot read the state", err);
}

static struct qa_catalog *
catalog_new(const char *dir, const char *domain, qa_month m)
{
	struct qa_catalog *c = g_new0(struct qa_catalog, 1);

	qa_catalog_name(m, c->name);
	c->dir = g_strdup(dir);
	c->path = g_strdup_printf("%s/%s", dir, c->name);
	c->domain = g_strdup(domain);
	c->state.month = m;
	return c;
}

/* Opens the file (SQLite reads nothing yet). */
static int
database_open(struct qa_catalog *c, int flags, struct qa_err *err)
{
	int rc = sqlite3_open_v2(c->path, &c->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc != SQLITE_OK)
		return qa_catalog_fail(c, rc, "cannot open", err);
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, 5000);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return qa_tokenizer_register(c, err);
}

static void
database_close(struct qa_catalog *c)
{
	for (int i = 0; i < QA_STATEMENTS; i++) {
		sqlite3_finalize(c->st[i]);
		c->st[i] = NULL;
	}
	sqlite3_close(c->db);
	c->db = NULL;
}

void
qa_catalog_close(struct qa_catalog *c)
{
	if (!c)
		return;
	database_close(c);
	g_free(c->dir);
	g_free(c->domain);
	g_free(c->path);
	g_free(c);
}

const struct qa_catalog_state *
qa_catalog_state(const struct qa_catalog *c)
{
	return &c->state;
}

static int
prepare(struct qa_catalog *c, struct qa_err *err)
{
	static const char *const sql[QA_STATEMENTS] = {
	    "INSERT INTO entry(n, date, size, flags, digest) VALUES(?1, ?2, ?3, ?4, ?5)",
	    "INSERT INTO event(digest, n) VALUES(?1, ?2)",
	    "INSERT INTO words(rowid, body, subject, author, dest, copy, blind, reply, sender, rcpt, file, mark)"
	    " VALUES(?1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k')",
	    "UPDATE state SET last_n=?1, next_leaf=?2, messages=?3, events=?4, fallbacks=?5, bytes=?6, first_date=?7,"
	    " last_date=?8, ordered=?9, sealed=?10, last_hash=?11",
	};

	for (int i = 0; i < QA_STATEMENTS; i++) {
		int rc = sqlite3_prepare_v3(c->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &c->st[i], NULL);

		/* a table that is not as it was made is damage, though SQLite may call it an error of ours */
		if (rc != SQLITE_OK)
			return qa_catalog_fail(c, rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc, "cannot prepare", err);
	}
	return 0;
}

static int
tune(struct qa_catalog *c, struct qa_err *err)
{
	char sql[200];
	int on = 1;

	/* readers without write permission need the WAL's files to stay */
	sqlite3_file_control(c->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	snprintf(sql, sizeof sql,
		 "PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY;"
		 "PRAGMA secure_delete=OFF; PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=0;",
		 CACHE_KIB, WAL_PAGES);
	return qa_catalog_exec(c, sql, err);
}

/* A new, empty catalog in place of nothing. */
static int
create(struct qa_catalog *c, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;

	if (database_open(c, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) ||
	    qa_catalog_exec(c, "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL", err) || tune(c, err) ||
	    qa_catalog_exec(c, schema, err))
		return -1;
	int rc = sqlite3_prepare_v2(c->db,
				    "INSERT INTO state VALUES(?1, ?2, ?3, ?4, 0, 0, NULL, 0, 0, 0, 0, 0, 0, 1, 0)", -1, &st,
				    NULL);
	if (rc == SQLITE_OK) {
		sqlite3_bind_int(st, 1, QA_CATALOG_SCHEMA);
		sqlite3_bind_text(st, 2, qa_catalog_analysis(), -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 3, c->domain, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 4, (sqlite3_int64)c->state.month);
		rc = sqlite3_step(st);
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return qa_catalog_fail(c, rc, "cannot create", err);
	return qa_catalog_exec(c, "COMMIT", err) || prepare(c, err) ? -1 : 0;
}

/* 1 WAL mode, 0 not, -1. */
static int
in_wal(struct qa_catalog *c, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int r = -1, rc = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		r = strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0;
	sqlite3_finalize(st);
	return r >= 0 ? r : qa_catalog_fail(c, rc, "cannot ask for the mode", err);
}

/* An existing one: 1 good, 0 to be remade (*why_r), -1. */
static int
reopen(struct qa_catalog *c, const char **why_r, struct qa_err *err)
{
	struct qa_err own = {0};
	int64_t entries = 0, words = 0;
	int r;

	if (database_open(c, SQLITE_OPEN_READWRITE, &own) || tune(c, &own))
		r = -1;
	else
		r = state_load(c, &own);
	if (r == 1 && (qa_catalog_number(c, "SELECT count(*) FROM entry", &entries, &own) ||
		       qa_catalog_number(c, "SELECT count(*) FROM words_docsize", &words, &own)))
		r = -1;
	if (r == 1 && ((uint64_t)entries != c->state.last_n || words != entries))
		r = qa_fail(&own, EBADMSG, "catalog %s has %lld entries and %lld word rows, not %llu", c->path,
			    (long long)entries, (long long)words, (unsigned long long)c->state.last_n);
	if (r == 1 && prepare(c, &own))
		r = -1;
	if (r == 1 && c->state.sealed) {
		int wal = in_wal(c, &own);

		if (wal < 0 || (wal && qa_catalog_settle(c, &own)))
			r = -1;
	}
	if (r == 1)
		return 1;
	if (r == 0 || own.num == EBADMSG) {
		*why_r = r == 0 ? "another version" : "damaged";
		return 0;
	}
	if (err)
		*err = own;
	errno = own.num;
	return -1;
}

int
qa_catalog_remove(const char *dir, qa_month m, struct qa_err *err)
{
	static const char *const ends[] = {"-wal", "-shm", "-journal", ".bad"};
	char name[QA_CATALOG_NAME], other[QA_CATALOG_NAME + 10];
	int fd = qa_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, err), r = 0;

	if (fd < 0)
		return -1;
	/* the file itself first and in one step: without it, what is left of its WAL means nothing */
	qa_catalog_name(m, name);
	snprintf(other, sizeof other, "%s.bad", name);
	if (qa_sys->renameat(fd, name, fd, other) && errno != ENOENT)
		r = qa_fail(err, errno, "cannot rename %s/%s: ", dir, name);
	for (size_t i = 0; r == 0 && i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(other, sizeof other, "%s%s", name, ends[i]);
		if (qa_sys->unlinkat(fd, other, 0) && errno != ENOENT)
			r = qa_fail(err, errno, "cannot remove %s/%s: ", dir, other);
	}
	qa_close(&fd);
	return r;
}

int
qa_catalog_write(const char *dir, const char *domain, qa_month m, struct qa_catalog **c_r, const char **remade_r,
		 struct qa_err *err)
{
	struct qa_catalog *c;
	const char *why = NULL;
	struct stat st;
	int r = 0;

	if (remade_r)
		*remade_r = NULL;
	c = catalog_new(dir, domain, m);
	c->writing = true;
	if (qa_sys->fstatat(AT_FDCWD, c->path, &st, 0) == 0) {
		r = reopen(c, &why, err);
		if (r == 0) {
			database_close(c);
			c->state = (struct qa_catalog_state){.month = m};
			if (qa_catalog_remove(dir, m, err))
				r = -1;
		}
	} else if (errno != ENOENT) {
		r = qa_fail(err, errno, "cannot look at %s: ", c->path);
	}
	if (r == 0) {
		r = create(c, err) ? -1 : 1;
		c->state.ordered = true;
		c->saved = c->state;
	}
	if (r < 0) {
		qa_catalog_close(c);
		return -1;
	}
	if (remade_r)
		*remade_r = why;
	*c_r = c;
	return 0;
}

int
qa_catalog_snapshot(struct qa_catalog *c, struct qa_err *err)
{
	int r = qa_catalog_exec(c, "BEGIN", err) ? -1 : state_load(c, err);

	return r == 1 ? 0 : -1;
}

/* One try: 1, 0, -1; -2 when the file changed under our hands. */
static int
read_once(struct qa_catalog *c, struct qa_err *err)
{
	struct stat before, after;

	if (qa_sys->fstatat(AT_FDCWD, c->path, &before, 0)) {
		int r = errno == ENOENT ? 0 : -1;

		qa_fail(err, errno, "cannot open catalog %s: ", c->path);
		return r;
	}
	if (database_open(c, SQLITE_OPEN_READONLY, err) ||
	    qa_catalog_exec(c, "PRAGMA mmap_size=0; PRAGMA cache_size=-16384; PRAGMA temp_store=MEMORY", err))
		return -1;
	int r = qa_catalog_snapshot(c, err) ? (errno == ESTALE ? 0 : -1) : 1;
	/* the WAL was opened by now; it must belong to the file that was opened before */
	if (qa_sys->fstatat(AT_FDCWD, c->path, &after, 0) || after.st_ino != before.st_ino)
		return -2;
	return r;
}

int
qa_catalog_read(const char *dir, const char *domain, qa_month m, struct qa_catalog **c_r, struct qa_err *err)
{
	struct qa_catalog *c;
	int r = -2;

	c = catalog_new(dir, domain, m);
	for (int tries = 0; r == -2 && tries < 5; tries++) {
		r = read_once(c, err);
		if (r != 1)
			database_close(c);
	}
	if (r == 1) {
		*c_r = c;
		return 1;
	}
	int num = errno;
	if (r == -2)
		num = EAGAIN, qa_fail(err, num, "catalog %s is being replaced: ", c->path);
	qa_catalog_close(c);
	errno = num;
	return r == -2 ? -1 : r;
}

