/* Reading: vectors, every flip, every truncation, forgery, growth, damage against torn tails. */
#include "base/num.h"
#include "journal/scan.h"
#include "journal/write.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <sys/file.h>

static const char *dir;
static struct qa_buf vector = QA_BUF(1 << 20);

struct seen {
	int rc; /* of the last call */
	int num;
	unsigned records;
	unsigned ids; /* bit n: the record whose id is n n n ... */
	uint64_t damaged;
	bool torn;
	size_t messages;
};

static struct seen
scan_file(const char *path, bool closed)
{
	struct seen r = {0};
	struct qa_scan s;
	struct qa_scanned rec;
	struct qa_facts f;
	struct qa_err err = {0, ""};

	r.rc = qa_scan_open(&s, AT_FDCWD, path, path, &err);
	if (r.rc)
		return r;
	while ((r.rc = qa_scan_next(&s, closed, &rec, &err)) > 0) {
		r.records++;
		r.messages += rec.message.n;
		if (qa_facts_get(rec.fields, &f, &err) == 0)
			r.ids |= 1u << f.id.b[0];
		if (rec.offset % 8 || rec.size % 8)
			OKF(0, "records are aligned");
	}
	r.num = r.rc < 0 ? errno : 0;
	r.damaged = s.damaged;
	r.torn = s.torn;
	qa_scan_close(&s);
	return r;
}

static const char *
put(const void *p, size_t n)
{
	static char path[600];
	FILE *f;

	snprintf(path, sizeof path, "%s/file", dir);
	f = fopen(path, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		exit(2);
	return path;
}

static void
flips_and_cuts(void)
{
	unsigned char *p = malloc(vector.n);
	size_t bad = 0, used = 0;
	struct seen r = scan_file(put(vector.p, vector.n), true);

	OK(r.rc == 0 && r.records == 3 && r.ids == 0xe && r.damaged == 0 && !r.torn && r.messages == 33);
	for (used = vector.n; used && !vector.p[used - 1];)
		used--;
	/* where records start, and where the bytes that count end (padding follows) */
	size_t start[4] = {0}, end[4] = {0}, n = 0;
	for (size_t i = 64; i + 96 <= used; i += 8) {
		if (n < 3 && memcmp(vector.p + i, "qarc", 4) == 0) {
			start[n] = i;
			end[n++] = i + 96 + vector.p[i + 8] + qa_le16_get(vector.p + i + 16);
		}
	}
	OK(n == 3);
	start[3] = used;
	for (size_t i = 0; i < used; i++) {
		int which = i < 64 ? -1 : i >= start[2] ? 2 : i >= start[1] ? 1 : 0;

		for (int bit = 0; bit < 8; bit++) {
			memcpy(p, vector.p, vector.n);
			p[i] ^= (unsigned char)(1 << bit);
			r = scan_file(put(p, vector.n), true);
			if (which < 0) {
				bad += r.rc != -1 || r.num != EBADMSG;
				r = scan_file(put(p, vector.n), false); /* perhaps half written */
				bad += r.rc != 0 || r.records != 0;
			} else if (i >= end[which])
				bad += r.records != 3;
			else if (r.rc != 0 || r.ids != (0xeu & ~(2u << which)))
				bad++;
			else
				bad += which == 2 ? !r.torn || r.damaged : r.torn || !r.damaged;
		}
	}
	OKF(bad == 0, "each flipped bit is damage in the middle, a torn tail at the end (%zu bad)", bad);
	bad = 0;
	for (size_t i = 0; i <= used; i++) {
		unsigned whole = 0;

		for (int k = 0; k < 3; k++)
			whole += i >= (end[k] + 7) / 8 * 8;
		r = scan_file(put(vector.p, i), true);
		bad += r.rc != 0 || r.damaged || r.records != whole;
		bad += r.torn != (i > 64 && whole < 3 && i != start[whole]);
		struct seen open = scan_file(put(vector.p, i), false);
		bad += open.rc != 0 || open.records != whole || open.torn;
	}
	OKF(bad == 0, "each truncation keeps what is whole (%zu bad)", bad);
	free(p);
}

/* A message that holds a copy of a whole journal file, headers and all, right where records may start. */
static void
forged(void)
{
	struct qa_journal *j;
	struct qa_err err;
	struct qa_buf f = QA_BUF(0), whole = QA_BUF(0);
	char path[600];
	struct qa_names names;

	if (qa_field_add(&f, QA_F_ID, qa_span_str("\5\5\5\5\5\5\5\5\5\5\5\5\5\5\5\5")) ||
	    qa_field_add_u8(&f, QA_F_KIND, QA_MESSAGE) || qa_field_add_u64(&f, QA_F_CAPTURED, 1) ||
	    qa_field_add_u8(&f, QA_F_SOURCE, QA_QUEUE) || qa_field_add_str(&f, QA_F_SENDER, "x@y"))
		exit(2);
	snprintf(path, sizeof path, "%s/j", dir);
	mkdir(path, 0700);
	OK(qa_journal_open(path, 0, &j, &err) == 0);
	qa_span body = qa_buf_span(&vector);
	struct qa_digest d = qa_sha256_of(body);
	OK(qa_journal_add(j, &d, body, qa_buf_span(&f), &err) == 0 && qa_journal_commit(j, &err) == 0);
	qa_journal_close(j);
	OK(qa_listdir(AT_FDCWD, path, &names, &err) == 0 && names.n == 2); /* .lock and the file */
	char *end = path + strlen(path);
	snprintf(end, 100, "/%s", names.v[1]);
	OK(qa_slurp(AT_FDCWD, path, &whole, &err) == 1);
	struct seen r = scan_file(path, true);
	OK(r.records == 1 && r.ids == 1u << 5);
	/* even when the real header in front of it is gone */
	whole.p[64] ^= 1;
	r = scan_file(put(whole.p, whole.n), true);
	OK(r.rc == 0 && r.records == 0 && r.torn && r.damaged == 0);
	/* nor does a record pass at another place of its own file */
	whole.p[64] ^= 1;
	unsigned char *twice = malloc(2 * whole.n);
	memcpy(twice, whole.p, whole.n);
	memcpy(twice + whole.n, whole.p + 64, whole.n - 64);
	r = scan_file(put(twice, 2 * whole.n - 64), true);
	OK(r.rc == 0 && r.records == 1 && r.torn);
	free(twice);
	qa_names_free(&names);
	qa_buf_free(&f);
	qa_buf_free(&whole);
}

static void
zeros_and_versions(void)
{
	unsigned char *p = malloc(vector.n + 8192);
	struct seen r;

	memset(p, 0, vector.n + 8192);
	r = scan_file(put(p, 0), true);
	OK(r.rc == 0 && r.records == 0 && !r.torn);
	r = scan_file(put(p, 8192), true);
	OK(r.rc == 0 && r.records == 0 && !r.torn);
	/* pages of a batch may reach the disk in any order: zeros, then something whole */
	memcpy(p, vector.p, vector.n);
	memset(p + 64, 0, 100);
	r = scan_file(put(p, vector.n), true);
	OK(r.rc == 0 && r.records == 2 && r.damaged > 0);
	r = scan_file(put(p, vector.n), false);
	OK(r.rc == 0 && r.records == 0 && r.damaged == 0);

	/* a real record of a later version is refused, never skipped */
	struct qa_journal_head h;
	struct qa_record_head rh;
	memcpy(p, vector.p, vector.n);
	OK(qa_journal_head_get(p, &h, NULL) == 0 && qa_record_head_get(p + 64, &rh, NULL) == 1);
	p[64 + 6] = 1;
	unsigned char at[8] = {64};
	struct qa_sha256 c;
	qa_sha256_init(&c);
	qa_sha256_add(&c, h.salt, 16);
	qa_sha256_add(&c, at, 8);
	qa_sha256_add(&c, p + 64, 64);
	struct qa_digest d = qa_sha256_end(&c);
	r = scan_file(put(p, vector.n), true); /* its check is wrong: damage */
	OK(r.rc == 0 && r.records == 2);
	memcpy(p + 128, d.b, 16);
	r = scan_file(put(p, vector.n), true);
	OK(r.rc == -1 && r.num == ENOTSUP);
	/* a later major version of the file */
	memcpy(p, vector.p, vector.n);
	p[8] = 2;
	d = qa_sha256_of(qa_span_of(p, 48));
	memcpy(p + 48, d.b, 16);
	r = scan_file(put(p, vector.n), true);
	OK(r.rc == -1 && r.num == ENOTSUP);
	free(p);
}

/* The file grows byte by byte under the reader. */
static void
growth(void)
{
	struct qa_scan s;
	struct qa_scanned rec;
	struct qa_err err;
	const char *path = put("", 0);
	FILE *f = fopen(path, "ab");
	unsigned got = 0, early = 0;

	if (!f || qa_scan_open(&s, AT_FDCWD, path, path, &err))
		exit(2);
	for (size_t i = 0; i <= vector.n; i++) {
		while (qa_scan_next(&s, false, &rec, &err) > 0) {
			got++;
			early += rec.offset + rec.size - 7 > i;
		}
		if (i < vector.n) {
			fputc(vector.p[i], f);
			fflush(f);
		}
	}
	OK(got == 3 && early == 0 && s.damaged == 0);
	uint64_t end = s.at;
	OK(qa_scan_seek(&s, 64, &err) == 0 && qa_scan_next(&s, true, &rec, &err) == 1 && rec.offset == 64);
	OK(qa_scan_seek(&s, end, &err) == 0 && qa_scan_next(&s, true, &rec, &err) == 0);
	OK(qa_scan_seek(&s, 65, &err) == -1);
	fclose(f);
	qa_scan_close(&s);
}

/* Preallocated in advance, filled in place: the reader's old window must not hide what came. */
static void
filling(void)
{
	struct qa_scan s;
	struct qa_scanned rec;
	struct qa_err err;
	unsigned char zero[4096] = {0};
	const char *path = put(zero, sizeof zero);
	FILE *f = fopen(path, "r+b");
	unsigned got = 0;

	if (!f || qa_scan_open(&s, AT_FDCWD, path, path, &err))
		exit(2);
	for (size_t i = 0; i < vector.n; i += 8) {
		fwrite(vector.p + i, 1, 8, f);
		fflush(f);
		while (qa_scan_next(&s, false, &rec, &err) > 0)
			got++;
	}
	OK(got == 3 && s.damaged == 0);
	fclose(f);
	qa_scan_close(&s);
}

/* Larger than the window and than what is kept in memory, in a file with small ones around it. */
static void
large(void)
{
	size_t n = (3 << 20) + 5;
	unsigned char *m = malloc(n);
	struct qa_journal *j;
	struct qa_err err;
	struct qa_buf f = QA_BUF(0), whole = QA_BUF(0);
	struct qa_names names;
	char path[600];

	for (size_t i = 0; i < n; i++)
		m[i] = (unsigned char)(i * 7 + i / 251);
	snprintf(path, sizeof path, "%s/l", dir);
	mkdir(path, 0700);
	OK(qa_journal_open(path, 1 << 20, &j, &err) == 0);
	for (unsigned char k = 1; k < 6; k++) {
		unsigned char id[16];

		memset(id, k, 16);
		qa_buf_clear(&f);
		if (qa_field_add(&f, QA_F_ID, qa_span_of(id, 16)) || qa_field_add_u8(&f, QA_F_KIND, QA_OUTCOME) ||
		    qa_field_add_u64(&f, QA_F_CAPTURED, 1) || qa_field_add_u8(&f, QA_F_SOURCE, QA_QUEUE))
			exit(2);
		qa_span body = qa_span_of(m, k == 3 ? n : 100u * k);
		struct qa_digest d = qa_sha256_of(body);
		if (qa_journal_add(j, &d, body, qa_buf_span(&f), &err))
			exit(2);
	}
	OK(qa_journal_commit(j, &err) == 0);
	qa_journal_close(j);
	if (qa_listdir(AT_FDCWD, path, &names, &err) || names.n != 2)
		exit(2);
	snprintf(path + strlen(path), 100, "/%s", names.v[1]);
	struct seen r = scan_file(path, true);
	OK(r.rc == 0 && r.ids == 0x3e && r.messages == n + 1200 && !r.torn && !r.damaged);

	struct qa_scan s;
	struct qa_scanned rec;
	OK(qa_scan_open(&s, AT_FDCWD, path, path, &err) == 0);
	for (int k = 0; k < 3; k++)
		if (qa_scan_next(&s, false, &rec, &err) != 1)
			exit(2);
	OK(rec.message.n == n && memcmp(rec.message.p, m, n) == 0);
	qa_scan_close(&s);

	if (qa_slurp(AT_FDCWD, path, &whole, &err) != 1)
		exit(2);
	whole.p[1000000] ^= 4;
	r = scan_file(put(whole.p, whole.n), true);
	OK(r.rc == 0 && r.ids == (0x3e & ~8) && r.damaged == (96 + n + 50 + 7) / 8 * 8 && !r.torn);
	r = scan_file(put(whole.p, 2000000), true);
	OK(r.rc == 0 && r.ids == 6 && r.damaged == 0 && r.torn);
	qa_names_free(&names);
	qa_buf_free(&f);
	qa_buf_free(&whole);
	free(m);
}

/* Reading fails from some place on: an error while the file is open, damage when it is closed. */
static uint64_t sick_from, sick_to;

static ssize_t
sick_pread(int fd, void *p, size_t n, off_t at)
{
	uint64_t a = (uint64_t)at;

	if (a < sick_to && a + n > sick_from) {
		if (a >= sick_from) {
			errno = EIO;
			return -1;
		}
		n = (size_t)(sick_from - a);
	}
	return pread(fd, p, n, at);
}

static void
unreadable(void)
{
	struct qa_sys sick = qa_sys_real;
	struct seen r;

	sick.pread = sick_pread;
	qa_sys = &sick;
	sick_from = 500, sick_to = 600;
	r = scan_file(put(vector.p, vector.n), false);
	OK(r.rc == 0 && r.ids == 2 && r.damaged == 0); /* judged when it is closed */
	r = scan_file(put(vector.p, vector.n), true);
	OK(r.rc == 0 && r.ids == 0xa && r.damaged == 208 && !r.torn); /* the header tells where the next is */
	sick_from = 64, sick_to = 4096;
	r = scan_file(put(vector.p, vector.n), true);
	OK(r.rc == 0 && r.ids == 0 && r.damaged == vector.n - 64 && !r.torn);
	sick_from = 0, sick_to = 4096;
	r = scan_file(put(vector.p, vector.n), false);
	OK(r.rc == 0 && r.records == 0);
	r = scan_file(put(vector.p, vector.n), true);
	OK(r.rc == -1 && r.num == EIO);
	qa_sys = &qa_sys_real;
}

static void
claims(void)
{
	struct qa_scan s;
	struct qa_err err;
	const char *path = put(vector.p, vector.n);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	OK(fd >= 0 && flock(fd, LOCK_EX) == 0);
	OK(qa_scan_open(&s, AT_FDCWD, path, path, &err) == 0);
	OK(qa_scan_claim(&s, &err) == 0);
	close(fd);
	OK(qa_scan_claim(&s, &err) == 1);
	qa_scan_close(&s);
	OK(qa_scan_open(&s, AT_FDCWD, "/nonexistent/journal", "x", &err) == -1 && err.num == ENOENT);
}

int
main(void)
{
	struct qa_err err;
	struct seen r;

	dir = tmp_make();
	if (qa_slurp(AT_FDCWD, "tests/vectors/journal-1.bin", &vector, &err) != 1)
		return 2;
	r = scan_file("tests/vectors/journal-2.bin", true);
	OK(r.rc == 0 && r.records == 1 && r.ids == 16 && r.messages == 5001);
	flips_and_cuts();
	forged();
	zeros_and_versions();
	growth();
	filling();
	large();
	unreadable();
	claims();
	qa_buf_free(&vector);
	return done();
}
