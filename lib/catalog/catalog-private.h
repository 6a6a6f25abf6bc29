/* What the parts of lib/catalog that speak SQL share. */
#ifndef QA_CATALOG_CATALOG_PRIVATE_H
#define QA_CATALOG_CATALOG_PRIVATE_H

#include "catalog/catalog.h"

#include <sqlite3.h>

enum qa_catalog_statement { QA_ST_ENTRY, QA_ST_EVENT, QA_ST_WORDS, QA_ST_STATE, QA_STATEMENTS };

struct qa_catalog {
	sqlite3 *db;
	sqlite3_stmt *st[QA_STATEMENTS];
	struct qa_catalog_state state; /* as it will be after commit */
	struct qa_catalog_state saved; /* as it is on disk */
	const struct qa_row *row;      /* being added: the tokenizer reads it */
	bool writing, batch, lost;
	bool dated; /* the index on dates was made by this handle */
	bool named; /* the names of the file and its WAL are durable */
	char name[QA_CATALOG_NAME];
	char *dir, *path, *domain;
};

/* Fills err from the last result of db: EBADMSG for damage (the text then names md_reindex), EAGAIN busy, ENOSPC, EIO, else EINVAL.
 * Always -1. */
int qa_catalog_fail(struct qa_catalog *c, int rc, const char *what, struct qa_err *err);

int qa_catalog_exec(struct qa_catalog *c, const char *sql, struct qa_err *err) QA_MUST;

/* The first column of the only row of a SELECT. */
int qa_catalog_number(struct qa_catalog *c, const char *sql, int64_t *out_r, struct qa_err *err) QA_MUST;

/* Begins a read transaction and loads the state in it: 0, or -1 (ESTALE: another version). */
int qa_catalog_snapshot(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* Makes the names durable, once for each handle. SQLite does not tell when its own sync of the folder failed; without the WAL, a file
 * that it is being folded into is damaged. */
int qa_catalog_keep_names(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* What a seal that was interrupted has left to do: a catalog whose state says sealed leaves WAL mode, or is unsealed when a reader is
 * in the way. */
int qa_catalog_settle(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* Makes the tokenizer "qa" known to c->db. While c->row is set, document text is not tokenized but taken from the row: the
 * value of a column is then its number as one letter. Query text is qa_token_quote's. */
int qa_tokenizer_register(struct qa_catalog *c, struct qa_err *err) QA_MUST;

/* Appends a term to the text between the quotes of an FTS5 string. */
void qa_token_quote(GString *out, bool colocated, const void *p, size_t n);

#endif
