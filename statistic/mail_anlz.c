/*
 * mail_anlz: the traffic of each hosted domain on one day, out of the stats file.
 */
#include "auto.h"
#include "bar.h"
#include "base/opt.h"
#include "statline/file.h"
#include "sys/sys.h"
#include "traffic/daily-file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "Sums up what each hosted domain transferred on one day (yesterday), and publishes it as\n"
    "dd.mm.YYYY.qml.txt. Exit 0 done, 1 there is no line of that day (nothing is written), 2 trouble.\n\n"
    "  -d DAY             this day (dd.mm.YYYY or YYYY-MM-DD)\n"
    "  -f FILE            this stats file instead of the host's and what rotation made of it; may be packed by\n"
    "                     gzip; - is standard input. More files may follow, with or without -f\n"
    "  -o DIR             publish there (default: H/statistic); - prints the file\n"
    "      --hosted FILE  the hosted domains, one a line, instead of qmail's control files\n"
    "      --control DIR  the control files of qmail (default: " QA_QMAIL "/control)\n"
    "      --alias FILE   domains that count for another: lines \"alias real\", or qmail's users/assign\n"
    "      --catchup      every day before today that has lines but no file yet\n"
    "      --bad          show the bad lines\n";
enum { HOSTED = 1, CONTROL, ALIAS, CATCHUP, BAD };
static const struct option longs[] = {{"hosted", required_argument, NULL, HOSTED},
				      {"control", required_argument, NULL, CONTROL},
				      {"alias", required_argument, NULL, ALIAS},
				      {"catchup", no_argument, NULL, CATCHUP},
				      {"bad", no_argument, NULL, BAD},
				      {0}};
static const struct qa_opt opt = {"mail_anlz",
				  "[-d DAY | --catchup] [-f FILE...] [-o DIR] [--hosted FILE | --control DIR] [--alias FILE] [--bad]",
				  help, "*d:f:o:", longs};

/* The tallies of one pass, for each worker. */
enum { TALLY_BYTES = 64 << 20, NAMED_MOST = QA_FILES_MOST };

struct anlz {
	const char *out;
	const char *named[NAMED_MOST];
	size_t named_n;
	bool catchup, show_bad;
	struct qa_day day, today;
	struct qa_files files;
	struct qa_hosted *hosted;
	int dirfd;
	char folder[4096];
	struct bar bar;
	bool said_bad;
};

static QA_NORETURN void
die(const struct qa_err *err)
{
	qa_die(opt.program, err);
}

static QA_NORETURN void
die_of(int num, const char *text)
{
	struct qa_err err;

	qa_fail(&err, num, "%s", text);
	die(&err);
}

static QA_NORETURN void
die_word(const char *word, const char *why)
{
	char text[256];

	snprintf(text, sizeof text, "%s %s", word, why);
	die_of(0, text);
}

static void
options(struct anlz *a, int argc, char **argv)
{
	bool control = false, listed = false, day = false;
	const char *alias[64];
	size_t aliases = 0;
	struct qa_err err;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		switch (c) {
		case 'd':
			if (qa_day_scan(qa_span_str(optarg), &a->day))
				die_word(optarg, "is no day: dd.mm.YYYY or YYYY-MM-DD");
			day = true;
			break;
		case 'f':
			if (a->named_n == NAMED_MOST)
				die_of(0, "too many files");
			a->named[a->named_n++] = optarg;
			break;
		case 'o':
			a->out = optarg;
			break;
		case HOSTED:
			if (qa_hosted_list(a->hosted, optarg, &err))
				die(&err);
			listed = true;
			break;
		case CONTROL:
			if (qa_hosted_control(a->hosted, optarg, &err))
				die(&err);
			control = true;
			break;
		case ALIAS:
			if (aliases == sizeof alias / sizeof *alias)
				die_of(0, "too many files of aliases");
			alias[aliases++] = optarg;
			break;
		case CATCHUP:
			a->catchup = true;
			break;
		case BAD:
			a->show_bad = true;
			break;
		default:
			qa_usage(&opt);
		}
	}
	for (; optind < argc; optind++) {
		if (a->named_n == NAMED_MOST)
			die_of(0, "too many files");
		a->named[a->named_n++] = argv[optind];
	}
	if ((a->catchup && day) || (control && listed))
		qa_usage(&opt);
	if (a->catchup && a->out && strcmp(a->out, "-") == 0)
		die_of(0, "--catchup publishes files; -o wants a folder");
	if (!control && !listed && qa_hosted_control(a->hosted, QA_QMAIL "/control", &err))
		die(&err);
	for (size_t i = 0; i < aliases; i++)
		if (qa_hosted_alias(a->hosted, alias[i], &err))
			die(&err);
	if (qa_hosted_ready(a->hosted, &err))
		die(&err);
	if (a->hosted->n == 0)
		die_of(0, "no hosted domain is named, so nobody's traffic would be counted");
}

/* The files that may hold lines of DAY and later. */
static void
open_files(struct anlz *a, struct qa_day day)
{
	struct qa_stats stats;
	struct qa_err err;

	for (size_t i = 0; i < a->named_n; i++)
		if (qa_files_add(&a->files, a->named[i], &err))
			die(&err);
	if (a->named_n)
		return;
	if (qa_stats_find(&stats, qa_opt_home(), NULL, &err) < 0)
		die(&err);
	if (!stats.path[0])
		die_of(0, "this instance has no stats file (H/etc/stats); name one with -f");
	if (qa_files_add_rotated(&a->files, stats.path, qa_day_begin(day), &err))
		die(&err);
}

static void
say_bad(struct anlz *a, const struct qa_daily *d)
{
	struct qa_buf text = QA_BUF(1 << 20);

	if (a->said_bad || d->bad.count == 0)
		return;
	a->said_bad = true;
	if (a->show_bad && qa_bad_show(&d->bad, &a->files, &text) == 0)
		fwrite(text.p, 1, text.n, stderr);
	qa_buf_free(&text);
	fprintf(stderr, "%s: %llu of %llu lines are bad and were left out%s\n", opt.program,
		(unsigned long long)d->bad.count, (unsigned long long)d->lines, a->show_bad ? "" : "; --bad shows them");
	if (d->good == 0)
		die_of(0, "these are no stats files (stats(5)); logstat(8) makes one of an old mail log");
}

static void
open_folder(struct anlz *a)
{
	struct qa_err err;

	if (!a->out) {
		if ((size_t)snprintf(a->folder, sizeof a->folder, "%s/statistic", qa_opt_home()) >= sizeof a->folder)
			die_of(ENAMETOOLONG, "cannot open H/statistic: ");
		a->out = a->folder;
	}
	if ((a->dirfd = qa_daily_folder(a->out, &err)) < 0)
		die(&err);
}

static void
sum(struct anlz *a, struct qa_daily *d)
{
	struct qa_err err;

	d->hosted = a->hosted;
	d->progress = bar_show;
	d->ctx = &a->bar;
	bar_init(&a->bar);
	int rc = qa_daily_sum(d, &a->files, &err);
	bar_end(&a->bar);
	if (rc)
		die(&err);
	say_bad(a, d);
}

static void
print(const struct qa_daily *d)
{
	struct qa_buf text = QA_BUF(1 << 30);

	if (qa_daily_write(d, 0, &text))
		die_of(errno, "cannot write the file: ");
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout))
		die_of(errno, "cannot write to standard output: ");
	qa_buf_free(&text);
}

static int
one_day(struct anlz *a)
{
	struct qa_daily d = {.days = &a->day, .n = 1};
	struct qa_err err;
	char text[QA_DAY_TEXT];

	if (qa_day_compare(a->day, a->today) >= 0) {
		qa_day_text(a->day, text);
		die_word(text, "is not over");
	}
	open_files(a, a->day);
	sum(a, &d);
	if (d.of_day[0] == 0) {
		qa_day_text(a->day, text);
		fprintf(stderr, "%s: no line of %s; nothing is written\n", opt.program, text);
		qa_daily_free(&d);
		return 1;
	}
	if (a->out && strcmp(a->out, "-") == 0) {
		print(&d);
	} else {
		open_folder(a);
		if (qa_daily_publish(a->dirfd, a->out, &d, 0, &err))
			die(&err);
	}
	qa_daily_free(&d);
	return 0;
}

/* All days before today with lines and without a file, as many in one pass as memory is meant for. */
static int
catchup(struct anlz *a)
{
	struct qa_day missing[QA_DAILY_MOST];
	bool has[QA_DAILY_MOST];
	size_t n = 0, most = TALLY_BYTES / sizeof(struct qa_tally) / (a->hosted->n + 1);
	struct qa_err err;

	open_files(a, qa_day_plus(a->today, -QA_DAILY_MOST));
	for (size_t i = 0; i < a->files.n; i++)
		if (a->files.v[i].stream && a->files.v[i].size == 0)
			die_of(0, "--catchup reads files more than once; standard input and pipes are of no use");
	open_folder(a);
	bar_init(&a->bar);
	int rc = qa_daily_days(&a->files, a->today, has, bar_show, &a->bar, &err);
	bar_end(&a->bar);
	if (rc)
		die(&err);
	for (int i = QA_DAILY_MOST; i > 0; i--) {
		struct qa_day day = qa_day_plus(a->today, -i);

		if (!has[i - 1])
			continue;
		if ((rc = qa_daily_there(a->dirfd, a->out, day, &err)) < 0)
			die(&err);
		if (rc == 0)
			missing[n++] = day;
	}
	if (most < 1)
		most = 1;
	for (size_t at = 0; at < n; at += most) {
		struct qa_daily d = {.days = missing + at, .n = n - at < most ? n - at : most};

		sum(a, &d);
		for (size_t i = 0; i < d.n; i++)
			if (qa_daily_publish(a->dirfd, a->out, &d, i, &err))
				die(&err);
		qa_daily_free(&d);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static struct anlz a = {.dirfd = -1};

	a.today = qa_day_of((int64_t)time(NULL));
	a.day = qa_day_plus(a.today, -1);
	if (!(a.hosted = qa_hosted_new()))
		die_of(ENOMEM, "cannot keep the domains: ");
	options(&a, argc, argv);
	int rc = a.catchup ? catchup(&a) : one_day(&a);
	qa_files_free(&a.files);
	qa_hosted_free(a.hosted);
	qa_close(&a.dirfd);
	return rc;
}
