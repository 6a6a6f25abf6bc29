/* What is drawn from stats files: what counts where. Reading and counting are tested with traffic/survey.h. */
#include "traffic/flow.h"

#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <time.h>

static struct qa_err err;
static char path[2][600];

static void
write_lines(void)
{
	FILE *a = fopen(path[0], "w"), *b = fopen(path[1], "w");

	if (!a || !b)
		exit(2);
	/* 2026-11-01 begins at 1793491200 in UTC */
	fputs("1793491199|a@b|u@example.com|1|success\n"
	      "1793491200|a@b|u@Example.COM|10|success|3\n"
	      "Nov  1 01:00:00 h in[1]: 1793494800|u@example.com|a@b|100|success\n"
	      "Nov  1 01:00:00 h out[1]: 1793494800|u%7Cx@example.com|a@b|1000|timeout\n",
	      a);
	fputs("Nov  1 01:00:00 h out[1]: 1793494800|a@b|u@example.com|7|timeout\n"
	      "Nov  1 01:00:00 h out[1]: 1793494800|imap@u@example.com|192.0.2.1|10000|success\n"
	      "Nov  1 01:00:00 h out[1]: 1793494800||u@c|5|partial\n"
	      "1796083200|a@b|u@example.com|1|success\n" /* the first second of December */
	      "junk\n",
	      b);
	if (fclose(a) || fclose(b))
		exit(2);
}

static const struct qa_flow_named *
nth(const GArray *a, guint i)
{
	return &g_array_index(a, struct qa_flow_named, i);
}

static struct qa_flow
flow(const char *domain)
{
	const char *const paths[] = {path[0], path[1]};
	struct qa_flow f = {.period = qa_period_of_day("2026-11-23", 1), .domain = domain};

	OK(qa_flow_read(&f, paths, 2, &err) == 0);
	return f;
}

static void
of_domain(void)
{
	struct qa_flow f = flow("example.com");

	OK(f.lines == 3 && f.bad == 1);
	OK(f.way[QA_STAT_IN].bytes == 10 && f.way[QA_STAT_OUT].bytes == 1000 && f.way[QA_STAT_IMAP].bytes == 10000);
	OK(f.hour[0][QA_STAT_IN].lines == 1 && f.hour[1][QA_STAT_OUT].lines == 1 && f.hour[1][QA_STAT_IN].lines == 0);
	OK(f.status->len == 2 && strcmp(nth(f.status, 0)->name, "timeout") == 0 && nth(f.status, 1)->sum.bytes == 10);
	OK(f.account->len == 2 && strcmp(nth(f.account, 0)->name, "u@example.com") == 0 && nth(f.account, 0)->sum.bytes == 10010);
	OK(f.account->len == 2 && strcmp(nth(f.account, 1)->name, "u|x@example.com") == 0);
	qa_flow_free(&f);
}

static void
of_all(void)
{
	struct qa_flow f = flow(NULL);

	OK(f.lines == 6 && f.bad == 1 && f.way[QA_STAT_OUT].bytes == 1012);
	OK(f.status->len == 3 && strcmp(nth(f.status, 2)->name, "partial") == 0);
	OK(f.account->len == 3); /* a bounce's sender is nobody */
	qa_flow_free(&f);
}

int
main(void)
{
	const char *const none[] = {"/nonexistent/stats"};
	struct qa_flow f = {.period = qa_period_of_day("2026-11-23", 1)};

	setenv("TZ", "UTC", 1);
	tzset();
	snprintf(path[0], sizeof path[0], "%s/a", tmp_make());
	snprintf(path[1], sizeof path[1], "%s/b", tmp_path);
	write_lines();
	of_domain();
	of_all();
	OK(qa_flow_read(&f, none, 1, &err) == -1 && err.num == ENOENT);
	return done();
}
