/* The catalog of a month: adding, asking, kill -9, damage, versions, seal. */
#include "catalog/catalog.h"
#include "catalog/find.h"

#include "journal/record.h"
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MONTH (2026 * 12 + 10) /* 2026-11 */
#define START INT64_C(1793491200)
#define DOMAIN "example.com"
#define ATTACHED "55d9067ef2bfacd4dc38ef7294695794ff61bba45f11b2f4d9b70515c57b2187"
#define MESSAGE7 "e1f8b33c" /* the first 8 digits are enough, too */

static char dir[200];

static qa_span
S(const char *s)
{
	return qa_span_str(s);
}

/* Row n of a fixed, endless mailbox. */
static void
fill(struct qa_row *r, uint64_t n)
{
	static char body[200], subject[100], from[100], id[100];
	struct qa_digest d;

	qa_row_clear(r);
	r->n = n;
	r->leaf = n + 100;
	r->date = START + (int64_t)n * 60;
	r->size = 1000 + n;
	r->flags = QA_MESSAGE | QA_QUEUE << 4 | QA_ROW_MESSAGE;
	snprintf(body, sizeof body, "common text number%u for everyone, multiple of %s",
		 (unsigned)n, n % 3 ? "none" : "three");
	snprintf(subject, sizeof subject, "Report %u %s", (unsigned)n, n % 2 ? "odd" : "even");
	snprintf(from, sizeof from, "user%u@mail%u.example.org", (unsigned)(n % 7), (unsigned)(n % 2));
	snprintf(id, sizeof id, "<%u@id.example>", (unsigned)n);
	qa_row_text(r, QA_COL_BODY, S(body));
	qa_row_text(r, QA_COL_SUBJECT, S(subject));
	qa_row_address(r, QA_COL_AUTHOR, S("Jane Doe"), S(from));
	qa_row_address(r, QA_COL_DEST, S("Office"), S("office@example.com"));
	qa_row_address(r, QA_COL_DEST, S(""), S("Second.Person@Example.COM"));
	qa_row_address(r, QA_COL_RCPT, S(""), S("office@example.com"));
	if (n % 5 == 0) {
		r->flags |= QA_ROW_ATTACHMENT;
		qa_row_mark(r, 'A', S(""));
		qa_row_mark(r, 'T', S("application/PDF"));
		qa_row_mark(r, 'T', S("pdf"));
		qa_row_text(r, QA_COL_FILE, S("Annual Report.pdf"));
	}
	qa_row_mark_id(r, 'I', S(id));
	if (n > 1) {
		snprintf(id, sizeof id, "%u@id.example", (unsigned)n - 1);
		qa_row_mark_id(r, 'R', S(id));
	}
	d = qa_sha256_of(S("attached"));
	if (n % 5 == 0)
		qa_row_mark_digest(r, 'D', &d);
	d = qa_sha256_of(S(id));
	r->digest = qa_row_key(&d);
}

static void
fill_event(struct qa_row *r, uint64_t n, int64_t refers)
{
	qa_row_clear(r);
	r->n = n;
	r->leaf = n + 100;
	r->date = START + (int64_t)n * 60;
	r->flags = QA_DELIVERY | QA_AGENT << 4;
	r->refers = refers;
	qa_row_address(r, QA_COL_RCPT, S(""), S("office@example.com"));
}

/* The number of matches, or -1. */
static int64_t
count_in(qa_month m, struct qa_plan_around around, const char *text)
{
	struct qa_catalog *c;
	struct qa_query q;
	struct qa_plan plan;
	struct qa_err err = {0};
	size_t at;
	uint64_t n = 0;
	int64_t r = -1;

	if (qa_query_parse(S(text), START, &q, &at, &err)) {
		printf("# %s: %s\n", text, err.text);
		return -1;
	}
	if (qa_catalog_read(dir, DOMAIN, m, &c, &err) != 1) {
		printf("# %s\n", err.text);
		qa_query_free(&q);
		return -1;
	}
	if (qa_find_attach(c, around, &err) || qa_plan_make(&q, qa_catalog_state(c), around, &plan, &err)) {
		printf("# %s: %s\n", text, err.text);
	} else {
		if (qa_find_count(c, &plan, &n, &err))
			printf("# %s: %s\n# %s\n# %s\n", text, err.text, plan.match ? plan.match : "",
			       plan.where ? plan.where : "");
		else
			r = (int64_t)n;
		qa_plan_free(&plan);
	}
	qa_catalog_close(c);
	qa_query_free(&q);
	return r;
}

static int64_t
count(const char *text)
{
	return count_in(MONTH, (struct qa_plan_around){false, false}, text);
}

#define COUNT(text, want)                                                                                   \
	do {                                                                                                \
		int64_t got_ = count(text);                                                                 \
		if (!OKF(got_ == (want), "%s: %d", text, (int)(want)))                                      \
			printf("# got %lld\n", (long long)got_);                                            \
	} while (0)

static void
load(qa_month m, uint64_t to)
{
	struct qa_catalog *c;
	struct qa_err err = {0};
	struct qa_row r;

	qa_row_init(&r);
	if (!OKF(qa_catalog_write(dir, DOMAIN, m, &c, NULL, &err) == 0, "open for writing")) {
		printf("# %s\n", err.text);
		exit(1);
	}
	for (uint64_t n = qa_catalog_state(c)->last_n + 1; n <= to; n++) {
		fill(&r, n);
		if (qa_catalog_add(c, &r, &err)) {
			printf("# %s\n", err.text);
			exit(1);
		}
	}
	OK(qa_catalog_commit(c, &err) == 0);
	if (!OK(qa_catalog_check(c, &err) == 0))
		printf("# %s\n", err.text);
	qa_catalog_close(c);
	qa_row_free(&r);
}

static void
test_queries(void)
{
	load(MONTH, 100);
	COUNT("*", 100);
	COUNT("common", 100);
	COUNT("COMMON text", 100);
	COUNT("number7", 1);
	COUNT("number1*", 12);
	COUNT("three", 33);
	COUNT("-three", 67);
	COUNT("three odd", 17);
	COUNT("three OR odd", 66);
	COUNT("three -odd", 16);
	COUNT("NOT (three OR odd)", 34);
	COUNT("-three -odd", 34);
	COUNT("-three OR -odd", 83);
	COUNT("three larger:1050", 17);
	COUNT("three OR larger:1050", 66);
	COUNT("-(three larger:1050)", 83);
	COUNT("\"text number7\"", 1);
	COUNT("\"number7 text\"", 0);
	COUNT("subject:common", 0);
	COUNT("subject:(odd OR even)", 100);
	COUNT("subject:\"report 7 odd\"", 1);
	COUNT("body:odd", 0);
	COUNT("from:user3@mail1.example.org", 7);
	COUNT("from:USER3@Mail1.example.org", 7);
	COUNT("from:user3@*", 14);
	COUNT("from:user3*", 14);
	COUNT("from:@example.org", 100);
	COUNT("from:@mail1.example.org", 50);
	COUNT("from:@ample.org", 0);
	COUNT("from:example.org", 100);
	COUNT("from:@org", 100);
	COUNT("from:jane", 100);
	COUNT("from:\"jane doe\"", 100);
	COUNT("from:\"doe jane\"", 0);
	COUNT("from:office", 0);
	COUNT("to:office@example.com", 100);
	COUNT("to:second.person", 100);
	COUNT("to:\"com second\"", 0);
	COUNT("to:second.person@example.com rcpt:office@example.com", 100);
	COUNT("rcpt:second.person@example.com", 0);
	COUNT("address:user3", 14);
	COUNT("user3@mail1.example.org", 7);
	COUNT("has:attachment", 20);
	COUNT("-has:attachment", 80);
	COUNT("has:fallback", 0);
	COUNT("type:pdf", 20);
	COUNT("type:application", 20);
	COUNT("type:Application/pdf", 20);
	COUNT("type:.PDF", 20);
	COUNT("type:image", 0);
	COUNT("filename:report.pdf", 20);
	COUNT("filename:annual -odd", 10);
	COUNT("id:<7@id.example>", 1);
	COUNT("id:7@id.example", 1);
	COUNT("ref:7@id.example", 1);
	/* printf attached | sha256sum; the same of 6@id.example */
	COUNT("sha256:" ATTACHED, 20);
	COUNT("sha256:" MESSAGE7, 1);
	COUNT("three OR sha256:" MESSAGE7, 34);
	COUNT("-sha256:" MESSAGE7, 99);
	COUNT("sha256:0000000000000000", 0);
	COUNT("source:queue", 100);
	COUNT("source:import", 0);
	COUNT("smaller:1011", 10);
	COUNT("larger:1010 smaller:1021", 10);
	COUNT("after:2026-11-01T01:00", 41);
	COUNT("before:2026-11-01T01:00", 59);
	COUNT("date:2026-11", 100);
	COUNT("date:2026-12", 0);
	COUNT("three date:2026-11-01T00:00", 0);
	COUNT("three date:2026-11-01T00:03", 1);
	COUNT("!!! three", 33);
	COUNT("three OR !!!", 33);
	COUNT("zzz OR -zzz", 100);
	COUNT("status:settled", 0);
	COUNT("kind:any", 100);
	OK(count("!!!") == -1);
}

static void
test_events(void)
{
	struct qa_catalog *c, *next;
	struct qa_err err = {0};
	struct qa_row r;
	struct qa_plan_around after = {false, true};
	struct qa_digest d1 = qa_sha256_of(S("6@id.example")), d2 = qa_sha256_of(S("8@id.example"));

	qa_row_init(&r);
	OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err) == 0);
	fill_event(&r, 101, qa_row_key(&d1)); /* about entry 7 */
	OK(qa_catalog_add(c, &r, &err) == 0);
	fill_event(&r, 102, 12345); /* about nothing here */
	OK(qa_catalog_add(c, &r, &err) == 0 && qa_catalog_commit(c, &err) == 0);
	OK(qa_catalog_state(c)->events == 2 && qa_catalog_state(c)->messages == 100);
	qa_catalog_close(c);
	OK(qa_catalog_write(dir, DOMAIN, MONTH + 1, &next, NULL, &err) == 0);
	fill_event(&r, 1, qa_row_key(&d2)); /* about entry 9, a month later */
	OK(qa_catalog_add(next, &r, &err) == 0 && qa_catalog_commit(next, &err) == 0);
	qa_catalog_close(next);
	qa_row_free(&r);

	COUNT("*", 100);
	COUNT("rcpt:office@example.com", 100);
	COUNT("rcpt:office@example.com kind:any", 102);
	COUNT("rcpt:office@example.com kind:delivery", 2);
	COUNT("rcpt:@example.com kind:delivery", 2);
	COUNT("office kind:delivery", 2);
	COUNT("kind:delivery", 2);
	COUNT("-rcpt:office@example.com", 0);
	COUNT("kind:any", 102);
	COUNT("kind:message", 100);
	COUNT("smaller:1", 0);
	COUNT("status:settled", 1);
	COUNT("status:settled number7", 1);
	COUNT("status:unsettled", 99);
	OK(count_in(MONTH, after, "status:settled") == 2);
	OK(count_in(MONTH, after, "status:unsettled three") == 32);
}

static void
order_is(const char *text, enum qa_sort sort, const char *want)
{
	struct qa_catalog *c;
	struct qa_query q;
	struct qa_plan plan;
	struct qa_finder *cur;
	struct qa_err err = {0};
	struct qa_hit h;
	char got[200] = "";
	size_t at;

	if (qa_query_parse(S(text), START, &q, &at, &err) || qa_catalog_read(dir, DOMAIN, MONTH, &c, &err) != 1 ||
	    qa_plan_make(&q, qa_catalog_state(c), (struct qa_plan_around){0}, &plan, &err) ||
	    qa_find(c, &plan, sort, &cur, &err)) {
		OKF(0, "%s: %s", text, err.text);
		return;
	}
	while (qa_finder_next(cur, &h, &err) == 1)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%u ", (unsigned)h.n);
	if (!OKF(strcmp(got, want) == 0, "%s sorted %d: %s", text, sort, want))
		printf("# got %s\n", got);
	qa_finder_close(cur);
	qa_plan_free(&plan);
	qa_catalog_close(c);
	qa_query_free(&q);
}

static void
test_order(void)
{
	struct qa_catalog *c;
	struct qa_err err = {0};
	struct qa_row r;

	order_is("number1*", QA_SORT_NEWEST, "100 19 18 17 16 15 14 13 12 11 10 1 ");
	order_is("number1* odd", QA_SORT_OLDEST, "1 11 13 15 17 19 ");
	order_is("smaller:1004", QA_SORT_NEWEST, "3 2 1 ");
	order_is("smaller:1004", QA_SORT_SIZE, "3 2 1 ");
	order_is("number2 OR \"number3 for\"", QA_SORT_RELEVANCE, "3 2 ");
	qa_row_init(&r);
	OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err) == 0);
	fill(&r, 103);
	r.date = START - 86400; /* late, and before its month */
	OK(qa_catalog_add(c, &r, &err) == 0 && qa_catalog_commit(c, &err) == 0);
	OK(!qa_catalog_state(c)->ordered && qa_catalog_state(c)->first_date == START - 86400);
	qa_catalog_close(c);
	qa_row_free(&r);
	order_is("number1*", QA_SORT_NEWEST, "100 19 18 17 16 15 14 13 12 11 10 1 103 ");
	order_is("number10*", QA_SORT_OLDEST, "103 10 100 ");
	COUNT("before:2026-11-01", 1);
	COUNT("date:2026-10-31", 1);
}

static void
poke(const char *sql)
{
	sqlite3 *db;
	char *path = sqlite3_mprintf("%s/2026-11.db", dir);

	OK(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
	sqlite3_free(path);
}

/* Whoever opens it for writing now gets an empty one, and why. */
static void
remade(const char *why)
{
	struct qa_catalog *c;
	struct qa_err err = {0};
	const char *got;
	int r = qa_catalog_write(dir, DOMAIN, MONTH, &c, &got, &err);

	if (!OKF(r == 0 && got && strcmp(got, why) == 0 && qa_catalog_state(c)->last_n == 0, "remade: %s", why))
		printf("# %d %s %s\n", r, got ? got : "not", err.text);
	if (r == 0)
		qa_catalog_close(c);
	load(MONTH, 30);
	COUNT("three", 10);
}

static void
test_versions(void)
{
	struct qa_catalog *c;
	struct qa_err err = {0};

	poke("UPDATE state SET analysis = 'term 0'");
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &c, &err) == 0 && strstr(err.text, "term 0"));
	remade("another version");
	poke("UPDATE state SET schema = 99");
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &c, &err) == 0 && strstr(err.text, "schema 99"));
	remade("another version");
	OK(qa_catalog_read(dir, "example.net", MONTH, &c, &err) == 0);
	poke("DELETE FROM entry WHERE n = 5");
	remade("damaged");
	poke("DROP TABLE state");
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &c, &err) == -1 && err.num == EBADMSG);
	remade("damaged");
	OK(qa_catalog_read(dir, DOMAIN, MONTH + 5, &c, &err) == 0);
}

static void
smear(long at, size_t n)
{
	char path[300], junk[8192];
	int fd;

	snprintf(path, sizeof path, "%s/2026-11.db", dir);
	memset(junk, 0x5a, sizeof junk);
	fd = open(path, O_WRONLY);
	OK(fd >= 0 && pwrite(fd, junk, n, at) == (ssize_t)n);
	close(fd);
}

static void
test_damage(void)
{
	struct qa_catalog *c;
	struct qa_err err = {0};
	char path[300];

	OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err) == 0 && qa_catalog_checkpoint(c, &err) == 0);
	qa_catalog_close(c);
	smear(0, 4096);
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &c, &err) == -1 && err.num == EBADMSG);
	remade("damaged");
	OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err) == 0 && qa_catalog_checkpoint(c, &err) == 0);
	qa_catalog_close(c);
	snprintf(path, sizeof path, "%s/2026-11.db", dir);
	OK(truncate(path, 5000) == 0);
	remade("damaged");
	OK(truncate(path, 0) == 0);
	remade("damaged");
	OK(qa_catalog_remove(dir, MONTH, &err) == 0);
	OK(access(path, F_OK) == -1);
	OK(qa_catalog_remove(dir, MONTH, &err) == 0);
	load(MONTH, 30);
}

static void
test_batches(void)
{
	struct qa_catalog *c, *reader;
	struct qa_err err = {0};
	struct qa_row r;

	qa_row_init(&r);
	OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err) == 0);
	fill(&r, 32);
	OK(qa_catalog_add(c, &r, &err) == -1 && err.num == EINVAL); /* 31 is missing */
	fill(&r, 31);
	OK(qa_catalog_add(c, &r, &err) == 0);
	COUNT("number31", 0); /* not committed */
	qa_catalog_rollback(c);
	OK(qa_catalog_state(c)->last_n == 30);
	OK(qa_catalog_add(c, &r, &err) == 0);
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &reader, &err) == 1);
	OK(qa_catalog_commit(c, &err) == 0);
	OK(qa_catalog_state(reader)->last_n == 30); /* its snapshot */
	qa_catalog_close(reader);
	COUNT("number31", 1);
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &reader, &err) == 1);
	OK(qa_catalog_seal(c, &err) == 0 && !qa_catalog_state(c)->sealed); /* a reader in the way */
	qa_catalog_close(reader);
	COUNT("common", 31);
	OK(qa_catalog_seal(c, &err) == 0 && qa_catalog_state(c)->sealed);
	OK(qa_catalog_seal(c, &err) == 0);
	qa_catalog_close(c);
	COUNT("common", 31);
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &reader, &err) == 1 && qa_catalog_state(reader)->sealed);
	OK(qa_catalog_check(reader, &err) == 0);
	qa_catalog_close(reader);
	OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err) == 0 && qa_catalog_state(c)->sealed);
	fill(&r, 32);
	OK(qa_catalog_add(c, &r, &err) == 0 && qa_catalog_commit(c, &err) == 0 && !qa_catalog_state(c)->sealed);
	qa_catalog_close(c);
	COUNT("common", 32);
	qa_row_free(&r);
}

/* A reader that may not write in the folder. */
static void
test_readonly(void)
{
	struct qa_catalog *c;
	struct qa_err err = {0};

	if (geteuid() == 0) {
		printf("# root may write everywhere: not tried\n");
		return;
	}
	chmod(dir, 0555);
	OK(qa_catalog_read(dir, DOMAIN, MONTH, &c, &err) == 1);
	qa_catalog_close(c);
	chmod(dir, 0755);
}

/* The child says on a pipe which entries it has committed; whatever kills it, they are there, and nothing half. */
static void
test_kill(void)
{
	unsigned seed = 1;

	for (int round = 0; round < 8; round++) {
		int fds[2];
		uint64_t said = 0, n;
		struct qa_catalog *c;
		struct qa_err err = {0};

		if (pipe(fds))
			exit(1);
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			struct qa_row r;

			qa_row_init(&r);
			if (qa_catalog_write(dir, DOMAIN, MONTH, &c, NULL, &err)) {
				fprintf(stderr, "# %s\n", err.text);
				_exit(1);
			}
			for (n = qa_catalog_state(c)->last_n + 1;; n++) {
				fill(&r, n);
				if (qa_catalog_add(c, &r, &err))
					_exit(1);
				if (n % 50 == 0 &&
				    (qa_catalog_commit(c, &err) || write(fds[1], &n, sizeof n) != sizeof n))
					_exit(1);
			}
		}
		close(fds[1]);
		seed = seed * 1103515245 + 12345;
		for (unsigned left = 1 + (seed >> 16) % 6; left; left--)
			if (read(fds[0], &n, sizeof n) == sizeof n)
				said = n;
		usleep((seed >> 20) % 20000);
		kill(pid, SIGKILL);
		while (read(fds[0], &n, sizeof n) == sizeof n)
			said = n;
		waitpid(pid, NULL, 0);
		close(fds[0]);
		const char *why = "";
		OK(qa_catalog_write(dir, DOMAIN, MONTH, &c, &why, &err) == 0 && !why);
		if (!OKF(qa_catalog_state(c)->last_n >= said && said, "after kill %d: nothing acknowledged is lost", round))
			printf("# %llu %llu\n", (unsigned long long)qa_catalog_state(c)->last_n, (unsigned long long)said);
		OK(qa_catalog_check(c, &err) == 0);
		int64_t all = (int64_t)qa_catalog_state(c)->last_n;
		qa_catalog_close(c);
		COUNT("common", all);
		COUNT("three", all / 3);
	}
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	struct qa_err err;

	setenv("TZ", "UTC", 1);
	snprintf(dir, sizeof dir, "%s/catalog-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return 1;
	test_queries();
	test_events();
	test_order();
	test_versions();
	test_damage();
	test_batches();
	test_readonly();
	test_kill();
	OK(qa_catalog_remove(dir, MONTH, &err) == 0 && qa_catalog_remove(dir, MONTH + 1, &err) == 0 && rmdir(dir) == 0);
	return done();
}
