#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"
#include "traffic/daily-file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <signal.h>

static const char *folder;

static const char *
put(const char *name, const char *text)
{
	static char path[1024];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(2);
	return path;
}

static struct qa_hosted *
hosted(const char *list)
{
	struct qa_hosted *h = qa_hosted_new();

	if (!h || qa_hosted_list(h, put("list", list), NULL) || qa_hosted_ready(h, NULL))
		exit(2);
	return h;
}

/* The files of days of a text, as one string; the days are separated by "--\n". */
static const char *
daily(const struct qa_hosted *h, const struct qa_day *days, size_t n, const char *text)
{
	static struct qa_buf out = QA_BUF(0);
	struct qa_daily d = {.hosted = h, .days = days, .n = n};
	struct qa_files f = QA_FILES;
	static struct qa_err err;

	qa_buf_clear(&out);
	if (qa_files_add(&f, put("stats", text), &err) || qa_daily_sum(&d, &f, &err))
		return err.text;
	for (size_t i = 0; i < n; i++)
		if ((i && qa_buf_addstr(&out, "--\n")) || qa_daily_write(&d, i, &out))
			return "no memory";
	if (d.bad.count && qa_buf_addf(&out, "bad %llu of %llu\n", (unsigned long long)d.bad.count, (unsigned long long)d.lines))
		return "no memory";
	qa_daily_free(&d);
	qa_files_free(&f);
	return qa_buf_cstr(&out);
}

#define IS(got, want) is(got, want, __LINE__)
static void
is(const char *got, const char *want, int line)
{
	OKF(strcmp(got, want) == 0, "line %d", line);
	if (strcmp(got, want) != 0)
		printf("# got: %s\n# wanted: %s\n", got, want);
}

static void
counting(void)
{
	static const struct qa_day day = {1970, 1, 2};
	struct qa_hosted *h = hosted("b.example\na.example\nA.other\n");

	IS(daily(h, &day, 1, ""), "");
	/* to the recipient's, rounded up once, not line by line */
	IS(daily(h, &day, 1, "86400|x@far|u@a.example|1000|success\n86401|x@far|v@A.Example.|25|success|2\n"), "|a.example|2|2|0|\n");
	IS(daily(h, &day, 1, "86400|x@far|u@a.example|1024|success\n"), "|a.example|1|1|0|\n");
	IS(daily(h, &day, 1, "86400|x@far|u@a.example|1025|success\n"), "|a.example|2|1|0|\n");
	/* what goes out to the sender's */
	IS(daily(h, &day, 1, "Jan  2 00:00:00 h out[1]: 86400|u@b.example|x@far|5000|success|1\n"), "|b.example|5|1|0|\n");
	/* from here to here: once, when it came in */
	IS(daily(h, &day, 1, "Jan  2 00:00:00 h in[1]: 86400|u@b.example|v@a.example|5000|success\n"
			     "Jan  2 00:00:00 h out[1]: 86400|u@b.example|v@a.example|5000|success|1\n"), "|a.example|5|1|0|\n");
	/* to somebody far: the line of the queue is nobody's */
	IS(daily(h, &day, 1, "Jan  2 00:00:00 h in[1]: 86400|u@b.example|x@far|5000|success\n"
			     "Jan  2 00:00:00 h out[1]: 86400|u@b.example|x@far|5000|success|1\n"), "|b.example|5|1|0|\n");
	/* sessions, posts by web, bounces */
	IS(daily(h, &day, 1, "Jan  2 00:00:00 h out[1]: 86400|pop3@u@b.example|u@b.example|0|success\n"
			     "Jan  2 00:00:00 h out[1]: 86400|imap@u@b.example|u@b.example|10|success\n"
			     "Jan  2 00:00:00 h in[1]: 86400|web@maillist|list@a.example|10|success\n"
			     "Jan  2 00:00:00 h in[1]: 86400||u@a.other|10|success\n"),
	   "|a.example|1|1|0|\n|a.other|1|1|0|\n|b.example|1|2|0|\n");
	/* a sender who calls himself a session or a post is none: the recipient's domain has what came in */
	IS(daily(h, &day, 1, "Jan  2 00:00:00 h in[1]: 86400|pop3@u@b.example|v@a.example|5000|success\n"
			     "Jan  2 00:00:00 h in[1]: 86400|imap@far|v@a.example|10|rejspam\n"
			     "86400|pop3@far|v@a.example|10|success\n"),
	   "|a.example|5|3|0|\n");
	IS(daily(h, &day, 1, "Jan  2 00:00:00 h out[1]: 86400|pop3@b.example|x@far|5000|success|1\n"
			     "Jan  2 00:00:00 h out[1]: 86400|web@maillist|v@a.example|5000|success|1\n"), "|b.example|5|1|0|\n");
	/* refused after receipt counts, refused before does not */
	IS(daily(h, &day, 1, "86400|x@far|u@a.example|2048|rejspam\n86400|x@far|u@a.example|0|reject\n"), "|a.example|2|1|0|\n");
	/* nothing for strangers, other days, no domain, bad lines */
	IS(daily(h, &day, 1, "86400|x@far|u@example|1|success\n86399|x@far|u@a.example|1|success\n172800|x|u@a.example|1|success\n"
			     "86400|x@far|u|1|success\n86400|a.example|a.example|1|success\n\nnoise\n"), "bad 1 of 7\n");
	/* an endless number stays where it is */
	IS(daily(h, &day, 1, "86400|x|u@a.example|18446744073709551615|success\n86400|x|u@a.example|18446744073709551615|success\n"),
	   "|a.example|18014398509481984|2|0|\n");
	static const struct qa_day days[] = {{1970, 1, 1}, {1970, 1, 2}, {1970, 1, 4}};
	IS(daily(h, days, 3, "86400|x|u@a.example|1|success\n86399|x|u@b.example|1|success\n172800|x|u@b.example|1|success\n"
			     "259200|x|u@b.example|1|success\n0|x|u@b.example|1|success\n345599|x|u@b.example|1|success\n"
			     "345600|x|u@b.example|1|success\n"),
	   "|b.example|1|2|0|\n--\n|a.example|1|1|0|\n--\n|b.example|1|2|0|\n");
	qa_hosted_free(h);
}

/* On each of the two days, one line a minute: as many hits as the day has minutes. */
static void
dst(void)
{
	static const struct qa_day days[] = {{2026, 3, 29}, {2026, 10, 25}};
	struct qa_hosted *h = hosted("a.example\n");
	struct qa_buf text = QA_BUF(0);

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < 2; i++)
		for (int64_t t = qa_day_begin(days[i]) - 7200; t < qa_day_begin(days[i]) + 30 * 3600; t += 60)
			if (qa_buf_addf(&text, "%lld|x|u@a.example|1024|success\n", (long long)t))
				exit(2);
	IS(daily(h, days, 2, qa_buf_cstr(&text)), "|a.example|1380|1380|0|\n--\n|a.example|1500|1500|0|\n");
	setenv("TZ", "UTC", 1);
	tzset();
	qa_buf_free(&text);
	qa_hosted_free(h);
}

static void
publishing(void)
{
	static const struct qa_day day = {1970, 1, 2};
	struct qa_hosted *h = hosted("a.example\n");
	struct qa_daily d = {.hosted = h, .days = &day, .n = 1};
	struct qa_files f = QA_FILES;
	struct qa_buf got = QA_BUF(1000);
	struct qa_err err;
	char dir[600], stats[700];
	int fd;

	snprintf(dir, sizeof dir, "%s/new/statistic", folder);
	OK(qa_files_add(&f, put("stats", "86400|x|u@a.example|1024|success\n"), &err) == 0 && qa_daily_sum(&d, &f, &err) == 0);
	OK((fd = qa_daily_folder(dir, &err)) >= 0 && qa_daily_there(fd, dir, day, &err) == 0);
	int left = openat(fd, ".tmp.0123456789abcdef", O_WRONLY | O_CREAT, 0600);
	close(left);
	OK(qa_daily_publish(fd, dir, &d, 0, &err) == 0 && qa_daily_there(fd, dir, day, &err) == 1);
	OK(qa_slurp(fd, "02.01.1970.qml.txt", &got, &err) == 1 && qa_span_is(qa_buf_span(&got), "|a.example|1|1|0|\n"));
	OK(faccessat(fd, ".tmp.0123456789abcdef", F_OK, 0) == -1 && errno == ENOENT);
	OK(unlinkat(fd, "02.01.1970.qml.txt", 0) == 0 && mkdirat(fd, "loaded", 0755) == 0);
	snprintf(stats, sizeof stats, "%s/loaded/02.01.1970.qml.txt.gz", dir);
	close(open(stats, O_WRONLY | O_CREAT, 0644));
	OK(qa_daily_there(fd, dir, day, &err) == 1 && qa_daily_there(fd, dir, (struct qa_day){1970, 1, 3}, &err) == 0);

	/* no room: an error, and nothing half is left */
	struct rlimit keep, none;
	getrlimit(RLIMIT_FSIZE, &keep);
	none = keep;
	none.rlim_cur = 5;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	OK(qa_daily_publish(fd, dir, &d, 0, &err) == -1);
	setrlimit(RLIMIT_FSIZE, &keep);
	struct qa_names names;
	OK(qa_listdir(fd, ".", &names, &err) == 0 && names.n == 1 && strcmp(names.v[0], "loaded") == 0);
	qa_names_free(&names);
	qa_daily_free(&d);
	qa_files_free(&f);
	qa_buf_free(&got);
	close(fd);
	qa_hosted_free(h);
}

static void
which_days(void)
{
	struct qa_files f = QA_FILES;
	bool has[QA_DAILY_MOST];
	struct qa_err err;
	unsigned n = 0;

	OK(qa_files_add(&f, put("stats", "86400|x|u@a|1|x\n172799|x|u@a|1|x\n432000|x|u@a|1|x\nbad\n"), &err) == 0);
	OK(qa_daily_days(&f, (struct qa_day){1970, 1, 6}, has, NULL, NULL, &err) == 0);
	for (size_t i = 0; i < QA_DAILY_MOST; i++)
		n += has[i];
	OK(n == 1 && has[3]);
	qa_files_free(&f);
}

int
main(void)
{
	folder = tmp_make();
	setenv("TZ", "UTC", 1);
	tzset();
	counting();
	dst();
	publishing();
	which_days();
	return done();
}
