#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"
#include "testing.h"
#include "traffic/survey.h"

#include <time.h>

enum { LINES = 60000 };

static const char *path;

static void
put(const struct qa_buf *b)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(b->p, 1, b->n, f) != b->n || fclose(f))
		exit(2);
}

static struct qa_survey
survey(bool verbose, size_t most, const char *domain, int64_t from, int64_t to)
{
	struct qa_survey s = {.verbose = verbose, .names_most = most, .domain = qa_span_str(domain), .from = from, .to = to};
	struct qa_files f = QA_FILES;
	struct qa_err err;

	if (qa_files_add(&f, path, &err) || qa_survey_run(&s, &f, &err)) {
		printf("# %s\n", err.text);
		exit(2);
	}
	qa_files_free(&f);
	return s;
}

static const struct qa_name *
find(const struct qa_nametab *t, const char *name)
{
	char padded[300] = {0};
	size_t n = strlen(name);

	memcpy(padded, name, n);
	return qa_nametab_find(t, qa_span_of(padded, n), qa_fold_hash((const unsigned char *)padded, n, t->seed));
}

static struct qa_count
sum(const struct qa_nametab *t)
{
	struct qa_count c = {0, 0};

	for (uint32_t at = qa_nametab_first(t); at; at = qa_nametab_next(t, at)) {
		struct qa_count one = qa_survey_total(t, qa_nametab_at(t, at));

		qa_count_add(&c, one.n, one.bytes);
	}
	return c;
}

static struct qa_count
totals(const struct qa_survey *s)
{
	struct qa_count c = {0, 0};

	for (size_t i = 0; i < s->sums.statuses; i++)
		for (unsigned k = 0; k < QA_SURVEY_KINDS; k++)
			qa_count_add(&c, s->sums.status[i].c[k].n, s->sums.status[i].c[k].bytes);
	return c;
}

static uint64_t
hours(const struct qa_survey *s)
{
	uint64_t n = 0;

	for (unsigned h = 0; h < 24; h++)
		for (unsigned k = 0; k < QA_SURVEY_KINDS; k++)
			n += s->sums.hour[h][k].n;
	return n;
}

static bool
same(struct qa_count a, struct qa_count b)
{
	return a.n == b.n && a.bytes == b.bytes;
}

/* Lines whose sums are known: 300 domains, line I has I bytes, is to or from account I % 3000, and belongs to hour I % 24. */
static void
known(void)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_count all = {0, 0}, seven = {0, 0}, in = {0, 0};

	for (int i = 0; i < LINES; i++) {
		bool out = i % 5 == 0;
		char own[64], peer[64];

		snprintf(own, sizeof own, "u%d@D%d.Example", i % 3000, i % 300);
		snprintf(peer, sizeof peer, "x%d@far%d.example", i, i % 50);
		if (qa_buf_addf(&b, "Nov 22 00:00:00 h %s[%d]: %d|%s|%s|%d|%s\n", out ? "out" : "in", i / 2, 3600 * (i % 24), out ? own : peer,
				out ? peer : own, i, i % 7 ? "success" : "reject"))
			exit(2);
		qa_count_add(&all, 1, (uint64_t)i);
		if (i % 300 == 7)
			qa_count_add(&seven, 1, (uint64_t)i);
		if (!out)
			qa_count_add(&in, 1, (uint64_t)i);
	}
	put(&b);

	struct qa_survey s = survey(true, 0, "", 0, INT64_MAX);
	const struct qa_name *e = find(&s.domains, "d7.example");
	OK(s.lines == LINES && s.sums.lines == LINES && same(totals(&s), all) && hours(&s) == LINES && s.sums.statuses == 2);
	OK(s.sums.own.n == 3000 && same(sum(&s.sums.own), all) && s.sums.folded == 0);
	OK(s.sums.peer.n == LINES && same(sum(&s.sums.peer), all) && s.peers.n == 50);
	OK(s.domains.n == 300 && e && same(qa_survey_total(&s.domains, e), seven));
	OK(s.sums.hour[5][QA_STAT_IN].n + s.sums.hour[5][QA_STAT_OUT].n == LINES / 24);
	OK(s.sums.first.time == 0 && s.sums.last.time == 23 * 3600);
	OK(memcmp(s.sums.first.text + s.sums.first.n - 9, "|0|reject", 9) == 0 && s.sums.first.line == 0 && s.sums.first.part == 0);
	OK(memcmp(s.sums.last.text + s.sums.last.n - 14, "|59999|success", 14) == 0);
	qa_survey_free(&s);

	/* without names of accounts; one domain; some hours */
	s = survey(false, 0, "", 0, INT64_MAX);
	OK(s.sums.own.n == 300 && same(sum(&s.sums.own), all) && s.sums.peer.n == 0);
	qa_survey_free(&s);
	s = survey(true, 0, "D7.EXAMPLE", 0, INT64_MAX);
	OK(same(totals(&s), seven) && s.domains.n == 1 && s.lines == LINES);
	qa_survey_free(&s);
	s = survey(false, 0, "", 3600, 7200);
	OK(s.sums.lines == LINES / 24 && s.sums.hour[1][QA_STAT_IN].n + s.sums.hour[1][QA_STAT_OUT].n == LINES / 24);
	qa_survey_free(&s);

	/* over the limit of addresses: sums by domain stay; over that of domains too: the whole does */
	s = survey(true, 400, "", 0, INT64_MAX);
	e = find(&s.domains, "d7.example");
	OKF(s.sums.folded > 0 && same(totals(&s), all) && same(sum(&s.sums.own), all) && same(sum(&s.domains), all), "%zu names",
	    s.sums.own.n);
	qa_survey_free(&s);
	s = survey(true, 2900, "", 0, INT64_MAX);
	e = find(&s.domains, "d7.example");
	OK(s.sums.folded > 0 && e && same(qa_survey_total(&s.domains, e), seven) && same(sum(&s.peers), all));
	qa_survey_free(&s);
	qa_buf_free(&b);
}

static uint64_t
number(const struct qa_nametab *t, const struct qa_name *e)
{
	(void)t;
	return e->c[0].n;
}

static void
top(void)
{
	struct qa_nametab t;
	uint32_t few[10], all[2000];
	bool good = qa_nametab_init(&t, 1, 2000, 5) == 0;
	char name[32] = {0};

	for (int i = 0; i < 2000; i++) {
		int n = snprintf(name, sizeof name, "n%04d", (i * 7919) % 2000);
		struct qa_name *e =
		    qa_nametab_add(&t, qa_span_of(name, (size_t)n), 0, qa_fold_hash((unsigned char *)name, (size_t)n, 5));

		good = good && e;
		if (e)
			e->c[0].n = (uint64_t)((i * 7919) % 2000 / 10); /* ten of each, none for the first ten */
	}
	OK(good && qa_nametab_add(&t, qa_span_str("one more"), 0, 1) == NULL);
	OK(qa_survey_top(&t, number, 10, few) == 10 && qa_survey_top(&t, number, 2000, all) == 1990);
	OK(memcmp(few, all, sizeof few) == 0 && memcmp(qa_name_text(&t, qa_nametab_at(&t, few[0])), "n1990", 5) == 0);
	OK(qa_survey_top(&t, number, 300, all) == 300 && memcmp(few, all, sizeof few) == 0);
	OK(memcmp(qa_name_text(&t, qa_nametab_at(&t, all[299])), "n1709", 5) == 0);
	qa_nametab_free(&t);
}

/* Lines of one message stand together: one message, also across the border of parts. */
static void
messages(void)
{
	struct qa_buf b = QA_BUF(0);

	for (int i = 0; i < 30000; i++)
		for (int k = 0; k < 3; k++)
			if (qa_buf_addf(&b, "Nov 22 00:00:00 h in[%d]: 86400|s@far.example|u%d@d.example|1000|success|1\n", i, k))
				exit(2);
	put(&b);
	struct qa_survey s = survey(false, 0, "", 0, INT64_MAX);
	OKF(s.sums.messages[QA_STAT_IN] == 30000 && s.sums.lines == 90000, "%llu messages",
	    (unsigned long long)s.sums.messages[QA_STAT_IN]);
	qa_survey_free(&s);
	qa_buf_free(&b);
}

/* Hostile statuses and sums. */
static void
odd(void)
{
	struct qa_buf b = QA_BUF(0);

	for (int i = 0; i < 200; i++)
		if (qa_buf_addf(&b, "1|a@b|c@d|18446744073709551615|status%d\n1|a@b|c@d|1|%0*d\n", i, 60 + i, i))
			exit(2);
	put(&b);
	struct qa_survey s = survey(true, 0, "", 0, INT64_MAX);
	OK(s.sums.lines == 400 && s.sums.statuses == QA_SURVEY_STATUSES);
	OK(strcmp((const char *)s.sums.status[1].name, "(other)") == 0 && totals(&s).bytes == UINT64_MAX);
	qa_survey_free(&s);
	qa_buf_free(&b);
}

int
main(void)
{
	static char at[600];

	snprintf(at, sizeof at, "%s/stats", tmp_make());
	path = at;
	setenv("TZ", "UTC", 1);
	tzset();
	known();
	top();
	messages();
	odd();
	return done();
}
