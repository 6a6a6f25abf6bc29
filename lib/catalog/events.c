#include "catalog/events.h"

#include "catalog/catalog-private.h"

#include <errno.h>

static int
of_month(struct qa_catalog *c, int64_t key, GArray *out, struct qa_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, "SELECT n FROM event WHERE digest = ?1 ORDER BY n", -1, &st, NULL);

	if (rc == SQLITE_OK)
		sqlite3_bind_int64(st, 1, key);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW) {
			struct qa_event_ref r = {c->state.month, (uint64_t)sqlite3_column_int64(st, 0)};

			g_array_append_val(out, r);
		}
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : qa_catalog_fail(c, rc, "cannot look for events", err);
}

int
qa_catalog_events(const char *dir, const char *domain, qa_month m, const struct qa_digest *message, GArray *out,
		  bool *all_r, struct qa_err *err)
{
	*all_r = true;
	for (qa_month k = m - 1; k <= m + 1; k++) {
		struct qa_catalog *c;
		struct qa_err own = {0};
		int r = qa_catalog_read(dir, domain, k, &c, &own);

		if (r != 1) {
			/* a month next to it need not exist */
			*all_r = *all_r && r == 0 && k != m;
			continue;
		}
		r = of_month(c, qa_row_key(message), out, err);
		qa_catalog_close(c);
		if (r)
			return -1;
	}
	return 0;
}
