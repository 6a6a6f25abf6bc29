/*
 * The catalog of one month of a domain: doc/format-catalog.md. One SQLite file; derived data.
 *
 * States: absent -> open (WAL) <-> sealed (no WAL). A file that cannot be trusted, for damage or for another version, is
 * remade: removed, then open and empty, and whoever fills it starts at entry 1 again.
 *
 * Invariants: (1) entry has exactly the rows 1 .. state.last_n, and words the same; (2) both change in one transaction
 * with state; (3) state.next_leaf is behind the leaf of every row; (4) state.last_hash is the leaf of row last_n: a catalog that
 * knows entries that the log has lost, or has others for, can be told.
 *
 * A handle belongs to one thread. Writers hold the lock of the folder (qa_lock on ".lock").
 */
#ifndef QA_CATALOG_CATALOG_H
#define QA_CATALOG_CATALOG_H

#include "base/clock.h"
#include "base/err.h"
#include "catalog/row.h"

#define QA_CATALOG_SCHEMA 2
#define QA_CATALOG_BATCH 1000 /* entries of a transaction, at most */

struct qa_catalog;

struct qa_catalog_state {
	qa_month month;
	uint64_t last_n, next_leaf;
	struct qa_digest last_hash; /* row.h: of the row last_n */
	uint64_t messages, events, fallbacks, bytes;
	int64_t first_date, last_date; /* seconds since 1970; of no meaning while last_n is 0 */
	bool ordered, sealed;
};

/* "2026-11.db" */
#define QA_CATALOG_NAME 12
void qa_catalog_name(qa_month m, char out[QA_CATALOG_NAME]);

/* What a text's words depend on: versions of term, message and Unicode. */
const char *qa_catalog_analysis(void);

/* Opens the month's file in folder DIR for writing, makes or remakes it when needed; *remade_r (may be NULL) then says why, in static
 * text, else NULL. */
int qa_catalog_write(const char *dir, const char *domain, qa_month m, struct qa_catalog **c_r, const char **remade_r,
		     struct qa_err *err) QA_MUST;

/* Opens it for reading, inside one snapshot: 1; 0 when it is not there or must be remade first (err says why); -1
 * (EBADMSG damaged). */
int qa_catalog_read(const char *dir, const char *domain, qa_month m, struct qa_catalog **c_r, struct qa_err *err) QA_MUST;

void qa_catalog_close(struct qa_catalog *c); /* NULL is allowed; an open batch is forgotten */

const struct qa_catalog_state *qa_catalog_state(const struct qa_catalog *c);

/* Adds a row to the batch; r->n must be last_n + 1. After a failure the batch is lost: commit fails too. */
int qa_catalog_add(struct qa_catalog *c, const struct qa_row *r, struct qa_err *err) QA_MUST;

/* Makes the batch durable. Without rows it does nothing. */
int qa_catalog_commit(struct qa_catalog *c, struct qa_err *err) QA_MUST;
void qa_catalog_rollback(struct qa_catalog *c);

/* Folds the WAL into the file, so that a copy of the folder is small and a reader finds little to replay. */
int qa_catalog_checkpoint(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* Merges, compacts, leaves WAL mode. Adding to a sealed catalog opens it again. With a reader in the way it stays unsealed, which
 * is no error: state says. */
int qa_catalog_seal(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* Whether what the tables say fits together: counts, FTS5's own check, SQLite's quick_check. 0, or -1 EBADMSG. */
int qa_catalog_check(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* Removes the month's files: 0, also when there are none. */
int qa_catalog_remove(const char *dir, qa_month m, struct qa_err *err) QA_MUST;

#endif
