/* What SQLite says, as the catalog's own errors. */
#include "catalog/catalog-private.h"

#include <errno.h>
#include <string.h>

/* Whether what SQLite calls an error in the statement is one in the file: a table that should be there is not, or is another. */
static bool
schema_damaged(const char *why)
{
	static const char *const said[] = {"no such table", "no such column", "no such index", "no such module",
					   "vtable constructor failed", "malformed", "has no column named"};

	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (strstr(why, said[i]))
			return true;
	return false;
}

int
qa_catalog_fail(struct qa_catalog *c, int rc, const char *what, struct qa_err *err)
{
	int num = EINVAL;
	const char *why = c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc);
	char month[QA_MONTH_TEXT];

	switch (rc & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		num = EBADMSG;
		break;
	/* rows come with numbers of their own: one is in the way only where it should not be */
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		num = c->writing ? EBADMSG : EINVAL;
		break;
	case SQLITE_ERROR:
		num = schema_damaged(why) ? EBADMSG : EINVAL;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		num = EAGAIN;
		break;
	case SQLITE_FULL:
		num = ENOSPC;
		break;
	case SQLITE_IOERR:
		num = rc == SQLITE_IOERR_SHORT_READ ? EBADMSG : EIO;
		break;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		num = EACCES;
		break;
	case SQLITE_NOMEM:
		num = ENOMEM;
		break;
	default:
		break;
	}
	if (num != EBADMSG)
		return qa_fail(err, num, "%s in catalog %s: %s", what, c->path, why);
	qa_month_text(c->state.month, month);
	return qa_fail(err, num, "%s in catalog %s: %s (md_reindex %s %s makes it again)", what, c->path, why, c->domain, month);
}

int
qa_catalog_exec(struct qa_catalog *c, const char *sql, struct qa_err *err)
{
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : qa_catalog_fail(c, rc, "cannot do what is needed", err);
}

int
qa_catalog_number(struct qa_catalog *c, const char *sql, int64_t *out_r, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out_r = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (rc == SQLITE_ROW)
		return 0;
	return qa_catalog_fail(c, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, "cannot read", err);
}
