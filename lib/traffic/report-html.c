/* A report as one page of HTML: nothing is fetched, nothing runs, and it can be read without colours. */
#include "traffic/report-private.h"

#include <string.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:940px;margin:2em auto;padding:0 1em}\n"
    "h1{font-size:1.5em;margin:0}h2{font-size:1.15em;margin:2em 0 .3em}p{margin:.3em 0}\n"
    "svg{width:100%;height:auto;display:block}svg text{font-size:12px;fill:#111}\n"
    "svg .r{text-anchor:end}svg .m{text-anchor:middle}svg .v{text-anchor:middle;font-size:10px}\n"
    "svg .g{stroke:#ccc;fill:none}svg .a{stroke:#111;fill:none}svg .b{stroke:#111;stroke-width:.8}\n"
    ".defs{position:absolute}.key svg{display:inline-block;width:26px;height:14px;vertical-align:-2px;margin:0 .3em 0 1em}\n"
    "table{border-collapse:collapse;margin:.5em 0}td,th{padding:.1em .8em;border-bottom:1px solid #ccc;text-align:right}\n"
    "td:first-child,th:first-child{text-align:left}tr:last-child td{border-bottom:0}tfoot td{font-weight:bold;border-top:1px solid #111}\n"
    "summary{cursor:pointer}.note{color:#333;font-size:.9em}\n"
    "@media print{body{margin:0}details>*{display:block}}\n";

static void
figures(GString *out, const struct qa_sum *s, bool html)
{
	char text[QA_SIZE_TEXT];

	qa_size_text((double)s->kb * 1024, text);
	g_string_append_printf(out, "<td>%llu</td><td>%s</td><td>%llu</td>", (unsigned long long)s->kb, text, (unsigned long long)s->hits);
	if (html)
		g_string_append_printf(out, "<td>%llu</td>", (unsigned long long)s->html);
	g_string_append(out, "</tr>\n");
}

static void
table_start(GString *out, const char *what, bool html)
{
	g_string_append_printf(out, "<table><thead><tr><th>%s</th><th>kB</th><th></th><th>hits</th>%s</tr></thead><tbody>\n", what,
			       html ? "<th>HTML</th>" : "");
}

static void
table_end(GString *out, const struct qa_sum *sum, bool html)
{
	g_string_append(out, "</tbody><tfoot><tr><td>total</td>");
	figures(out, sum, html);
	g_string_append(out, "</tfoot></table>\n");
}

static void
page_start(const struct qa_report *r, GString *out)
{
	GString *title = g_string_new(NULL);
	char text[QA_SIZE_TEXT], last[QA_PERIOD_DAY];

	g_string_printf(title, "%s traffic%s%s", r->kind ? r->kind : "all", r->domain ? " of " : "", r->domain ? r->domain : "");
	g_string_append(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
			     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
			     "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	qa_page_text(out, title->str);
	g_string_append_printf(out, " %s</title>\n<style>\n%s</style></head><body>\n<h1>", r->period.from, style);
	qa_page_text(out, title->str);
	g_string_append(out, "</h1>\n");
	g_string_free(title, TRUE);
	qa_size_text((double)r->sum.kb * 1024, text);
	if (r->period.days == 0) {
		g_string_append_printf(out, "<p>From %s: no day of it is over yet.</p>\n", r->period.from);
		return;
	}
	qa_period_day(&r->period, r->period.days - 1, last);
	g_string_append_printf(out, "<p>%s to %s (%u day%s%s): <b>%s</b>, %llu hits, %u name%s</p>\n", r->period.from, last, r->period.days,
			       r->period.days == 1 ? "" : "s", r->today ? ", the last one not over" : "", text,
			       (unsigned long long)r->sum.hits, r->names->len, r->names->len == 1 ? "" : "s");
	qa_chart_patterns(out);
}

static void
by_day(const struct qa_report *r, bool html, GString *out)
{
	struct qa_chart_column c[QA_PERIOD_DAYS] = {0};
	char day[QA_PERIOD_DAY];

	for (unsigned i = 0; i < r->period.days; i++) {
		const struct qa_sum *s = &g_array_index(r->days, struct qa_sum, i);

		qa_period_day(&r->period, i, day);
		g_strlcpy(c[i].full, day, sizeof c[i].full);
		g_strlcpy(c[i].label, day[8] == '0' ? day + 9 : day + 8, sizeof c[i].label);
		c[i].v[0] = (double)s->kb * 1024;
		c[i].hits = s->hits;
	}
	g_string_append(out, "<h2>By day</h2>\n");
	qa_chart_columns(out, "traffic by day", c, r->period.days, 1, "hits");
	g_string_append(out, "<details><summary>Figures by day</summary>\n");
	table_start(out, "day", html);
	for (unsigned i = 0; i < r->period.days; i++) {
		qa_period_day(&r->period, i, day);
		g_string_append_printf(out, "<tr><td>%s</td>", day);
		figures(out, &g_array_index(r->days, struct qa_sum, i), html);
	}
	table_end(out, &r->sum, html);
	g_string_append(out, "</details>\n");
}

static void
by_name(const struct qa_report *r, bool html, size_t top, GString *out)
{
	size_t n;
	g_autofree size_t *best = qa_report_top(r, top, &n);
	g_autofree struct qa_chart_bar *b = g_new0(struct qa_chart_bar, n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct qa_report_name *name = &g_array_index(r->names, struct qa_report_name, best[i]);

		b[i] = (struct qa_chart_bar){.label = name->name, .v = (double)name->sum.kb * 1024, .hits = name->sum.hits};
	}
	g_string_append(out, "<h2>Most traffic</h2>\n");
	qa_chart_bars(out, "names with most traffic", b, n, "hits");
	if (n < r->names->len)
		g_string_append_printf(out, "<p class=\"note\">The first %zu of %u.</p>\n", n, r->names->len);
	g_string_append(out, "<details><summary>Figures by name</summary>\n");
	table_start(out, "name", html);
	for (size_t i = 0; i < n; i++) {
		const struct qa_report_name *name = &g_array_index(r->names, struct qa_report_name, best[i]);

		g_string_append(out, "<tr><td>");
		qa_page_text(out, name->name);
		g_string_append(out, "</td>");
		figures(out, &name->sum, html);
	}
	table_end(out, &r->sum, html);
	g_string_append(out, "</details>\n");
}

static void
by_kind(const struct qa_report *r, GString *out)
{
	struct qa_chart_bar b[QA_REPORT_KINDS];

	for (guint i = 0; i < r->kinds->len; i++) {
		const struct qa_sum *s = &g_array_index(r->of_kind, struct qa_sum, i);

		b[i] = (struct qa_chart_bar){r->kinds->pdata[i], (double)s->kb * 1024, s->hits, i % QA_CHART_SERIES};
	}
	g_string_append(out, "<h2>By kind</h2>\n");
	qa_chart_bars(out, "traffic by kind", b, r->kinds->len, "hits");
}

/* ---- what the stats files know ---- */

static const char *const way_name[QA_FLOW_WAYS] = {"mail in", "mail out", "POP3", "IMAP", "lists by web"};

static void
ways(const struct qa_flow *f, GString *out)
{
	struct qa_chart_bar b[QA_FLOW_WAYS];
	size_t n = 0;

	for (unsigned i = 0; i < QA_FLOW_WAYS; i++)
		if (i <= QA_STAT_OUT || f->way[i].lines)
			b[n++] = (struct qa_chart_bar){way_name[i], (double)f->way[i].bytes, f->way[i].lines, i};
	g_string_append(out, "<h2>In against out</h2>\n");
	qa_chart_bars(out, "traffic by direction", b, n, "lines");
}

static void
hours(const struct qa_flow *f, GString *out)
{
	struct qa_chart_column c[24] = {0};

	for (unsigned h = 0; h < 24; h++) {
		g_snprintf(c[h].label, sizeof c[h].label, "%02u", h);
		g_snprintf(c[h].full, sizeof c[h].full, "%02u:00 to %02u:00", h, h + 1);
		for (unsigned i = 0; i < QA_FLOW_WAYS; i++) {
			c[h].v[i] = (double)f->hour[h][i].bytes;
			c[h].hits += f->hour[h][i].lines;
		}
	}
	g_string_append(out, "<h2>By hour of the day</h2>\n<p class=\"key\">");
	for (unsigned i = 0; i < QA_FLOW_WAYS; i++) {
		if (i > QA_STAT_OUT && f->way[i].lines == 0)
			continue;
		qa_chart_swatch(out, i);
		g_string_append(out, way_name[i]);
	}
	g_string_append(out, "</p>\n");
	qa_chart_columns(out, "traffic by hour of the day", c, 24, QA_FLOW_WAYS, "lines");
}

static void
named(const GArray *t, const char *heading, const char *title, size_t most, unsigned series, GString *out)
{
	size_t n = t->len < most ? t->len : most;
	g_autofree struct qa_chart_bar *b = g_new0(struct qa_chart_bar, n + 1);

	for (size_t i = 0; i < n; i++) {
		const struct qa_flow_named *from = &g_array_index(t, struct qa_flow_named, i);

		b[i] = (struct qa_chart_bar){from->name, (double)from->sum.bytes, from->sum.lines, series};
	}
	g_string_append_printf(out, "<h2>%s</h2>\n", heading);
	qa_chart_bars(out, title, b, n, "lines");
	if (n < t->len)
		g_string_append_printf(out, "<p class=\"note\">The first %zu of %u.</p>\n", n, t->len);
}

static void
flow_part(const struct qa_flow *f, size_t top, GString *out)
{
	ways(f, out);
	hours(f, out);
	named(f->status, "Statuses", "mail by status", top, 4, out);
	named(f->account, "Accounts", "accounts with most traffic", top, 0, out);
	g_string_append_printf(out, "<p class=\"note\">The last four charts are drawn from %llu lines of stats files", (unsigned long long)f->lines);
	if (f->bad)
		g_string_append_printf(out, "; %llu could not be read", (unsigned long long)f->bad);
	g_string_append(out, ".</p>\n");
}

void
qa_report_html(const struct qa_report *r, const struct qa_flow *flow, size_t top, GString *out)
{
	bool html = !r->kind || strcmp(r->kind, "mail") != 0;

	page_start(r, out);
	if (r->period.days) {
		by_day(r, html, out);
		if (!r->domain)
			by_name(r, html, top, out);
		if (!r->kind)
			by_kind(r, out);
		if (flow)
			flow_part(flow, top, out);
		else
			g_string_append(out, "<p class=\"note\">Hours, directions, statuses and accounts are known to the stats files only"
					     " (mailtraffic --stats).</p>\n");
	}
	g_string_append(out, "</body></html>\n");
}
