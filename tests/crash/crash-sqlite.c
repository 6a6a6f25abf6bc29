/*
 * SQLite in WAL mode with synchronous=FULL, as the catalog uses it: a transaction whose COMMIT returned is
 * there after a power cut. Tests that SQLite runs on the simulator (sys/sim-sqlite.c) at all, and proves the
 * settings.
 *
 * "eio" is left out: SQLite ignores a failed sync of the folder of a new log, and after a failed sync of the
 * log trusts a second one (the next checkpoint's). A power cut after either can leave a damaged file. Who
 * keeps data in SQLite that is nowhere else must take its file out of use after a failed sync; the catalog is
 * rebuilt.
 */
#include "tests/crash/harness.h"
#include "sys/sim.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 6 };

static int
run(sqlite3 *db, const char *sql)
{
	char *msg = NULL;
	int rc = sqlite3_exec(db, sql, NULL, NULL, &msg);

	if (rc)
		fprintf(stderr, "%s: %s\n", sql, msg ? msg : sqlite3_errmsg(db));
	sqlite3_free(msg);
	return rc;
}

static sqlite3 *
open_db(const struct qa_crash_at *at)
{
	char path[500];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/db", at->path);
	if (sqlite3_open(path, &db) || run(db, "PRAGMA synchronous=FULL")) {
		sqlite3_close(db);
		return NULL;
	}
	return db;
}

static int
setup(const struct qa_crash_at *at)
{
	sqlite3 *db = open_db(at);

	return !db || run(db, "PRAGMA journal_mode=WAL") ||
	       run(db, "CREATE TABLE t(i INTEGER PRIMARY KEY, x BLOB)") || sqlite3_close(db);
}

static int
work(const struct qa_crash_at *at)
{
	int rc = 0;

	qa_sim_hook_sqlite();
	sqlite3 *db = open_db(at);
	for (int i = 1; db && rc == 0 && i <= ROWS; i++) {
		char sql[100];

		snprintf(sql, sizeof sql, "INSERT INTO t VALUES(%d, zeroblob(3000))", i);
		if (run(db, sql))
			rc = 1;
		else
			qa_crash_ack("%d", i);
		if (i == ROWS / 2 && run(db, "PRAGMA wal_checkpoint(PASSIVE)"))
			rc = 1;
	}
	sqlite3_close(db);
	return db ? rc : 1;
}

/* Opening it is all the recovery SQLite needs. */
static int
recover(const struct qa_crash_at *at)
{
	qa_sim_hook_sqlite();
	sqlite3 *db = open_db(at);

	return !db || run(db, "SELECT count(*) FROM t") || sqlite3_close(db);
}

static int
take_row(void *has, int n, char **v, char **name)
{
	bool *row = has;
	int i = v[0] ? (int)strtol(v[0], NULL, 10) : 0;

	(void)n;
	(void)name;
	if (i > 0 && i <= ROWS)
		row[i] = true;
	return 0;
}

static int
all_well(void *found, int n, char **v, char **name)
{
	(void)n;
	(void)name;
	if (!v[0] || strcmp(v[0], "ok") != 0)
		qa_crash_wrong(found, "integrity_check: %s", v[0] ? v[0] : "nothing");
	return 0;
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	bool row[ROWS + 1] = {false};
	sqlite3 *db = open_db(at);

	if (!db || sqlite3_exec(db, "PRAGMA integrity_check", all_well, found, NULL) ||
	    sqlite3_exec(db, "SELECT i FROM t", take_row, row, NULL))
		qa_crash_wrong(found, "cannot read the database: %s", sqlite3_errmsg(db));
	for (int i = 1; i <= ROWS; i++)
		if (!row[i] && qa_crash_acked(acks, "%d", i))
			qa_crash_lost(found, "row %d", i);
	sqlite3_close(db);
	return 0;
}

static const struct qa_crash_op op = {
    .name = "sqlite-wal",
    .setup = setup,
    .work = work,
    .recover = recover,
    .verify = verify,
    .promise = "COMMIT returned",
    .faults = "enospc,short,kill,power,again",
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, &op, 1);
}
