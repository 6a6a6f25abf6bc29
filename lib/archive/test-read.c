/* Reading an archive: what is committed, at the moment of the last look, and nothing behind it. */
#include "archive/read.h"
#include "archive/testing.h"

#include <errno.h>
#include <unistd.h>

static struct qa_archive *
opened(void)
{
	struct qa_archive *a;

	MUST(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) != 1);
	return a;
}

/* Whether entry N of month M is message NUMBER. */
static bool
is(struct qa_archive *a, qa_month m, uint64_t n, unsigned number)
{
	struct qa_buf want = test_message(number, 100 + number % 7 * 300), b = QA_BUF(1 << 20);
	struct qa_partition *p;
	struct qa_entry e;
	bool good = qa_archive_entry(a, &(struct qa_entry_id){m, n}, &p, &e, &test_err) == 1 &&
		    qa_partition_message_buf(p, &e, &b, &test_err) == 0 && qa_span_eq(qa_buf_span(&b), qa_buf_span(&want));

	qa_buf_free(&want);
	qa_buf_free(&b);
	return good;
}

static int
there(struct qa_archive *a, qa_month m, uint64_t n)
{
	struct qa_partition *p;
	struct qa_entry e;

	return qa_archive_entry(a, &(struct qa_entry_id){m, n}, &p, &e, &test_err);
}

static void
test_domain(void)
{
	char path[QA_PATH_MAX], text[40];
	const qa_month *v;
	struct qa_archive *a;

	OKF(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) == 0, "no such domain");
	MUST(qa_home_domain(test_home, TEST_DOMAIN, &test_err));
	a = opened();
	OKF(qa_archive_committed(a) == 0 && qa_archive_months(a, &v) == 0, "one without mail");
	OK(strcmp(qa_archive_domain(a), TEST_DOMAIN) == 0 && strcmp(qa_archive_home(a), test_home) == 0);
	OK(there(a, 2026 * 12 + 10, 1) == 0);
	qa_archive_close(a);
	qa_archive_close(NULL);
	MUST(qa_home_path(path, test_home, &test_err, "domain/file.example"));
	FILE *f = fopen(path, "w");
	if (!f || fclose(f))
		exit(99);
	snprintf(text, sizeof text, "%s", "file.example");
	OKF(qa_archive_open(test_home, text, &a, &test_err) == -1, "a file is no domain: %s", test_err.text);
}

/* A handle sees what was there when it looked. */
static void
test_bound(void)
{
	uint64_t t = test_time(2026, 11, 9), leaves = 99;
	qa_month m = qa_month_of(t);
	struct qa_archive *a;
	struct qa_syncset set;
	struct qa_writer *w;
	int bad = 0;

	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, 0, 10, t);
	a = opened();
	OK(qa_archive_committed(a) == 10);
	OK(qa_archive_signed(a, &leaves, &test_err) == 0 && leaves == 0);
	for (unsigned i = 0; i < 10; i++)
		bad += !is(a, m, i + 1, i);
	OKF(bad == 0, "ten entries");
	OK(there(a, m, 0) == 0 && there(a, m, 11) == 0 && there(a, m + 1, 1) == 0 && there(a, m - 1, 1) == 0);

	/* a round that is in the segment, but not committed */
	qa_syncset_init(&set);
	MUST(qa_writer_begin(w, QA_SECOND, &test_err));
	for (unsigned i = 10; i < 13; i++)
		MUST(test_add(w, i, t, 100 + i % 7 * 300, NULL) != 1);
	MUST(qa_writer_flush(w, &set, &test_err));
	struct qa_archive *late = opened();
	struct qa_partition *p;
	OKF(qa_archive_partition(late, m, &p, &test_err) == 1 && qa_partition_entries(p) == 13 && there(late, m, 11) == 0,
	    "what is written is not committed");
	MUST(qa_syncset_commit(&set, &test_err));
	MUST(qa_writer_log(w, &set, &test_err));
	MUST(qa_syncset_commit(&set, &test_err));
	qa_writer_end(w);
	OKF(there(late, m, 11) == 0 && qa_archive_committed(late) == 10, "a handle stays where it looked");
	OK(qa_archive_refresh(late, &test_err) == 0 && qa_archive_committed(late) == 13 && is(late, m, 11, 10));
	MUST(qa_writer_publish(w, &test_err));
	OK(qa_archive_signed(late, &leaves, &test_err) == 0 && leaves == 13);
	OKF(qa_archive_signed(a, &leaves, &test_err) == 0 && leaves == 10, "signed is never more than what the handle sees");
	qa_archive_close(late);
	qa_archive_close(a);
	qa_writer_close(w);
}

/* More months than are kept open. */
static void
test_months(void)
{
	enum { MONTHS = 14 };
	struct qa_archive *a;
	const qa_month *v;
	int bad = 0;

	for (unsigned i = 0; i < MONTHS; i++)
		test_file(test_home, 100 + i * 3, 103 + i * 3, test_time(2025, 1, 9) + i * 30 * 86400 * QA_SECOND);
	a = opened();
	size_t n = qa_archive_months(a, &v);
	OK(n == MONTHS + 1);
	for (size_t i = 1; i < n; i++)
		bad += v[i] <= v[i - 1];
	OKF(bad == 0, "they rise");
	for (unsigned k = 0; k < MONTHS * 9; k++) {
		unsigned i = k * 5 % MONTHS;

		bad += !is(a, v[i], 1 + k % 3, 100 + i * 3 + k % 3);
	}
	OKF(bad == 0, "in any order, all are read");

	/* one that goes offline and comes back */
	char here[QA_PATH_MAX], gone[QA_PATH_MAX], month[QA_MONTH_TEXT];
	struct qa_partition *p;
	qa_month first = v[0];
	qa_month_text(first, month);
	MUST(qa_home_path(here, test_home, &test_err, QA_HOME_DEPOT "/%s", TEST_DOMAIN, month));
	MUST(qa_home_path(gone, test_home, &test_err, "gone"));
	MUST(rename(here, gone));
	qa_archive_close(a);
	a = opened();
	OK(qa_archive_months(a, &v) == MONTHS && qa_archive_partition(a, first, &p, &test_err) == 0 && there(a, first, 1) == 0);
	MUST(rename(gone, here));
	OKF(qa_archive_refresh(a, &test_err) == 0 && qa_archive_months(a, &v) == MONTHS + 1 && is(a, first, 1, 100),
	    "offline and back");
	qa_archive_close(a);
}

static void
test_damage(void)
{
	char path[QA_PATH_MAX];
	struct qa_archive *a;

	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_LOG "/checkpoint", TEST_DOMAIN));
	MUST(truncate(path, 20));
	a = opened();
	uint64_t leaves;
	OKF(qa_archive_signed(a, &leaves, &test_err) == -1 && strstr(test_err.text, path), "a damaged checkpoint: %s",
	    test_err.text);
	OKF(there(a, 2026 * 12 + 10, 3) == 1, "does not keep mail from being read");
	qa_archive_close(a);
	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_LOG "/edge", TEST_DOMAIN));
	MUST(truncate(path, 20));
	OKF(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) == -1 && errno == EBADMSG && strstr(test_err.text, path),
	    "a damaged edge: %s", test_err.text);
}

int
main(void)
{
	test_begin();
	test_domain();
	test_bound();
	test_months();
	test_damage();
	return test_end();
}
