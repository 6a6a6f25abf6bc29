#include "read-private.h"
#include "base/num.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"
#include "testing.h"
#include "traffic/bad.h"

#include <errno.h>
#include <pthread.h>
#include <zlib.h>

enum { BIG = 3 << 20 };

static const char *folder;

/* What a worker saw: lines, bytes of them, and a sum over (line, line before) that no order changes. */
struct seen {
	uint64_t lines, bad, sum;
	struct qa_quick q;
	struct qa_bad list;
};

static uint64_t
mix(qa_span s, uint64_t h)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Over-long lines may be cut, so only their start counts. */
static uint64_t
one(qa_span before, qa_span line)
{
	if (before.n > QA_STATLINE_MAX)
		before.n = 0;
	return mix(qa_span_cut(line, 0, 4000), mix(before, 99)) >> 8;
}

static uint32_t
see(void *worker, const struct qa_part *part)
{
	struct seen *s = worker;
	struct qa_quick_line l[QA_QUICK_BATCH];
	qa_span before = part->before;
	uint32_t lines = 0;
	size_t k;

	if (before.n && before.p[before.n - 1] == '\n')
		before.n--;
	qa_quick_start(&s->q, part->p, part->n);
	while ((k = qa_quick_next(&s->q, l)))
		for (size_t i = 0; i < k; i++) {
			if (l[i].why) {
				qa_bad_note(&s->list, part, lines, &l[i]);
				s->bad++;
			}
			s->sum += one(before, qa_span_of(l[i].p, l[i].n));
			before = qa_span_of(l[i].p, l[i].n);
			lines++;
		}
	s->lines += lines;
	return lines;
}

static struct seen
read_with(struct qa_files *f, unsigned n, int *rc_r, struct qa_err *err)
{
	struct seen w[QA_READ_WORKERS], all = {0};
	void *v[QA_READ_WORKERS] = {NULL};

	for (unsigned i = 0; i < n; i++) {
		memset(&w[i], 0, sizeof w[i]);
		v[i] = &w[i];
		if (qa_quick_init(&w[i].q))
			exit(2);
	}
	*rc_r = qa_read(f, see, v, n, NULL, NULL, err);
	for (unsigned i = 0; i < n; i++) {
		all.lines += w[i].lines;
		all.bad += w[i].bad;
		all.sum += w[i].sum;
		qa_bad_merge(&all.list, &w[i].list);
		qa_quick_free(&w[i].q);
	}
	return all;
}

static struct seen
straight(const unsigned char *p, size_t n)
{
	struct seen s = {0};
	qa_span before = {NULL, 0};

	while (n) {
		const unsigned char *e = memchr(p, '\n', n);
		size_t k = e ? (size_t)(e - p) : n;

		s.sum += one(before, qa_span_of(p, k));
		before = qa_span_of(p, k);
		s.lines++;
		p += k + (e != NULL);
		n -= k + (e != NULL);
	}
	return s;
}

/* Lines of all lengths; a few much longer than any part. */
static size_t
fill(unsigned char *p, unsigned how)
{
	size_t n = 0;

	while (n < BIG) {
		size_t k = testing_line(p + n);

		if (how == 1 && rnd(50) == 0)
			memset(p + n, 'x', k = rnd(9000));
		if (how == 1 && rnd(4000) == 0)
			memset(p + n, 'y', k = QA_READ_CHUNK + rnd(2 * QA_READ_CHUNK));
		/* a line end right at the border of a part */
		if (how == 2 && n / QA_READ_CHUNK != (n + k + 300) / QA_READ_CHUNK) {
			size_t border = (n / QA_READ_CHUNK + 1) * QA_READ_CHUNK;

			k = border > n ? border - n - rnd(2) : 0;
			memset(p + n, 'z', k);
		}
		n += k;
		p[n++] = '\n';
	}
	return n - rnd(2);
}

static const char *
path(const char *name)
{
	static char out[1024];

	snprintf(out, sizeof out, "%s/%s", folder, name);
	return out;
}

static void
put(const char *name, const void *p, size_t n)
{
	FILE *f = fopen(path(name), "w");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		exit(2);
}

static void
put_gz(const char *name, const void *p, size_t n, size_t cut)
{
	static unsigned char out[BIG * 2];
	struct qa_buf b = QA_BUF(0);

	/* two members */
	for (int i = 0; i < 2; i++) {
		size_t at = i ? n / 3 : 0, k = i ? n - n / 3 : n / 3;
		z_stream z = {.next_in = (unsigned char *)(uintptr_t)p + at, .avail_in = (uInt)k, .next_out = out, .avail_out = sizeof out};

		if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, 0) != Z_OK || deflate(&z, Z_FINISH) != Z_STREAM_END ||
		    qa_buf_add(&b, out, z.total_out))
			exit(2);
		deflateEnd(&z);
	}
	put(name, b.p, b.n - cut);
	qa_buf_free(&b);
}

static bool
same(const struct seen *a, const struct seen *b)
{
	return a->lines == b->lines && a->sum == b->sum;
}

static struct seen
read_file(const char *name, unsigned workers, int *rc_r, struct qa_err *err)
{
	struct qa_files f = QA_FILES;
	struct seen s = {0};

	*rc_r = qa_files_add(&f, path(name), err);
	if (*rc_r == 0)
		s = read_with(&f, workers, rc_r, err);
	qa_files_free(&f);
	qa_bad_free(&s.list);
	return s;
}

static void
parts(void)
{
	unsigned char *p = calloc(1, BIG * 2);
	struct qa_err err;

	for (unsigned how = 0; how < 6; how++) {
		size_t n = fill(p, how % 3);
		struct seen want = straight(p, n), got[4];
		int rc[4];

		put("plain", p, n);
		put_gz("packed", p, n, 0);
		got[0] = read_file("plain", 1, &rc[0], &err);
		got[1] = read_file("plain", 3, &rc[1], &err);
		got[2] = read_file("packed", 2, &rc[2], &err);
		OKF(rc[0] == 0 && same(&got[0], &want), "how %u: one worker sees every line", how);
		OKF(rc[1] == 0 && same(&got[1], &want) && got[1].bad == got[0].bad, "how %u: three do", how);
		OKF(rc[2] == 0 && same(&got[2], &want) && got[2].bad == got[0].bad, "how %u: out of gzip", how);
	}
	put_gz("packed", p, 100000, 5);
	int rc;
	read_file("packed", 1, &rc, &err);
	OKF(rc == -1 && strstr(err.text, "in the middle"), "cut: %s", err.text);
	put_gz("packed", p, 100000, 0);
	FILE *f = fopen(path("packed"), "r+");
	fseek(f, 2000, SEEK_SET);
	fputs("damage", f);
	fclose(f);
	read_file("packed", 1, &rc, &err);
	OKF(rc == -1 && strstr(err.text, "damaged"), "damaged: %s", err.text);
	read_file("no such file", 1, &rc, &err);
	OK(rc == -1 && err.num == ENOENT);
	put("empty", "", 0);
	struct seen none = read_file("empty", 2, &rc, &err);
	OK(rc == 0 && none.lines == 0);
	free(p);
}

struct feed {
	int fd;
	const unsigned char *p;
	size_t n;
};

static void *
feed(void *arg)
{
	struct feed *f = arg;

	while (f->n) {
		ssize_t r = write(f->fd, f->p, f->n < 1 + f->n % 9001 ? f->n : 1 + f->n % 9001);

		if (r < 0)
			break;
		f->p += r;
		f->n -= (size_t)r;
	}
	close(f->fd);
	return NULL;
}

static void
pipes(void)
{
	unsigned char *p = calloc(1, BIG * 2);
	size_t n = fill(p, 1);
	struct seen want = straight(p, n), got;
	struct qa_files f = QA_FILES;
	struct qa_err err;
	pthread_t t;
	int fd[2], keep = dup(0), rc;

	if (pipe(fd) || dup2(fd[0], 0) < 0)
		exit(2);
	close(fd[0]);
	struct feed arg = {fd[1], p, n};
	pthread_create(&t, NULL, feed, &arg);
	OK(qa_files_add(&f, "-", &err) == 0 && qa_read_workers(&f) == 1);
	got = read_with(&f, 1, &rc, &err);
	pthread_join(t, NULL);
	OK(rc == 0 && same(&got, &want));
	qa_files_free(&f);
	qa_bad_free(&got.list);
	dup2(keep, 0);
	close(keep);
	free(p);
}

static void
changes(void)
{
	static const char line[] = "1709528767|a@b|c@d|1|success\n";
	struct qa_files f = QA_FILES;
	struct qa_err err;
	struct seen got;
	FILE *out;
	int rc;

	/* it grows: what came later is left, but a line that was half there is whole */
	put("grows", "1709528767|a@b|c@d|1|success\n1709528767|a@b|c@d|1|suc", 53);
	OK(qa_files_add(&f, path("grows"), &err) == 0);
	out = fopen(path("grows"), "a");
	fprintf(out, "cess\n%s%s", line, line);
	fclose(out);
	got = read_with(&f, 2, &rc, &err);
	OK(rc == 0 && got.lines == 2 && got.bad == 0);
	/* the same file by another name */
	OK(link(path("grows"), "/dev/null/x") == -1 && qa_files_add(&f, path("grows"), &err) == 0 && f.n == 1);
	qa_files_free(&f);

	OK(qa_files_add(&f, path("grows"), &err) == 0 && truncate(path("grows"), 10) == 0);
	got = read_with(&f, 1, &rc, &err);
	OKF(rc == -1 && strstr(err.text, "shorter"), "%s", err.text);
	qa_files_free(&f);
	OK(qa_files_add(&f, folder, &err) == -1 && err.num == EISDIR);
	qa_files_free(&f);
}

static void
rotation(void)
{
	static const char *const names[] = {"stats",	    "stats.1",		"stats.2",     "stats.2.gz",
					    "stats.3.gz",   "stats-20261122", "stats.old", "stats.logstat",
					    "stats.1.bak", "stats-2026-11-21.gz", "statsx.1", "stats."};
	struct qa_files f = QA_FILES;
	struct qa_err err;
	struct timespec old[2] = {{1000, 0}, {1000, 0}};
	bool has[12] = {0};

	for (size_t i = 0; i < 12; i++) {
		put(names[i], "1|a|b|1|x\n", 10);
	}
	utimensat(AT_FDCWD, path("stats.3.gz"), old, 0);
	OK(qa_files_add_rotated(&f, path("stats"), 2000, &err) == 0);
	for (size_t i = 0; i < f.n; i++)
		for (size_t k = 0; k < 12; k++)
			if (strcmp(strrchr(f.v[i].name, '/') + 1, names[k]) == 0)
				has[k] = true;
	OK(f.n == 5 && has[0] && has[1] && has[2] && has[5] && has[9]);
	qa_files_free(&f);
	/* packed while it was looked for: the open one is read, not its twin too */
	put("twin", "1|a|b|1|x\n", 10);
	put("twin-20261122", "1|a|b|1|x\n", 10);
	OK(qa_files_add(&f, path("twin-20261122"), &err) == 0);
	char packed[1200];
	snprintf(packed, sizeof packed, "%s.gz", path("twin-20261122"));
	unlink(path("twin-20261122"));
	put("twin-20261122.gz", "1|a|b|1|x\n", 10);
	OK(access(packed, F_OK) == 0 && qa_files_add_rotated(&f, path("twin"), 0, &err) == 0);
	OKF(f.n == 2, "%zu files", f.n);
	qa_files_free(&f);
	OK(qa_files_add_rotated(&f, path("nothing"), 0, &err) == -1 && err.num == ENOENT);
	qa_files_free(&f);
}

static void
bad_lines(void)
{
	struct qa_buf text = QA_BUF(0), out = QA_BUF(0);
	struct qa_files f = QA_FILES;
	struct qa_err err;
	struct seen got;
	char want[1200];
	int rc;

	for (int i = 1; i <= 60000; i++)
		if (qa_buf_addstr(&text, i == 3 || i % 10000 == 0 ? "no\033line\n" : "1|a@b|c@d|1|success\r\n\n"))
			exit(2);
	put("bad", text.p, text.n);
	if (qa_files_add(&f, path("bad"), &err))
		exit(2);
	got = read_with(&f, 2, &rc, &err);
	OK(rc == 0 && got.list.count == 7 && got.list.n == 7);
	OK(qa_bad_show(&got.list, &f, &out) == 0);
	snprintf(want, sizeof want, "%s:5: a control character: no?line\n", path("bad"));
	OK(out.n > strlen(want) && memcmp(out.p, want, strlen(want)) == 0);
	snprintf(want, sizeof want, "%s:119993: a control character: no?line\n", path("bad"));
	OK(memcmp(out.p + out.n - strlen(want), want, strlen(want)) == 0);
	qa_bad_free(&got.list);
	qa_buf_free(&text);
	qa_buf_free(&out);
	qa_files_free(&f);
}

int
main(void)
{
	folder = tmp_make();
	parts();
	pipes();
	changes();
	rotation();
	bad_lines();
	return done();
}
