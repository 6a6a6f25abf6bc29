/* What is drawn from stats files: what counts where, and that memory and bad lines are bounded. */
#include "traffic/flow.h"

#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <time.h>

static struct qa_err err;

static void
line(struct qa_flow *f, const char *s)
{
	qa_flow_line(f, qa_span_str(s));
}

static struct qa_flow
flow(const char *domain)
{
	struct qa_flow f = {.period = qa_period_of_day("2026-11-23", 1), .domain = domain};

	qa_flow_init(&f);
	return f;
}

static void
counted(void)
{
	struct qa_flow f = flow("example.com");

	/* 2026-11-01 begins at 1793491200 in UTC */
	line(&f, "1793491199|a@b|u@example.com|1|success");
	line(&f, "1793491200|a@b|u@Example.COM|10|success|3");
	line(&f, "Nov  1 01:00:00 h in[1]: 1793494800|u@example.com|a@b|100|success");
	line(&f, "Nov  1 01:00:00 h out[1]: 1793494800|u%40x@example.com|a@b|1000|timeout");
	line(&f, "Nov  1 01:00:00 h out[1]: 1793494800|a@b|u@example.com|7|timeout");
	line(&f, "Nov  1 01:00:00 h out[1]: 1793494800|imap@u@example.com|192.0.2.1|10000|success");
	line(&f, "1796083200|a@b|u@example.com|1|success"); /* the first second of December */
	line(&f, "junk");
	OK(f.lines == 3 && f.bad == 1);
	OK(f.way[QA_STAT_IN].bytes == 10 && f.way[QA_STAT_OUT].bytes == 1000 && f.way[QA_STAT_IMAP].bytes == 10000);
	OK(f.hour[0][QA_STAT_IN].lines == 1 && f.hour[1][QA_STAT_OUT].lines == 1 && f.hour[1][QA_STAT_IN].lines == 0);
	OK(g_hash_table_size(f.status) == 2 && g_hash_table_lookup(f.status, "timeout"));
	OK(g_hash_table_size(f.account) == 2 && g_hash_table_lookup(f.account, "u@x@example.com"));
	GPtrArray *top = qa_flow_top(f.account, 1);
	OK(top->len == 1 && strcmp(((struct qa_flow_named *)top->pdata[0])->name, "u@example.com") == 0);
	OK(((struct qa_flow_named *)top->pdata[0])->sum.bytes == 10010);
	g_ptr_array_free(top, TRUE);
	qa_flow_free(&f);
}

static void
bounded(void)
{
	struct qa_flow f = flow(NULL);
	char text[100];

	for (int i = 0; i < QA_FLOW_STATUSES + 50; i++) {
		snprintf(text, sizeof text, "1793491200|a@b|u%d@c|18446744073709551615|s%d", i % 3, i);
		line(&f, text);
	}
	struct qa_flow_named *rest = g_hash_table_lookup(f.status, "(others)");
	OK(g_hash_table_size(f.status) == QA_FLOW_STATUSES + 1 && rest && rest->sum.lines == 50);
	OK(rest && rest->sum.bytes == UINT64_MAX); /* does not begin anew */
	qa_flow_free(&f);
}

static void
files(void)
{
	struct qa_flow f = flow(NULL);
	char path[600];
	FILE *out;

	snprintf(path, sizeof path, "%s/stats", tmp_make());
	out = fopen(path, "w");
	OK(out != NULL);
	fputs("1793491200|a@b|u@c|1|success\r\n", out);
	fwrite("1793491200|a@b|u@c|1|success\0|x\n", 1, 32, out); /* a NUL ends no line */
	for (int i = 0; i < 1000000; i++)
		fputc('x', out); /* larger than any buffer */
	fputs("\n1793491200|a@b|u@c|2|success\n", out);
	for (int i = 0; i < 40000; i++)
		fprintf(out, "1793491200|a@b|u@c|%d|success\n", i % 10);
	fputs("1793491200|a@b|u@c|4|success", out); /* being written: whole, but for its end */
	OK(fclose(out) == 0);
	OK(qa_flow_file(&f, path, &err) == 0);
	OKF(f.bad >= 2 && f.bad < 10, "%llu bad", (unsigned long long)f.bad);
	OK(f.lines == 40003 && f.way[QA_STAT_IN].bytes == 1 + 2 + 4 + 40000 / 10 * 45);
	qa_flow_free(&f);
	f = flow(NULL);
	OK(qa_flow_file(&f, "/nonexistent/stats", &err) == -1 && err.num == ENOENT);
	OK(qa_flow_file(&f, tmp_path, &err) == -1 && err.num == EISDIR);
	qa_flow_free(&f);
}

int
main(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	counted();
	bounded();
	files();
	return done();
}
