#include "traffic/report-private.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

char *
qa_report_shown(const char *s)
{
	struct qa_buf b = QA_BUF(4096);
	const char *p = qa_show_add(&b, qa_span_str(s)) ? NULL : qa_buf_cstr(&b);
	char *out = g_strdup(p ? p : "?");

	qa_buf_free(&b);
	return out;
}

static void
add(struct qa_sum *to, const struct qa_sum *s)
{
	to->kb += s->kb;
	to->hits += s->hits;
	to->html += s->html;
}

static void
name_clear(void *p)
{
	g_free(((struct qa_report_name *)p)->name);
}

static void
start(struct qa_report *r)
{
	r->rows = g_array_new(FALSE, TRUE, sizeof(struct qa_report_row));
	r->names = g_array_new(FALSE, TRUE, sizeof(struct qa_report_name));
	g_array_set_clear_func(r->names, name_clear);
	r->days = g_array_new(FALSE, TRUE, sizeof(struct qa_sum));
	g_array_set_size(r->days, r->period.days);
	r->kinds = g_ptr_array_new_with_free_func(g_free);
	r->of_kind = g_array_new(FALSE, TRUE, sizeof(struct qa_sum));
	r->sum = (struct qa_sum){0};
}

void
qa_report_free(struct qa_report *r)
{
	if (!r->rows)
		return;
	g_array_free(r->rows, TRUE);
	g_array_free(r->names, TRUE);
	g_array_free(r->days, TRUE);
	g_array_free(r->of_kind, TRUE);
	g_ptr_array_free(r->kinds, TRUE);
	r->rows = NULL;
}

static int
kind_of(struct qa_report *r, qa_span kind, unsigned *k_r)
{
	for (*k_r = 0; *k_r < r->kinds->len; ++*k_r)
		if (qa_span_is(kind, r->kinds->pdata[*k_r]))
			return 0;
	if (*k_r == QA_REPORT_KINDS)
		return -1;
	g_ptr_array_add(r->kinds, g_strndup((const char *)kind.p, kind.n));
	g_array_set_size(r->of_kind, r->kinds->len);
	return 0;
}

static struct qa_report_name *
name_of(struct qa_report *r, qa_span name)
{
	struct qa_report_name *last = r->names->len ? &g_array_index(r->names, struct qa_report_name, r->names->len - 1) : NULL;

	if (last && qa_span_is(name, last->name))
		return last;
	struct qa_report_name new = {.name = g_strndup((const char *)name.p, name.n), .first = r->rows->len};
	g_array_append_val(r->names, new);
	return &g_array_index(r->names, struct qa_report_name, r->names->len - 1);
}

static uint64_t
number(struct qa_db_rows *rows, int column)
{
	int64_t n = qa_db_rows_int(rows, column);

	return n < 0 ? 0 : (uint64_t)n;
}

static int
row_take(struct qa_report *r, struct qa_db_rows *rows, const char *base, struct qa_err *err)
{
	struct qa_report_row row = {.sum = {number(rows, 3), number(rows, 4), number(rows, 5)}};
	g_autofree char *day = g_strndup((const char *)qa_db_rows_span(rows, 1).p, qa_db_rows_span(rows, 1).n);

	if (!qa_period_index(&r->period, day, &row.day))
		return qa_fail(err, EBADMSG, "database %s: %s is no day of %s to %s", base, day, r->period.from, r->period.to);
	if (kind_of(r, qa_db_rows_span(rows, 2), &row.kind) || r->rows->len == QA_REPORT_ROWS)
		return qa_fail(err, EOVERFLOW, "database %s: more rows or kinds than a report can hold; name a domain or a kind", base);
	struct qa_report_name *n = name_of(r, qa_db_rows_span(rows, 0));
	if (n->n == 0 || g_array_index(r->rows, struct qa_report_row, r->rows->len - 1).day != row.day)
		n->days++;
	n->n++;
	add(&n->sum, &row.sum);
	add(&g_array_index(r->days, struct qa_sum, row.day), &row.sum);
	add(&g_array_index(r->of_kind, struct qa_sum, row.kind), &row.sum);
	add(&r->sum, &row.sum);
	g_array_append_val(r->rows, row);
	return 0;
}

int
qa_report_read(struct qa_db *db, struct qa_report *r, struct qa_err *err)
{
#define SELECTED "SELECT name, day, kind, CAST(sum(kb) AS bigint), CAST(sum(hits) AS bigint), CAST(sum(hits_html) AS bigint)" \
		 " FROM translog WHERE day >= $1 AND day < $2 AND ($3 = '' OR kind = $3)"
#define IN_ORDER " GROUP BY name, day, kind ORDER BY name, day, kind"
	struct qa_db_value v[] = {qa_db_str(r->period.from), qa_db_str(r->period.to), qa_db_str(r->kind ? r->kind : ""),
				  qa_db_str(r->domain ? r->domain : "")};
	struct qa_db_rows *rows;
	int rc;

	start(r);
	if (qa_db_select(db, r->domain ? SELECTED " AND name = $4" IN_ORDER : SELECTED IN_ORDER, v, r->domain ? 4 : 3, &rows, err))
		return -1;
	while ((rc = qa_db_rows_next(rows, err)) == 1)
		if (row_take(r, rows, qa_db_name(db), err)) {
			rc = -1;
			break;
		}
	int num = errno;
	qa_db_rows_close(rows);
	errno = num;
	return rc;
}

static int
by_traffic(const void *a, const void *b, void *names)
{
	const struct qa_report_name *x = &g_array_index((GArray *)names, struct qa_report_name, *(const size_t *)a);
	const struct qa_report_name *y = &g_array_index((GArray *)names, struct qa_report_name, *(const size_t *)b);

	if (x->sum.kb != y->sum.kb)
		return x->sum.kb < y->sum.kb ? 1 : -1;
	return strcmp(x->name, y->name);
}

size_t *
qa_report_top(const struct qa_report *r, size_t most, size_t *n_r)
{
	size_t *v = g_new(size_t, r->names->len + 1);

	for (size_t i = 0; i < r->names->len; i++)
		v[i] = i;
	g_qsort_with_data(v, (int)r->names->len, sizeof *v, by_traffic, r->names);
	*n_r = r->names->len < most ? r->names->len : most;
	return v;
}
