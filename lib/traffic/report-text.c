/* A report as a table for people, as CSV and as JSON. */
#include "traffic/report-private.h"

#include "base/text.h"

#include <string.h>

/* NAME in a column of W characters (UTF-8 counts as one each). */
static void
cell(GString *out, const char *name, size_t w)
{
	g_autofree char *s = qa_report_shown(name);
	size_t n = (size_t)g_utf8_strlen(s, -1);

	g_string_append(out, s);
	for (; n < w; n++)
		g_string_append_c(out, ' ');
}

static size_t
name_width(const struct qa_report *r)
{
	size_t w = strlen("domain");

	for (guint i = 0; i < r->names->len; i++) {
		g_autofree char *s = qa_report_shown(g_array_index(r->names, struct qa_report_name, i).name);
		size_t n = (size_t)g_utf8_strlen(s, -1);

		w = n > w ? n : w;
	}
	return w;
}

static void
head(const struct qa_report *r, GString *out)
{
	char last[QA_PERIOD_DAY];

	g_string_append(out, r->kind ? r->kind : "all");
	g_string_append(out, " traffic");
	if (r->domain) {
		g_autofree char *s = qa_report_shown(r->domain);

		g_string_append_printf(out, " of %s", s);
	}
	if (r->period.days == 0) {
		g_string_append_printf(out, " from %s: no day of it is over yet\n", r->period.from);
		return;
	}
	qa_period_day(&r->period, r->period.days - 1, last);
	g_string_append_printf(out, ", %s to %s (%u day%s%s)\n\n", r->period.from, last, r->period.days, r->period.days == 1 ? "" : "s",
			       r->today ? ", the last one not over" : "");
}

static void
sum(GString *out, const struct qa_sum *s, bool html)
{
	g_string_append_printf(out, " %14llu %12llu", (unsigned long long)s->kb, (unsigned long long)s->hits);
	if (html)
		g_string_append_printf(out, " %12llu", (unsigned long long)s->html);
}

static void
by_domain(const struct qa_report *r, bool html, GString *out)
{
	size_t w = name_width(r);

	cell(out, "domain", w);
	g_string_append_printf(out, " %14s %12s%s %5s\n", "kB", "hits", html ? "         HTML" : "", "days");
	for (guint i = 0; i < r->names->len; i++) {
		const struct qa_report_name *n = &g_array_index(r->names, struct qa_report_name, i);

		cell(out, n->name, w);
		sum(out, &n->sum, html);
		g_string_append_printf(out, " %5u\n", n->days);
	}
	cell(out, "total", w);
	sum(out, &r->sum, html);
	g_string_append(out, "\n\n");
}

static void
by_kind(const struct qa_report *r, bool html, GString *out)
{
	g_string_append_printf(out, "%-10s %14s %12s%s\n", "kind", "kB", "hits", html ? "         HTML" : "");
	for (guint i = 0; i < r->kinds->len; i++) {
		cell(out, r->kinds->pdata[i], 10);
		sum(out, &g_array_index(r->of_kind, struct qa_sum, i), html);
		g_string_append_c(out, '\n');
	}
	g_string_append_c(out, '\n');
}

void
qa_report_table(const struct qa_report *r, GString *out)
{
	bool html = !r->kind || strcmp(r->kind, "mail") != 0; /* mail has none */
	char day[QA_PERIOD_DAY];

	head(r, out);
	if (r->period.days == 0)
		return;
	if (!r->domain)
		by_domain(r, html, out);
	if (!r->kind && r->kinds->len)
		by_kind(r, html, out);
	g_string_append_printf(out, "%-10s %14s %12s%s\n", "day", "kB", "hits", html ? "         HTML" : "");
	for (unsigned i = 0; i < r->period.days; i++) {
		qa_period_day(&r->period, i, day);
		g_string_append(out, day);
		sum(out, &g_array_index(r->days, struct qa_sum, i), html);
		g_string_append_c(out, '\n');
	}
	g_string_append(out, "total     ");
	sum(out, &r->sum, html);
	g_string_append_c(out, '\n');
}

/* ---- CSV (RFC 4180) ---- */

static void
quoted(GString *out, const char *s)
{
	if (!strpbrk(s, "\",\r\n")) {
		g_string_append(out, s);
		return;
	}
	g_string_append_c(out, '"');
	for (; *s; s++) {
		if (*s == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *s);
	}
	g_string_append_c(out, '"');
}

void
qa_report_csv(const struct qa_report *r, GString *out)
{
	char day[QA_PERIOD_DAY];

	g_string_append(out, "domain,day,kind,kb,hits,hits_html\r\n");
	for (guint i = 0; i < r->names->len; i++) {
		const struct qa_report_name *n = &g_array_index(r->names, struct qa_report_name, i);

		for (size_t k = n->first; k < n->first + n->n; k++) {
			const struct qa_report_row *row = &g_array_index(r->rows, struct qa_report_row, k);

			qa_period_day(&r->period, row->day, day);
			quoted(out, n->name);
			g_string_append_printf(out, ",%s,", day);
			quoted(out, r->kinds->pdata[row->kind]);
			g_string_append_printf(out, ",%llu,%llu,%llu\r\n", (unsigned long long)row->sum.kb,
					       (unsigned long long)row->sum.hits, (unsigned long long)row->sum.html);
		}
	}
}

/* ---- JSON ---- */

static void
json(GString *out, const char *s)
{
	struct qa_buf b = QA_BUF(1 << 20);

	if (qa_json_add(&b, qa_span_str(s)) == 0)
		g_string_append_len(out, (const char *)b.p, (gssize)b.n);
	else
		g_string_append(out, "null");
	qa_buf_free(&b);
}

static void
json_sum(GString *out, const struct qa_sum *s)
{
	g_string_append_printf(out, "\"kb\":%llu,\"hits\":%llu,\"hits_html\":%llu", (unsigned long long)s->kb, (unsigned long long)s->hits,
			       (unsigned long long)s->html);
}

static void
json_rows(const struct qa_report *r, const struct qa_report_name *n, GString *out)
{
	char day[QA_PERIOD_DAY];

	for (size_t k = n->first; k < n->first + n->n; k++) {
		const struct qa_report_row *row = &g_array_index(r->rows, struct qa_report_row, k);

		qa_period_day(&r->period, row->day, day);
		g_string_append_printf(out, "%s{\"day\":\"%s\",\"kind\":", k > n->first ? "," : "", day);
		json(out, r->kinds->pdata[row->kind]);
		g_string_append_c(out, ',');
		json_sum(out, &row->sum);
		g_string_append_c(out, '}');
	}
}

static void
json_flow_sum(GString *out, const struct qa_flow_sum *s)
{
	g_string_append_printf(out, "{\"bytes\":%llu,\"lines\":%llu}", (unsigned long long)s->bytes, (unsigned long long)s->lines);
}

static void
json_ways(GString *out, const struct qa_flow_sum way[QA_FLOW_WAYS])
{
	g_string_append_c(out, '{');
	for (unsigned i = 0; i < QA_FLOW_WAYS; i++) {
		g_string_append_printf(out, "%s\"%s\":", i ? "," : "", qa_flow_way(i));
		json_flow_sum(out, &way[i]);
	}
	g_string_append_c(out, '}');
}

static void
json_named(GString *out, const GArray *t)
{
	g_string_append_c(out, '[');
	for (guint i = 0; i < t->len; i++) {
		const struct qa_flow_named *n = &g_array_index(t, struct qa_flow_named, i);

		g_string_append(out, i ? ",{\"name\":" : "{\"name\":");
		json(out, n->name);
		g_string_append_printf(out, ",\"bytes\":%llu,\"lines\":%llu}", (unsigned long long)n->sum.bytes,
				       (unsigned long long)n->sum.lines);
	}
	g_string_append_c(out, ']');
}

static void
json_flow(const struct qa_flow *f, GString *out)
{
	g_string_append_printf(out, ",\n\"stats\":{\"lines\":%llu,\"bad\":%llu,\"ways\":", (unsigned long long)f->lines,
			       (unsigned long long)f->bad);
	json_ways(out, f->way);
	g_string_append(out, ",\n\"hours\":[");
	for (unsigned h = 0; h < 24; h++) {
		g_string_append(out, h ? ",\n" : "\n");
		json_ways(out, f->hour[h]);
	}
	g_string_append(out, "],\n\"statuses\":");
	json_named(out, f->status);
	g_string_append(out, ",\n\"accounts\":");
	json_named(out, f->account);
	g_string_append_c(out, '}');
}

void
qa_report_json(const struct qa_report *r, const struct qa_flow *flow, GString *out)
{
	char day[QA_PERIOD_DAY];

	g_string_append_printf(out, "{\"from\":\"%s\",\"to_before\":\"%s\",\"days\":%u,\"kind\":", r->period.from, r->period.to, r->period.days);
	json(out, r->kind ? r->kind : "all");
	g_string_append(out, ",\"total\":{");
	json_sum(out, &r->sum);
	g_string_append(out, "},\n\"by_day\":[");
	for (unsigned i = 0; i < r->period.days; i++) {
		qa_period_day(&r->period, i, day);
		g_string_append_printf(out, "%s\n{\"day\":\"%s\",", i ? "," : "", day);
		json_sum(out, &g_array_index(r->days, struct qa_sum, i));
		g_string_append_c(out, '}');
	}
	g_string_append(out, "],\n\"domains\":[");
	for (guint i = 0; i < r->names->len; i++) {
		const struct qa_report_name *n = &g_array_index(r->names, struct qa_report_name, i);

		g_string_append(out, i ? ",\n{\"domain\":" : "\n{\"domain\":");
		json(out, n->name);
		g_string_append_c(out, ',');
		json_sum(out, &n->sum);
		g_string_append(out, ",\"rows\":[");
		json_rows(r, n, out);
		g_string_append(out, "]}");
	}
	g_string_append_c(out, ']');
	if (flow)
		json_flow(flow, out);
	g_string_append(out, "}\n");
}
