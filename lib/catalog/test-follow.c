/*
 * Following the log: what is under the checkpoint is indexed and no more; a catalog that knows what the log does not have is made
 * again, whatever stands in its place now.
 */
#include "archive/testing.h"
#include "catalog/catalog.h"
#include "catalog/follow.h"
#include "catalog/search.h"

#include <errno.h>
#include <unistd.h>

#define OCTOBER test_time(2026, 10, 9)
#define NOVEMBER test_time(2026, 11, 9)

static char dir[QA_PATH_MAX]; /* of the catalogs */

static void
copy(const char *from, const char *to)
{
	char a[400], b[400];

	snprintf(a, sizeof a, "%s/%s", test_root, from);
	snprintf(b, sizeof b, "%s/%s", test_root, to);
	if (run("rm", "-rf", b, NULL) || run("cp", "-a", a, b, NULL))
		exit(99);
}

static struct qa_follow *
follow(void)
{
	struct qa_follow *f;

	MUST(qa_follow_open(test_home, TEST_DOMAIN, NULL, &f, &test_err) != 1);
	return f;
}

/* A pass, or some when a catalog is remade on the way; how many entries are in then. */
static int64_t
pass(struct qa_follow *f)
{
	int r = 0;

	for (int tries = 0; r == 0 && tries < 3; tries++)
		r = qa_follow_pass(f, &test_err);
	if (r != 1)
		printf("# pass: %d %s\n", r, r < 0 ? test_err.text : "");
	return r == 1 ? (int64_t)qa_follow_done(f) : -1;
}

/* By a process that has just started. */
static int64_t
pass_anew(void)
{
	struct qa_follow *f = follow();
	int64_t n = pass(f);

	qa_follow_close(f);
	return n;
}

/* Hits of a query, -1; the coverage as text: "indexed/committed ahead". */
static char covers[80];

static int64_t
hits(const char *text)
{
	struct qa_archive *a;
	struct qa_search *s;
	struct qa_query q;
	size_t at;
	uint64_t n = 0;

	MUST(qa_query_parse(qa_span_str(text), 0, &q, &at, &test_err));
	MUST(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) != 1);
	int64_t r = -1;
	if (qa_search_open(a, dir, &q, &s, &test_err) == 0) {
		const struct qa_coverage *c = qa_search_coverage(s);

		snprintf(covers, sizeof covers, "%d/%d %u", (int)c->indexed, (int)c->committed, c->ahead->len);
		r = qa_search_count(s, &n, &test_err) ? -1 : (int64_t)n;
		qa_search_close(s);
	}
	if (r < 0)
		printf("# %s: %s\n", text, test_err.text);
	qa_archive_close(a);
	qa_query_free(&q);
	return r;
}

#define COVERS(text) OKF(strcmp(covers, text) == 0, "covers %s: %s", text, covers)

static void
test_bound(void)
{
	struct qa_follow *f;
	struct qa_writer *w;
	uint64_t signed_r;
	struct qa_archive *a;
	struct qa_entry_id id = {qa_month_of(NOVEMBER), 15};
	struct qa_partition *p;
	struct qa_entry e;

	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, 0, 5, NOVEMBER);
	f = follow();
	OKF(pass(f) == 0 && qa_follow_bound(f) == 0, "nothing is signed, nothing is indexed");
	OK(!qa_follow_changed(f));
	MUST(qa_writer_publish(w, &test_err));
	OK(qa_follow_changed(f) && pass(f) == 5 && hits("subject:4") == 1);
	COVERS("5/5 0");
	test_commit(w, 5, 15, NOVEMBER);
	test_commit(w, 15, 18, OCTOBER);
	OKF(!qa_follow_changed(f), "a commit alone is nothing new");
	OKF(pass(f) == 5 && hits("subject:7") == 0, "what is committed but not signed waits");
	COVERS("5/18 0");
	OKF(pass_anew() == 5, "also for one that has just started");
	MUST(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) != 1);
	OK(qa_archive_committed(a) == 18 && qa_archive_signed(a, &signed_r, &test_err) == 0 && signed_r == 5);
	OKF(qa_archive_entry(a, &id, &p, &e, &test_err) == 1, "by its ID it is there at once");
	qa_archive_close(a);
	MUST(qa_writer_publish(w, &test_err));
	OK(qa_follow_changed(f) && pass(f) == 18 && hits("subject:7") == 1);
	COVERS("18/18 0");
	OKF(qa_follow_remake(f, id.month, &test_err) == 1 && hits("line") == 18, "made again, it is the same");
	qa_follow_close(f);
	qa_writer_close(w);
}

/* The log loses its end, as by a power cut or a backup that is put back. */
static void
test_behind(void)
{
	struct qa_follow *f = follow();
	char catalog[QA_PATH_MAX + 20], kept[400];

	OK(pass(f) == 18);
	copy("h/domain", "before");
	test_file(test_home, 100, 110, NOVEMBER);
	OK(pass(f) == 28 && hits("subject:109") == 1);
	copy("h/domain", "after");

	/* beneath a running one */
	copy("before", "h/domain");
	copy("after/a.example/var", "h/domain/a.example/var");
	OKF(hits("subject:109") == 0 && hits("line") == 3, "a catalog that is ahead is not asked");
	COVERS("3/18 1");
	OKF(pass(f) == 18 && hits("line") == 18 && hits("subject:109") == 0, "and made again");
	COVERS("18/18 0");
	qa_follow_close(f);

	/* before one starts */
	copy("after/a.example/var", "h/domain/a.example/var");
	OKF(pass_anew() == 18 && hits("line") == 18 && hits("subject:109") == 0, "also when it starts");

	/* other entries have come in the place of the lost ones: as many, and more */
	for (unsigned more = 0; more < 8; more += 7) {
		copy("before", "h/domain");
		test_file(test_home, 200, 210 + more, NOVEMBER);
		copy("after/a.example/var", "h/domain/a.example/var");
		OKF(hits("subject:109") == 1, "the old catalog knows what is gone");
		OKF(pass_anew() == 28 + more && hits("subject:109") == 0 && hits("subject:209") == 1,
		    "%u entries in its place, and it is made again", 10 + more);
		OKF(pass_anew() == 28 + more, "and then it is good");
	}

	/* a catalog of before goes on where it was */
	copy("before/a.example/var", "h/domain/a.example/var");
	snprintf(catalog, sizeof catalog, "%s/2026-11.db", dir);
	snprintf(kept, sizeof kept, "%s/kept", test_root);
	OK(link(catalog, kept) == 0);
	OKF(pass_anew() == 35 && hits("subject:209") == 1, "an older catalog is brought up to date");
	struct stat one, two;
	OKF(stat(catalog, &one) == 0 && stat(kept, &two) == 0 && one.st_ino == two.st_ino, "it is the same file");
}

int
main(void)
{
	qa_message_init();
	test_begin();
	MUST(qa_home_path(dir, test_home, &test_err, QA_HOME_VAR "/catalog", TEST_DOMAIN));
	test_bound();
	test_behind();
	return test_end();
}
