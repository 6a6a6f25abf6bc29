/* What waits to be filed: order, who still needs a file, damage, files that cannot be read for a while. */
#include "archive/intake.h"
#include "archive/testing.h"
#include "base/id.h"
#include "journal/record.h"
#include "journal/write.h"

#include <errno.h>
#include <unistd.h>

static struct qa_intake in;

static void
make_home(void)
{
	char path[QA_PATH_MAX];

	MUST(qa_home_path(path, test_home, &test_err, "journal/direct"));
	MUST(qa_mkdirs(AT_FDCWD, path, 0755, &test_err));
}

/* A file of the journal with these many records. */
static void
put(unsigned records)
{
	struct qa_journal *j;
	char path[QA_PATH_MAX];

	MUST(qa_home_path(path, test_home, &test_err, "journal"));
	MUST(qa_journal_open(path, 0, &j, &test_err));
	for (unsigned i = 0; i < records; i++) {
		struct qa_buf m = test_message(i, 100), b = QA_BUF(0);
		struct qa_digest d = qa_sha256_of(qa_buf_span(&m));
		struct qa_id id;

		if (qa_random(id.b, sizeof id.b) || qa_field_add(&b, QA_F_ID, qa_span_of(id.b, sizeof id.b)))
			exit(99);
		MUST(qa_journal_add(j, &d, qa_buf_span(&m), qa_buf_span(&b), &test_err));
		MUST(qa_journal_commit(j, &test_err));
		qa_buf_free(&m);
		qa_buf_free(&b);
	}
	qa_journal_close(j);
}

static size_t
files_in(const char *folder)
{
	char path[QA_PATH_MAX];
	struct qa_names names;
	size_t n = 0;

	MUST(qa_home_path(path, test_home, &test_err, "%s", folder));
	if (qa_listdir(AT_FDCWD, path, &names, &test_err))
		return 0;
	for (size_t i = 0; i < names.n; i++)
		n += names.v[i][0] == '0';
	qa_names_free(&names);
	return n;
}

static void
test_order(void)
{
	struct qa_intake_file *f, *first = NULL;
	struct qa_scan s = {.fd = -1};
	struct qa_scanned rec, again;
	uint64_t offset = 0, last = 0;
	unsigned n = 0;

	put(3);
	put(2);
	qa_intake_init(&in, test_home);
	OK(qa_intake_refresh(&in, &test_err) == 0);
	while (qa_intake_next(&in, &f, &rec, &test_err) == 1) {
		if (!first)
			first = f;
		OKF((f == first) == (n < 3) && (n == 3 || rec.offset > last), "record %u in its turn", n);
		last = rec.offset;
		f->unfiled++;
		if (n == 1 && offset == 0) {
			offset = rec.offset;
			f->unfiled--;
			OK(qa_intake_unread(f, &rec, &test_err) == 0);
			n--;
			last = 0;
		}
		n++;
	}
	OKF(n == 5, "%u records", n);
	OK(qa_intake_again(first, &s, offset, &again, &test_err) == 0 && again.offset == offset && again.message.n >= 100);
	OKF(qa_intake_again(first, &s, offset + 1, &again, &test_err) == -1, "there is none: %s", test_err.text);
	qa_scan_close(&s);
	OK(qa_intake_clean(&in, 9, &test_err) == 0 && files_in("journal") == 2);
	for (f = in.first; f; f = f->next) {
		f->unfiled = 0;
		f->round = f == first ? 4 : 5;
	}
	OKF(qa_intake_clean(&in, 3, &test_err) == 0 && files_in("journal") == 2, "filed, but not published yet");
	OK(qa_intake_clean(&in, 4, &test_err) == 0 && files_in("journal") == 1);
	OK(qa_intake_clean(&in, 5, &test_err) == 0 && files_in("journal") == 0 && !in.first);
	qa_intake_close(&in);
}

static struct qa_sys table;

static ssize_t
failing_pread(int fd, void *p, size_t n, off_t at)
{
	(void)fd, (void)p, (void)n, (void)at;
	errno = EIO;
	return -1;
}

static ssize_t
failing_read(int fd, void *p, size_t n)
{
	return failing_pread(fd, p, n, 0);
}

static void
test_trouble(void)
{
	struct qa_intake_file *f;
	struct qa_scanned rec;
	char path[QA_PATH_MAX];

	put(1);
	qa_intake_init(&in, test_home);
	MUST(qa_intake_refresh(&in, &test_err));
	table = qa_sys_real;
	table.pread = failing_pread;
	table.read = failing_read;
	qa_sys = &table;
	OKF(qa_intake_next(&in, &f, &rec, &test_err) == -1 && f->retry_at && !f->finished, "a disk that cannot read is tried again: %s",
	    test_err.text);
	qa_sys = &qa_sys_real;
	OKF(qa_intake_next(&in, &f, &rec, &test_err) == 0 && qa_intake_waiting(&in) == 1, "not at once");
	for (f = in.first; f; f = f->next)
		f->retry_at = 1;
	OK(qa_intake_next(&in, &f, &rec, &test_err) == 1 && f->retry_at == 0 && f->failures == 0);
	OK(qa_intake_next(&in, &f, &rec, &test_err) == 0 && qa_intake_waiting(&in) == 0);
	MUST(qa_intake_clean(&in, 1, &test_err));
	/* a file that is none is kept where somebody can look at it */
	MUST(qa_home_path(path, test_home, &test_err, "journal/00000000000000ff"));
	FILE *o = fopen(path, "w");
	if (!o || fputs("this is no journal, whatever its name says, not even at its start\n", o) < 0 || fclose(o))
		exit(99);
	MUST(qa_intake_refresh(&in, &test_err));
	while (qa_intake_next(&in, &f, &rec, &test_err) != 0)
		continue;
	OK(qa_intake_clean(&in, 1, &test_err) == 0 && files_in("journal") == 0);
	OKF(files_in("journal/bad") == 1, "it is kept under bad");
	qa_intake_close(&in);
}

int
main(void)
{
	test_begin();
	make_home();
	test_order();
	test_trouble();
	return test_end();
}
