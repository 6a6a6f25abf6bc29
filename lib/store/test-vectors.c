/* The partition in tests/vectors/segment, made by other code after the page: every later version must read it. */
#include "store/testing.h"

#include <fcntl.h>

static struct qa_err err;

static int
holds(struct qa_partition *p, uint64_t n, uint64_t leaf, const char *start, size_t size)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_entry e;
	int good = qa_partition_entry(p, n, &e, &err) == 1 && e.leaf == leaf && e.has_message == (start != NULL) &&
		   e.size == size && e.secret[5] == n + 5;

	if (good && start)
		good = qa_partition_message_buf(p, &e, &b, &err) == 0 && b.n == size && b.n >= strlen(start) &&
		       (b.n == 0 || memcmp(b.p, start, strlen(start)) == 0);
	if (!good)
		printf("# entry %d: %s\n", (int)n, err.text);
	qa_buf_free(&b);
	return good;
}

static int
holds_all(struct qa_partition *p)
{
	struct qa_entry e;

	return holds(p, 1, 0, "Return-Path: <a@example.org>\nSubject: one\n\nAAEECRAZ", 5455) &&
	       holds(p, 2, 1, "Received: by x;\n\tMon\nDelivered-To: b@example.com\nSubject: one\n", 5475) &&
	       holds(p, 3, 2, NULL, 0) && holds(p, 4, 3, "Subject: two\r\n\r\nAAEECRAZ", 5520) &&
	       holds(p, 5, 10, "word 0 of a long text\nword 1 ", 9495) && holds(p, 6, 11, "", 0) &&
	       holds(p, 7, 12, "Received: again\nSubject: one\n", 5442) && qa_partition_entry(p, 6, &e, &err) == 1 &&
	       e.fields.n == 22 + 7 + 6 + 508 && e.fields.p[e.fields.n - 1] == 'x';
}

int
main(void)
{
	struct qa_partition_where w = {"tests/vectors/segment", NULL, "example.com", 2026 * 12 + 10};
	struct findings f = {0};
	struct qa_partition *p;
	struct home h;
	uint64_t n;

	OK(qa_partition_read(&w, &p, &err) == 1);
	OK(qa_partition_entries(p) == 7 && qa_partition_items(p) == 6);
	OK(holds_all(p));
	OKF(qa_partition_check(p, 13, note_finding, NULL, &f, &err) == 0 && f.tail == 0, "the check is clean %s", f.first);
	OKF(f.notes >= 1, "that its index is not complete is noted (%s)", f.note);
	qa_partition_close(p);
	w.domain = "example.org";
	OKF(qa_partition_read(&w, &p, &err) == -1 && errno == EBADMSG, "it is not another domain's");

	home_make(&h);
	run("cp -R", "tests/vectors/segment/2026-11", h.folder);
	if (qa_partition_append(&h.w, 13, &p, &err)) {
		printf("Bail out! %s\n", err.text);
		return 99;
	}
	OK(qa_partition_entries(p) == 7 && qa_partition_items(p) == 6 && holds_all(p));
	struct qa_entry e;
	OK(qa_partition_entry(p, 4, &e, &err) == 1 && qa_partition_find_message(p, &e.digest, &n, &err) == 1 && n == 4);
	OK(round_of(p, 13, 20, &err) == 0 && qa_partition_entries(p) == 14);
	qa_partition_close(p);
	OK(qa_seal_whole(&h.w, 20, NULL, NULL, &err) == 1);
	if (qa_partition_read(&h.w, &p, &err) != 1)
		return 99;
	OKF(qa_partition_check(p, 20, note_finding, NULL, &f, &err) == 0, "sealed, it is clean %s", f.first);
	OK(holds_all(p) && same(p, 8, 13) && same(p, 14, 19));
	qa_partition_close(p);
	home_free(&h);
	return done();
}
