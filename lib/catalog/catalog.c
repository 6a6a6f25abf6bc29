/* Adding to a month's catalog, sealing and checking it. */
#include "catalog/catalog-private.h"

#include "sys/sys.h"

#include <errno.h>
#include <string.h>

/* An entry may be dated this much before its forerunner and the month still counts as ordered: parallel doors. */
enum { ORDER_SLACK = 60 };

int
qa_catalog_keep_names(struct qa_catalog *c, struct qa_err *err)
{
	if (c->named)
		return 0;
	if (qa_fsync_dir(AT_FDCWD, c->dir, err)) {
		/* closing must not fold a WAL that may not be there tomorrow */
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		return -1;
	}
	c->named = true;
	return 0;
}

static int
batch_begin(struct qa_catalog *c, struct qa_err *err)
{
	if (c->state.sealed) {
		if (qa_catalog_exec(c, "PRAGMA journal_mode=WAL", err))
			return -1;
		c->named = false;
	}
	if (qa_catalog_exec(c, "BEGIN IMMEDIATE", err))
		return -1;
	c->state.sealed = false;
	c->batch = true;
	return qa_catalog_keep_names(c, err);
}

static int
run(struct qa_catalog *c, enum qa_catalog_statement which, struct qa_err *err)
{
	int rc = sqlite3_step(c->st[which]);

	sqlite3_reset(c->st[which]);
	return rc == SQLITE_DONE ? 0 : qa_catalog_fail(c, rc, "cannot add", err);
}

static void
count_in(struct qa_catalog_state *s, const struct qa_row *r)
{
	if (s->last_n == 0) {
		s->first_date = s->last_date = r->date;
	} else {
		if (r->date < s->last_date - ORDER_SLACK)
			s->ordered = false;
		if (r->date < s->first_date)
			s->first_date = r->date;
		if (r->date > s->last_date)
			s->last_date = r->date;
	}
	s->last_n = r->n;
	s->next_leaf = r->leaf + 1;
	s->last_hash = r->hash;
	if (r->flags & QA_ROW_MESSAGE) {
		s->messages++;
		s->bytes += r->size;
		if (r->flags & QA_ROW_FALLBACK)
			s->fallbacks++;
	} else {
		s->events++;
	}
}

static int64_t
month_start(qa_month m)
{
	return qa_seconds_of((int)(m / 12), m % 12 + 1, 1, 0, 0, 0);
}

int
qa_catalog_add(struct qa_catalog *c, const struct qa_row *r, struct qa_err *err)
{
	sqlite3_stmt *st;

	if (c->lost || r->n != c->state.last_n + 1)
		return qa_fail(err, EINVAL, "cannot add entry %llu to catalog %s, which ends at %llu",
			       (unsigned long long)r->n, c->path, (unsigned long long)c->state.last_n);
	if (!c->batch && batch_begin(c, err))
		return -1;
	c->lost = true; /* until all of it went well */
	st = c->st[QA_ST_ENTRY];
	sqlite3_bind_int64(st, 1, (sqlite3_int64)r->n);
	sqlite3_bind_int64(st, 2, r->date - month_start(c->state.month));
	sqlite3_bind_int64(st, 3, (sqlite3_int64)r->size);
	sqlite3_bind_int64(st, 4, (sqlite3_int64)r->flags);
	sqlite3_bind_int64(st, 5, r->digest);
	if (run(c, QA_ST_ENTRY, err))
		return -1;
	if (r->refers) {
		sqlite3_bind_int64(c->st[QA_ST_EVENT], 1, r->refers);
		sqlite3_bind_int64(c->st[QA_ST_EVENT], 2, (sqlite3_int64)r->n);
		if (run(c, QA_ST_EVENT, err))
			return -1;
	}
	c->row = r;
	sqlite3_bind_int64(c->st[QA_ST_WORDS], 1, (sqlite3_int64)r->n);
	int result = run(c, QA_ST_WORDS, err);
	c->row = NULL;
	if (result)
		return -1;
	count_in(&c->state, r);
	c->lost = false;
	return 0;
}

void
qa_catalog_rollback(struct qa_catalog *c)
{
	if (c->batch)
		sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
	c->state = c->saved;
	c->batch = c->lost = c->dated = false;
}

static int
state_save(struct qa_catalog *c, struct qa_err *err)
{
	const struct qa_catalog_state *s = &c->state;
	const int64_t v[] = {(int64_t)s->last_n,    (int64_t)s->next_leaf, (int64_t)s->messages, (int64_t)s->events,
			     (int64_t)s->fallbacks, (int64_t)s->bytes,	   s->first_date,	 s->last_date,
			     s->ordered,	    s->sealed};

	for (int i = 0; i < (int)(sizeof v / sizeof v[0]); i++)
		sqlite3_bind_int64(c->st[QA_ST_STATE], i + 1, v[i]);
	sqlite3_bind_blob(c->st[QA_ST_STATE], 11, &s->last_hash, sizeof s->last_hash, SQLITE_STATIC);
	return run(c, QA_ST_STATE, err);
}

/* Newest first is by n while the month is ordered; from then on an index on the date serves it. */
static int
index_dates(struct qa_catalog *c, struct qa_err *err)
{
	if (c->state.ordered || c->dated)
		return 0;
	if (qa_catalog_exec(c, "CREATE INDEX IF NOT EXISTS entry_date ON entry(date)", err))
		return -1;
	c->dated = true;
	return 0;
}

int
qa_catalog_commit(struct qa_catalog *c, struct qa_err *err)
{
	if (!c->batch && !c->lost)
		return 0;
	if (c->lost) {
		qa_catalog_rollback(c);
		return qa_fail(err, EINVAL, "the batch of catalog %s was lost", c->path);
	}
	if (index_dates(c, err) || state_save(c, err) || qa_catalog_exec(c, "COMMIT", err)) {
		qa_catalog_rollback(c);
		return -1;
	}
	c->batch = false;
	c->saved = c->state;
	return 0;
}

static int
fold(struct qa_catalog *c, struct qa_err *err)
{
	if (qa_catalog_keep_names(c, err))
		return -1;
	int rc = sqlite3_wal_checkpoint_v2(c->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	/* a reader in the way: the next one does it */
	return rc == SQLITE_OK || rc == SQLITE_BUSY ? 0 : qa_catalog_fail(c, rc, "cannot fold the WAL", err);
}

int
qa_catalog_checkpoint(struct qa_catalog *c, struct qa_err *err)
{
	return c->state.sealed ? 0 : fold(c, err);
}

/* Leaves WAL mode, which needs to be alone for a moment: 1, 0 a reader was in the way, -1. */
static int
leave_wal(struct qa_catalog *c, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int keep = 0, rc, r;

	sqlite3_file_control(c->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	rc = sqlite3_prepare_v2(c->db, "PRAGMA journal_mode=DELETE", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	r = rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(st, 0), "delete") == 0;
	sqlite3_finalize(st);
	if (r == 1)
		return 1;
	keep = 1;
	sqlite3_file_control(c->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	if (rc == SQLITE_ROW || (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return 0;
	return qa_catalog_fail(c, rc, "cannot leave WAL mode", err);
}

int
qa_catalog_settle(struct qa_catalog *c, struct qa_err *err)
{
	int r;

	if (qa_catalog_keep_names(c, err))
		return -1;
	r = leave_wal(c, err);
	if (r != 0)
		return r < 0 ? -1 : 0;
	c->state.sealed = c->saved.sealed = false;
	return qa_catalog_exec(c, "UPDATE state SET sealed = 0", err);
}

int
qa_catalog_seal(struct qa_catalog *c, struct qa_err *err)
{
	if (qa_catalog_commit(c, err) || c->state.sealed)
		return c->state.sealed ? 0 : -1;
	if (qa_catalog_exec(c, "BEGIN IMMEDIATE; INSERT INTO words(words) VALUES('optimize')", err)) {
		qa_catalog_rollback(c);
		return -1;
	}
	c->batch = true;
	c->state.sealed = true;
	if (qa_catalog_commit(c, err))
		return -1;
	c->saved.sealed = true;
	/* page by page, not by VACUUM, which would need room for a second copy */
	if (qa_catalog_exec(c, "PRAGMA incremental_vacuum", err) || fold(c, err))
		return -1;
	return qa_catalog_settle(c, err);
}

static int
check_integrity(struct qa_catalog *c, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, "PRAGMA quick_check(1)", -1, &st, NULL), r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		r = qa_catalog_fail(c, rc, "cannot check", err);
	else if (strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
		r = qa_fail(err, EBADMSG, "catalog %s is damaged: %s", c->path,
			    (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return r;
}

int
qa_catalog_check(struct qa_catalog *c, struct qa_err *err)
{
	int64_t entries, words;

	if (check_integrity(c, err) || qa_catalog_number(c, "SELECT count(*) FROM entry", &entries, err) ||
	    qa_catalog_number(c, "SELECT count(*) FROM words_docsize", &words, err))
		return -1;
	if ((uint64_t)entries != c->state.last_n || entries != words)
		return qa_fail(err, EBADMSG, "catalog %s has %lld entries and %lld word rows, not %llu", c->path,
			       (long long)entries, (long long)words, (unsigned long long)c->state.last_n);
	if (c->writing)
		return qa_catalog_exec(c, "INSERT INTO words(words) VALUES('integrity-check')", err);
	return 0;
}
