/*
 * For the tests of this folder: an instance in a folder of its own, and messages to file in it.
 */
#ifndef QA_ARCHIVE_TESTING_H
#define QA_ARCHIVE_TESTING_H

#include "archive/home.h"
#include "archive/writer.h"
#include "sys/sys.h"
#include "tests/run.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the test cannot go on without. */
#define MUST(x) \
	do { \
		if (x) { \
			printf("Bail out! %s: %s\n", #x, test_err.text); \
			exit(99); \
		} \
	} while (0)

__attribute__((unused)) static struct qa_err test_err;
__attribute__((unused)) static char test_root[256], test_home[300];
#define TEST_DOMAIN "a.example"

__attribute__((unused)) static void
test_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(test_root, sizeof test_root, "%s/archive.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(test_root)) {
		perror("mkdtemp");
		exit(99);
	}
	snprintf(test_home, sizeof test_home, "%s/h", test_root);
}

__attribute__((unused)) static int
test_end(void)
{
	OK(run("rm", "-rf", test_root, NULL) == 0);
	return done();
}

/* 1970-01-01 as of the start of a day, in nanoseconds. */
__attribute__((unused)) static uint64_t
test_time(int year, int month, int day)
{
	return (uint64_t)qa_seconds_of(year, (unsigned)month, (unsigned)day, 0, 0, 0) * QA_SECOND;
}

/* Message NUMBER of at least SIZE bytes; free it with qa_buf_free. */
__attribute__((unused)) static struct qa_buf
test_message(unsigned number, size_t size)
{
	struct qa_buf m = QA_BUF(0);

	if (qa_buf_addf(&m, "Received: by x; Mon, 23 Nov 2026 03:22:05 +0000\nSubject: %u\n\n", number))
		exit(99);
	while (m.n < size)
		if (qa_buf_addf(&m, "line %zu of %u\n", m.n, number))
			exit(99);
	return m;
}

/* Adds it, with a record id made of the number: what qa_writer_add says. */
__attribute__((unused)) static int
test_add(struct qa_writer *w, unsigned number, uint64_t captured, size_t size, struct qa_entry_id *id_r)
{
	unsigned char id[16] = {(unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16)};
	struct qa_buf b = QA_BUF(0), m = test_message(number, size);
	struct qa_addition a = {.has_message = true, .month = qa_month_of(captured)};
	struct qa_entry_id own;

	if (qa_field_add(&b, QA_F_ID, qa_span_of(id, 16)) || qa_field_add_u8(&b, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(&b, QA_F_CAPTURED, captured) || qa_field_add_u8(&b, QA_F_SOURCE, QA_QUEUE) ||
	    qa_field_add_str(&b, QA_F_SENDER, "a@b.example"))
		exit(99);
	a.message = qa_buf_span(&m);
	a.digest = qa_sha256_of(a.message);
	a.fields = qa_buf_span(&b);
	int rc = qa_writer_add(w, &a, id_r ? id_r : &own, &test_err);
	qa_buf_free(&b);
	qa_buf_free(&m);
	return rc;
}

/* A commit of the messages FROM to TO - 1, numbers in the order of entries. */
__attribute__((unused)) static void
test_commit(struct qa_writer *w, unsigned from, unsigned to, uint64_t captured)
{
	MUST(qa_writer_begin(w, 10 * QA_SECOND, &test_err));
	for (unsigned i = from; i < to; i++)
		MUST(test_add(w, i, captured, 100 + i % 7 * 300, NULL) != 1);
	MUST(qa_writer_commit(w, &test_err));
}

/* Messages FROM to TO - 1 committed and published by a writer of its own. */
__attribute__((unused)) static void
test_file(const char *home, unsigned from, unsigned to, uint64_t captured)
{
	struct qa_writer *w;

	MUST(qa_writer_open(home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, from, to, captured);
	MUST(qa_writer_publish(w, &test_err));
	qa_writer_close(w);
}

#endif
