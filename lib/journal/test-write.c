/* Appending: order, batches, limits, rotation, and what happens after each failing call. */
#include "journal/scan.h"
#include "journal/write.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>

static char folder[600];
static struct qa_buf scratch = QA_BUF(0);

static qa_span
fields_of(unsigned n)
{
	unsigned char id[16] = {(unsigned char)n, (unsigned char)(n >> 8)};

	qa_buf_clear(&scratch);
	if (qa_field_add(&scratch, QA_F_ID, qa_span_of(id, 16)) || qa_field_add_u8(&scratch, QA_F_KIND, QA_OUTCOME) ||
	    qa_field_add_u64(&scratch, QA_F_CAPTURED, n) || qa_field_add_u8(&scratch, QA_F_SOURCE, QA_SELF))
		exit(2);
	return qa_buf_span(&scratch);
}

static int
add(struct qa_journal *j, unsigned n, qa_span message)
{
	struct qa_digest d = qa_sha256_of(message);
	struct qa_err err;

	return qa_journal_add(j, &d, message, fields_of(n), &err) ? errno : 0;
}

/* All ids in the folder, in the order of files and records; -1 when something is damaged or torn. */
static int
read_all(unsigned *ids, int most, int *files_r)
{
	struct qa_names names;
	struct qa_err err;
	int n = 0, files = 0;

	if (qa_listdir(AT_FDCWD, folder, &names, &err))
		exit(2);
	for (size_t i = 0; i < names.n; i++) {
		char path[1200];
		struct qa_scan s;
		struct qa_scanned rec;
		struct qa_facts f;
		int rc;

		if (names.v[i][0] == '.')
			continue;
		files++;
		snprintf(path, sizeof path, "%s/%s", folder, names.v[i]);
		if (qa_scan_open(&s, AT_FDCWD, path, path, &err))
			exit(2);
		while ((rc = qa_scan_next(&s, true, &rec, &err)) > 0) {
			if (n == most || qa_facts_get(rec.fields, &f, &err))
				exit(2);
			ids[n++] = (unsigned)f.captured;
		}
		if (rc || s.damaged || s.torn)
			n = -most - 1;
		qa_scan_close(&s);
	}
	qa_names_free(&names);
	*files_r = files;
	return n < 0 ? -1 : n;
}

static void
fresh_folder(void)
{
	static int k;

	snprintf(folder, sizeof folder, "%s/%d", tmp_path, k++);
	if (mkdir(folder, 0700))
		exit(2);
}

static void
order(uint64_t preallocate)
{
	struct qa_journal *j, *other;
	struct qa_err err;
	unsigned ids[2000], expect = 0, bad = 0;
	int files, n;

	fresh_folder();
	OK(qa_journal_open(folder, preallocate, &j, &err) == 0);
	OK(qa_journal_open(folder, preallocate, &other, &err) == -1 && err.num == EWOULDBLOCK);
	OK(qa_journal_commit(j, &err) == 0 && qa_journal_number(j) == 0 && read_all(ids, 1, &files) == 0 && files == 0);
	uint64_t last = 0;
	for (unsigned batch = 0; batch < 12; batch++) {
		for (unsigned i = 0; i < 1 + batch * 7; i++)
			if (add(j, expect++, qa_span_of("0123456789abcdefgh", batch + i % 8)))
				bad++;
		if (qa_journal_commit(j, &err))
			bad++;
		if (batch % 4 == 3)
			qa_journal_rotate(j, true);
		else if (qa_journal_number(j) < last)
			bad++;
		else
			last = qa_journal_number(j);
	}
	OK(bad == 0);
	n = read_all(ids, 2000, &files);
	OKF(n == (int)expect && files == 3, "%d of %u records in %d files", n, expect, files);
	for (int i = 0; i < n; i++)
		bad += ids[i] != (unsigned)i;
	OK(bad == 0);
	OK(add(j, 9999, qa_span_str("not committed")) == 0);
	qa_journal_close(j);
	OK(read_all(ids, 2000, &files) == (int)expect);
	/* a later run goes on behind, in a file of its own */
	OK(qa_journal_open(folder, preallocate, &j, &err) == 0 && add(j, expect, qa_span_str("x")) == 0 &&
	   qa_journal_commit(j, &err) == 0 && qa_journal_number(j) > last);
	OK(read_all(ids, 2000, &files) == (int)expect + 1 && ids[expect] == expect && files == 4);
	qa_journal_close(j);
}

/* A number from a clock that ran ahead is respected. */
static void
numbers(void)
{
	struct qa_journal *j;
	struct qa_err err;
	char path[700];
	unsigned ids[2];
	int files;

	fresh_folder();
	snprintf(path, sizeof path, "%s/7000000000000000", folder);
	FILE *f = fopen(path, "wb");
	if (!f || fclose(f))
		exit(2);
	OK(qa_journal_open(folder, 0, &j, &err) == 0 && add(j, 1, qa_span_str("x")) == 0 &&
	   qa_journal_commit(j, &err) == 0);
	OK(qa_journal_number(j) == UINT64_C(0x7000000000000001));
	OK(read_all(ids, 2, &files) == 1 && files == 2);
	qa_journal_close(j);
	OK(qa_journal_open("/nonexistent/folder", 0, &j, &err) == -1 && err.num == ENOENT);
}

static void
limits(void)
{
	size_t n = QA_JOURNAL_BATCH_BYTES;
	unsigned char *big = calloc(1, n + 1);
	struct qa_journal *j;
	struct qa_err err;
	unsigned ids[1100];
	int files, bad = 0;

	fresh_folder();
	OK(qa_journal_open(folder, 0, &j, &err) == 0);
	for (unsigned i = 0; i < QA_JOURNAL_BATCH_RECORDS; i++)
		bad += add(j, i, (qa_span){NULL, 0}) != 0;
	OK(bad == 0 && add(j, 1, (qa_span){NULL, 0}) == EAGAIN);
	OK(qa_journal_commit(j, &err) == 0);
	OK(add(j, 2000, qa_span_of(big, n / 2)) == 0 && add(j, 2001, qa_span_of(big, n / 2)) == EAGAIN);
	OK(qa_journal_commit(j, &err) == 0);
	OK(add(j, 2002, qa_span_of(big, n + 1)) == 0); /* alone it may be larger */
	OK(add(j, 2003, qa_span_of(big, 1)) == EAGAIN);
	OK(qa_journal_commit(j, &err) == 0);
	struct qa_digest d = qa_sha256_of((qa_span){NULL, 0});
	OK(qa_journal_add(j, &d, (qa_span){NULL, 0}, qa_span_of(big, QA_JOURNAL_FIELDS_MAX + 1), &err) == -1 &&
	   err.num == EMSGSIZE);
	/* past 64 MiB the next commit takes a new file */
	uint64_t first = qa_journal_number(j);
	for (unsigned i = 0; i < 4; i++)
		bad += add(j, 3000 + i, qa_span_of(big, n)) != 0 || qa_journal_commit(j, &err) != 0;
	OK(bad == 0 && qa_journal_number(j) > first);
	OK(read_all(ids, 1100, &files) == QA_JOURNAL_BATCH_RECORDS + 6 && files == 2);
	qa_journal_close(j);
	free(big);
}

/* Call number `fail_at` of the calls below fails. */
static struct qa_sys sick;
static int calls, fail_at, fail_num;
static int touched_after; /* writes or syncs of a file that failed before */
static int failed_fd;

/* FD is -1 where a failure leaves no file in doubt: folders (each new name dirties them anew), opening,
 * and zeros ahead without room. */
static int
fails(int fd)
{
	if (fd >= 0 && fd == failed_fd)
		touched_after++;
	if (++calls != fail_at)
		return 0;
	if (fd >= 0)
		failed_fd = fd;
	errno = fail_num;
	return 1;
}

static int
sick_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return fails(-1) ? -1 : qa_sys_real.openat(dirfd, path, flags, mode);
}

static int
sick_close(int fd)
{
	if (fd == failed_fd)
		failed_fd = -2;
	return close(fd);
}

static ssize_t
sick_pwritev(int fd, const struct iovec *v, int count, off_t at)
{
	bool ahead = count == 1 && v->iov_len == 4096; /* the zeros */

	if (fails(ahead && fail_num == ENOSPC ? -1 : fd)) {
		if (count > 1) /* half of it went out */
			qa_sys_real.pwritev(fd, v, count / 2, at);
		errno = fail_num;
		return -1;
	}
	return qa_sys_real.pwritev(fd, v, count, at);
}

static int
sick_fdatasync(int fd)
{
	return fails(fd) ? -1 : fdatasync(fd);
}

static int
sick_fsync(int fd)
{
	return fails(-1) ? -1 : fsync(fd); /* only the folder */
}

static void
failures(int num)
{
	int points = 0, bad = 0;

	sick = qa_sys_real;
	sick.openat = sick_openat;
	sick.close = sick_close;
	sick.pwritev = sick_pwritev;
	sick.fdatasync = sick_fdatasync;
	sick.fsync = sick_fsync;
	fail_num = num;
	for (int at = 1;; at++) {
		struct qa_journal *j;
		struct qa_err err;
		bool stored[8] = {false}, there[8] = {false};
		int failed = 0;

		fresh_folder();
		if (qa_journal_open(folder, 4096, &j, &err))
			exit(2);
		qa_sys = &sick;
		calls = 0, fail_at = at, failed_fd = -2, touched_after = 0;
		for (unsigned i = 0; i < 4; i++) {
			if (add(j, 2 * i, qa_span_str("first")) || add(j, 2 * i + 1, qa_span_str("second")))
				bad++;
			if (qa_journal_commit(j, &err) == 0)
				stored[2 * i] = stored[2 * i + 1] = true;
			else
				failed++;
			if (i == 1)
				qa_journal_rotate(j, true);
		}
		qa_sys = &qa_sys_real;
		qa_journal_close(j);
		if (calls < at)
			break; /* the calls are through */
		points++;
		/* no room for zeros ahead is no failure: the next write itself will tell */
		bad += failed > 1 || touched_after;
		struct qa_names names;
		if (qa_listdir(AT_FDCWD, folder, &names, &err))
			exit(2);
		for (size_t i = 0; i < names.n; i++) {
			char path[1200];
			struct qa_scan s;
			struct qa_scanned rec;
			struct qa_facts f;

			if (names.v[i][0] == '.')
				continue;
			snprintf(path, sizeof path, "%s/%s", folder, names.v[i]);
			if (qa_scan_open(&s, AT_FDCWD, path, path, &err))
				exit(2);
			while (qa_scan_next(&s, true, &rec, &err) > 0) {
				if (qa_facts_get(rec.fields, &f, &err) || f.captured > 7)
					exit(2);
				bad += there[f.captured]; /* twice */
				there[f.captured] = true;
			}
			bad += s.damaged != 0;
			qa_scan_close(&s);
		}
		qa_names_free(&names);
		for (int i = 0; i < 8; i++)
			bad += stored[i] && !there[i];
	}
	OKF(bad == 0 && points >= 11, "%s at each of %d calls loses nothing that was acknowledged (%d bad)",
	    strerror(num), points, bad);
}

int
main(void)
{
	tmp_make();
	order(0);
	order(1 << 20);
	numbers();
	limits();
	failures(EIO);
	failures(ENOSPC);
	qa_buf_free(&scratch);
	return done();
}
