/*
 * mailstatistics: what is in a stats file, for a person.
 */
#include "bar.h"
#include "base/num.h"
#include "base/opt.h"
#include "overview.h"
#include "statline/file.h"
#include "traffic/day.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "Tells what is in the stats file: totals, by status, by hour, by domain.\n"
    "Exit 0; 1 when there is no line; 2 trouble.\n\n"
    "  -v                 more: by account, the other side, senders and recipients, attempts, refusals\n"
    "  -f FILE            this file instead of the host's; may be packed by gzip; - is standard input.\n"
    "                     More files may follow, with or without -f\n"
    "      --domain NAME  only what counts for this domain\n"
    "      --from TIME    only from then on: dd.mm.YYYY or YYYY-MM-DD, also with HH:MM or HH:MM:SS behind it\n"
    "      --to TIME      only up to then: before a time of day, or to the end of a day\n"
    "      --top N        so many names in a list (default 10; 0: all)\n"
    "      --json         one JSON object\n"
    "      --csv          CSV; the first field of a row names its table\n"
    "      --bad          show the bad lines\n";
enum { DOMAIN = 1, FROM, TO, TOP, JSON, CSV, BAD };
static const struct option longs[] = {{"domain", required_argument, NULL, DOMAIN},
				      {"from", required_argument, NULL, FROM},
				      {"to", required_argument, NULL, TO},
				      {"top", required_argument, NULL, TOP},
				      {"json", no_argument, NULL, JSON},
				      {"csv", no_argument, NULL, CSV},
				      {"bad", no_argument, NULL, BAD},
				      {0}};
static const struct qa_opt opt = {
    "mailstatistics",
    "[-v] [-f FILE...] [--domain NAME] [--from TIME] [--to TIME] [--top N] [--json | --csv] [--bad]", help, "*vf:", longs};

static QA_NORETURN void
die(const struct qa_err *err)
{
	qa_die(opt.program, err);
}

static QA_NORETURN void
die_of(const char *text)
{
	struct qa_err err;

	qa_fail(&err, 0, "%s", text);
	die(&err);
}

static QA_NORETURN void
die_word(const char *word, const char *why)
{
	char text[256];

	snprintf(text, sizeof text, "%s %s", word, why);
	die_of(text);
}

/* "22.11.2026", "2026-11-22 10:30", "2026-11-22T10:30:15". AFTER: the end of a day that stands alone. */
static int64_t
moment(const char *text, bool after)
{
	qa_span s = qa_span_str(text);
	const unsigned char *gap = memchr(s.p, ' ', s.n);
	uint64_t v[3] = {0, 0, 0};
	struct qa_day d;
	unsigned n = 0;

	if (!gap)
		gap = memchr(s.p, 'T', s.n);
	if (qa_day_scan(qa_span_cut(s, 0, gap ? (size_t)(gap - s.p) : s.n), &d))
		die_word(text, "is no time: dd.mm.YYYY or YYYY-MM-DD, with HH:MM or HH:MM:SS behind it or not");
	if (!gap)
		return qa_day_begin(after ? qa_day_plus(d, 1) : d);
	s = qa_span_cut(s, (size_t)(gap + 1 - s.p), s.n);
	for (; n < 3 && s.n; n++) {
		const unsigned char *e = memchr(s.p, ':', s.n);
		qa_span part = qa_span_cut(s, 0, e ? (size_t)(e - s.p) : s.n);

		if (part.n > 2 || qa_scan_u64(part, &v[n]) || v[n] > (n ? 59 : 23))
			die_word(text, "has no time of day: HH:MM or HH:MM:SS");
		s = qa_span_cut(s, part.n + 1, s.n);
	}
	if (n < 2 || s.n)
		die_word(text, "has no time of day: HH:MM or HH:MM:SS");
	struct tm tm = {.tm_year = d.year - 1900, .tm_mon = (int)d.month - 1, .tm_mday = (int)d.day, .tm_hour = (int)v[0],
			.tm_min = (int)v[1], .tm_sec = (int)v[2], .tm_isdst = -1};
	return (int64_t)mktime(&tm);
}

/* The host's own file, with what rotation made of it when older lines are asked for. */
static void
add_default(struct qa_files *files, const struct qa_survey *s)
{
	struct qa_stats stats;
	struct qa_err err;

	if (qa_stats_find(&stats, qa_opt_home(), NULL, &err) < 0)
		die(&err);
	if (!stats.path[0])
		die_of("this instance has no stats file (H/etc/stats); name one with -f");
	if (s->from > 0 ? qa_files_add_rotated(files, stats.path, s->from, &err) : qa_files_add(files, stats.path, &err))
		die(&err);
}

int
main(int argc, char **argv)
{
	struct qa_survey s = {.to = INT64_MAX};
	struct qa_files files = QA_FILES;
	bool bad = false, named = false, json = false, csv = false;
	uint64_t top = 10;
	struct qa_err err;
	struct table t;
	struct bar bar;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		switch (c) {
		case 'v':
			s.verbose = true;
			break;
		case 'f':
			named = true;
			if (qa_files_add(&files, optarg, &err))
				die(&err);
			break;
		case DOMAIN:
			for (char *p = optarg; *p; p++)
				*p = (char)qa_fold((unsigned char)*p);
			s.domain = qa_span_str(optarg);
			if (s.domain.n == 0)
				die_of("--domain wants a name");
			break;
		case FROM:
			s.from = moment(optarg, false);
			break;
		case TO:
			s.to = moment(optarg, true);
			break;
		case TOP:
			if (qa_scan_u64(qa_span_str(optarg), &top))
				die_word(optarg, "is no number for --top");
			break;
		case JSON:
			json = true;
			break;
		case CSV:
			csv = true;
			break;
		case BAD:
			bad = true;
			break;
		default:
			qa_usage(&opt);
		}
	}
	if (json && csv)
		qa_usage(&opt);
	if (s.from >= s.to)
		die_of("--from is not before --to");
	for (; optind < argc; optind++, named = true)
		if (qa_files_add(&files, argv[optind], &err))
			die(&err);
	if (!named)
		add_default(&files, &s);
	s.progress = bar_show;
	s.ctx = &bar;
	bar_init(&bar);
	int rc = qa_survey_run(&s, &files, &err);
	bar_end(&bar);
	if (rc)
		die(&err);
	table_init(&t, json ? TABLE_JSON : csv ? TABLE_CSV : TABLE_TEXT);
	overview(&t, &s, &files, (size_t)top, bad);
	table_finish(&t);
	rc = s.sums.lines ? 0 : 1;
	qa_survey_free(&s);
	qa_files_free(&files);
	return rc;
}
