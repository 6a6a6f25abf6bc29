/*
 * mailtraffic: traffic of a month out of SQL, for people, for programs, and for the wall.
 */
#include "base/opt.h"
#include "base/num.h"
#include "sys/publish.h"
#include "traffic/report.h"
#include "traffic/translog.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DB = 1, MONTH, BILLING, TODAY, KIND, JSON, CSV, HTML, STATS, TOP, PATH_MOST = 4096, STATS_MOST = 1000 };

static const char help[] =
    "Reports the traffic of a month, of all domains or of one; the current day is left out.\n\n"
    "      --month YYYY-MM    the month (default: that of yesterday)\n"
    "      --billing-day D    traffic months begin on day D (31: on the last one of short months)\n"
    "      --today            the current day too, as far as it was loaded\n"
    "      --kind KIND        mail (default), web, gst, ftp, or all\n"
    "      --db URI           postgresql://... or the path of a file of SQLite (default: H/statistic/traffic.sqlite)\n"
    "      --csv, --json      a row for each domain, day and kind\n"
    "      --html FILE        a page with charts; - is standard output\n"
    "      --stats FILE       a stats file for what only it knows: hours, directions, statuses, accounts (--html, --json)\n"
    "      --top N            how many names a chart has (default: 20)\n";
static const struct option longs[] = {
    {"db", required_argument, NULL, DB},     {"month", required_argument, NULL, MONTH}, {"billing-day", required_argument, NULL, BILLING},
    {"today", no_argument, NULL, TODAY},     {"kind", required_argument, NULL, KIND},	{"json", no_argument, NULL, JSON},
    {"csv", no_argument, NULL, CSV},	     {"html", required_argument, NULL, HTML},	{"stats", required_argument, NULL, STATS},
    {"top", required_argument, NULL, TOP},   {0}};
static const struct qa_opt opt = {"mailtraffic",
				  "[DOMAIN] [--month YYYY-MM] [--billing-day D] [--today] [--kind KIND] [--db URI]\n"
				  "                   [--csv | --json | --html FILE] [--stats FILE]... [--top N]",
				  help, "*", longs};

struct wanted {
	const char *uri, *domain, *kind, *html;
	const char *stats[STATS_MOST];
	size_t stats_n, top;
	qa_month month;
	bool has_month, today, json, csv;
	unsigned billing;
};

static QA_NORETURN void
die(const char *what, const char *word)
{
	struct qa_err err;

	qa_fail(&err, 0, "%s: %s", what, word);
	qa_die(opt.program, &err);
}

static unsigned
count(const char *option, const char *word, unsigned most)
{
	uint64_t v;

	if (qa_scan_u64(qa_span_str(word), &v) || v < 1 || v > most)
		die(option, word);
	return (unsigned)v;
}

/* NULL: all of them. */
static const char *
kind_of(const char *word)
{
	static const char *const kinds[] = {"mail", "web", "gst", "ftp"};

	if (strcmp(word, "all") == 0)
		return NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(word, kinds[i]) == 0)
			return kinds[i];
	die("--kind wants mail, web, gst, ftp or all", word);
}

static void
options(struct wanted *w, int argc, char **argv)
{
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		switch (c) {
		case DB:
			w->uri = optarg;
			break;
		case MONTH:
			if (qa_month_scan(qa_span_str(optarg), &w->month) || w->month >= 2553 * 12)
				die("--month wants YYYY-MM", optarg);
			w->has_month = true;
			break;
		case BILLING:
			w->billing = count("--billing-day wants a day from 1 to 31", optarg, 31);
			break;
		case TODAY:
			w->today = true;
			break;
		case KIND:
			w->kind = kind_of(optarg);
			break;
		case JSON:
			w->json = true;
			break;
		case CSV:
			w->csv = true;
			break;
		case HTML:
			w->html = optarg;
			break;
		case STATS:
			if (w->stats_n == STATS_MOST)
				die("too many stats files", optarg);
			w->stats[w->stats_n++] = optarg;
			break;
		case TOP:
			w->top = count("--top wants a number from 1 to 1000", optarg, 1000);
			break;
		default:
			break;
		}
	}
	if (argc - optind > 1 || w->json + w->csv + (w->html != NULL) > 1)
		qa_usage(&opt);
	if (w->stats_n && !w->json && !w->html)
		die("--stats goes with --html or --json", w->stats[0]);
	w->domain = argv[optind]; /* NULL: none was named */
}

/* The days that are asked for, and today's if it is one of them. */
static void
period_set(const struct wanted *w, struct qa_report *r)
{
	static char today[QA_PERIOD_DAY];
	char day[QA_PERIOD_DAY];
	unsigned i;

	qa_period_local((int64_t)time(NULL), today);
	qa_period_shift(today, w->today ? 0 : -1, day);
	r->period = w->has_month ? qa_period_of_month(w->month, w->billing) : qa_period_of_day(day, w->billing);
	if (w->today && qa_period_index(&r->period, today, &i))
		r->today = today;
	qa_period_shift(today, w->today ? 1 : 0, day);
	qa_period_until(&r->period, day);
}

static void
flow_read(const struct wanted *w, const struct qa_report *r, struct qa_flow *f)
{
	struct qa_err err;

	f->period = r->period;
	f->domain = r->domain;
	if (qa_flow_read(f, w->stats, w->stats_n, &err))
		qa_die(opt.program, &err);
}

static void
put(const struct wanted *w, const GString *out)
{
	struct qa_err err;
	qa_span bytes = qa_span_of(out->str, out->len);

	if (w->html && strcmp(w->html, "-") != 0 ? qa_publish(AT_FDCWD, w->html, bytes, 0644, &err)
						 : qa_write_all(STDOUT_FILENO, bytes.p, bytes.n, "standard output", &err))
		qa_die(opt.program, &err);
}

int
main(int argc, char **argv)
{
	struct wanted w = {.kind = "mail", .top = 20, .billing = 1};
	struct qa_report r = {0};
	struct qa_flow flow = {0};
	GString *out = g_string_new(NULL);
	g_autofree char *domain = NULL, *base = NULL;
	struct qa_db *db;
	struct qa_err err;

	options(&w, argc, argv);
	bool lower = !w.kind || strcmp(w.kind, "mail") == 0 || strcmp(w.kind, "web") == 0;
	domain = w.domain ? lower ? g_ascii_strdown(w.domain, -1) : g_strdup(w.domain) : NULL;
	base = g_strdup_printf("%s/statistic/traffic.sqlite", qa_opt_home());
	r.domain = domain;
	r.kind = w.kind;
	period_set(&w, &r);
	if (qa_db_open(w.uri ? w.uri : base, QA_DB_READ, &db, &err) || qa_translog_open(db, &err) || qa_report_read(db, &r, &err))
		qa_die(opt.program, &err);
	qa_db_close(db);
	if (w.stats_n)
		flow_read(&w, &r, &flow);
	if (w.csv)
		qa_report_csv(&r, out);
	else if (w.json)
		qa_report_json(&r, w.stats_n ? &flow : NULL, out);
	else if (w.html)
		qa_report_html(&r, w.stats_n ? &flow : NULL, w.top, out);
	else
		qa_report_table(&r, out);
	put(&w, out);
	bool none = r.names->len == 0;
	g_string_free(out, TRUE);
	qa_report_free(&r);
	if (w.stats_n)
		qa_flow_free(&flow);
	return none ? 1 : 0;
}
