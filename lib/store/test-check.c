#include "store/testing.h"

#include <fcntl.h>

static struct qa_err err;
static struct home h;

static struct qa_partition *
writer(uint64_t committed)
{
	struct qa_partition *p;

	if (qa_partition_append(&h.w, committed, &p, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return p;
}

struct seen {
	struct findings f;
	uint64_t entries, good;
	int wrong;
};

static void
finding(void *ctx, enum qa_finding_kind kind, const char *text)
{
	struct seen *s = ctx;

	note_finding(&s->f, kind, text);
}

static int
each(void *ctx, struct qa_partition *p, const struct qa_entry *e, bool good)
{
	struct seen *s = ctx;
	struct qa_buf b = QA_BUF(0);

	s->entries++;
	s->good += good;
	/* a caller may read on the same handle meanwhile */
	if (good && e->has_message && e->n % 10 == 0)
		s->wrong += qa_partition_message_buf(p, e, &b, &err) != 0 || b.n != e->size;
	qa_buf_free(&b);
	return 0;
}

/* -2: it cannot even be opened. */
static int
check(uint64_t bound, struct seen *s)
{
	struct qa_partition *p;

	memset(s, 0, sizeof *s);
	if (qa_partition_read(&h.w, &p, &err) != 1)
		return -2;
	int rc = qa_partition_check(p, bound, finding, each, s, &err);
	qa_partition_close(p);
	return rc;
}

static struct qa_buf
load(const char *name)
{
	struct qa_buf b = QA_BUF(0);
	char path[400];

	snprintf(path, sizeof path, "%s/%s", h.folder, name);
	if (qa_slurp(AT_FDCWD, path, &b, NULL) != 1)
		exit(99);
	return b;
}

static void
store(const char *name, const void *p, size_t n)
{
	char path[400];

	snprintf(path, sizeof path, "%s/%s", h.folder, name);
	FILE *f = fopen(path, "w");
	if (!f || (n && fwrite(p, 1, n, f) != n) || fclose(f))
		exit(99);
}

/* Flips a bit of each byte of a file: how many were not found. names: the finding must name the file. */
static int
flip_all(const char *name, uint64_t bound, size_t step, bool names, int *tail_r)
{
	struct qa_buf b = load(name);
	char path[400];
	int missed = 0;
	struct seen s;

	snprintf(path, sizeof path, "%s/%s", h.folder, name);
	int fd = open(path, O_RDWR);
	*tail_r = 0;
	for (size_t i = 0; i < b.n; i += step) {
		unsigned char c = b.p[i] ^ (unsigned char)(1 << i % 8);

		if (pwrite(fd, &c, 1, (off_t)i) != 1)
			exit(99);
		int rc = check(bound, &s);
		if (rc == 0 && s.f.tail)
			++*tail_r;
		else if (rc != 1 && rc != -2) {
			printf("# %s, byte %zu: not found (%d)\n", name, i, rc);
			missed++;
		} else if (names && rc == 1 && !strstr(s.f.first, name)) {
			printf("# %s, byte %zu: %s\n", name, i, s.f.first);
			missed++;
		}
		if (pwrite(fd, b.p + i, 1, (off_t)i) != 1)
			exit(99);
	}
	close(fd);
	qa_buf_free(&b);
	return missed;
}

static void
test_flips(void)
{
	struct seen s;
	int tail;

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (add_many(p, 20, 24, &err) || flush_and_sync(p, 0, &err) || add_many(p, 26, 30, &err) ||
	    flush_and_sync(p, 4, &err))
		exit(99);
	qa_partition_close(p);
	OK(check(8, &s) == 0 && s.entries == 8 && s.good == 8 && s.wrong == 0 && s.f.tail == 0);
	OKF(flip_all("segment-000001.0", 8, 1, true, &tail) == 0, "every byte of an open segment");
	/* the last frame of entries: its header may be what a crash left; the log knows better */
	OKF(tail < 64 + 4 * 4 + 4 * 140 + 1, "%d of them in the last frame, told as what a crash may leave", tail);
	OKF(flip_all("manifest", 8, 1, false, &tail) == 0 && tail == 0, "every byte of the manifest");

	p = writer(8);
	OK(qa_partition_seal(p, NULL, NULL, &err) == 1);
	qa_partition_close(p);
	OK(check(8, &s) == 0 && s.entries == 8 && s.good == 8 && s.f.tail == 0);
	OKF(flip_all("segment-000001.1", 8, 1, true, &tail) == 0 && tail == 0, "every byte of a sealed segment");
	OKF(flip_all("entries.idx", 8, 1, true, &tail) == 0 && tail == 0, "every byte of entries.idx");
	OKF(flip_all("items.idx", 8, 1, true, &tail) == 0 && tail == 0, "every byte of items.idx");
	OKF(flip_all("manifest", 8, 1, false, &tail) == 0 && tail == 0, "every byte of its manifest");
	home_free(&h);
}

static void
test_files(void)
{
	struct seen s;
	char path[400];

	home_make(&h);
	struct qa_partition *p = writer(0);
	uint32_t k = 0;
	for (int i = 0; i < 3; i++, k += 10) {
		if (round_of(p, k, k + 5, &err) || round_of(p, k + 5, k + 10, &err) ||
		    add_many(p, 900, 901, &err) || flush_and_sync(p, k + 10, &err))
			exit(99);
		qa_partition_close(p);
		p = writer(k + 10);
	}
	qa_partition_close(p);
	OK(check(30, &s) == 0 && s.entries == 30 && s.good == 30);

	struct qa_buf one = load("segment-000001.0"), two = load("segment-000002.0");
	/* truncated, at any length */
	int missed = 0;
	struct qa_buf manifest = load("manifest");
	const char *text = qa_buf_cstr(&manifest), *line = text ? strstr(text, "segment 2 0 closed ") : NULL;
	size_t closed = line ? strtoul(line + 19, NULL, 10) : 0;
	OK(closed > 1000 && closed < two.n);
	for (size_t n = 0; n < closed; n += 97) {
		store("segment-000002.0", two.p, n);
		missed += check(30, &s) != 1 || (!s.f.kind[QA_FIND_TRUNCATED] && !s.f.kind[QA_FIND_DAMAGE]);
	}
	OKF(missed == 0, "a closed segment, truncated");
	snprintf(path, sizeof path, "%s/segment-000002.0", h.folder);
	unlink(path);
	OKF(check(30, &s) == 1 && s.f.kind[QA_FIND_MISSING] >= 2 && s.entries == 20, "a missing segment");

	store("segment-000002.0", one.p, one.n);
	OKF(check(30, &s) == 1 && strstr(s.f.first, "segment-000002"), "another segment in its place");
	store("segment-000002.0", two.p, two.n);
	OK(check(30, &s) == 0);

	/* frames in another order, a frame twice, a frame left out: offsets are under the checks */
	uint64_t a = 64, alen, b, blen;
	alen = 64 + (uint64_t)qa_le32_get(one.p + a + 8) + qa_le32_get(one.p + a + 12);
	b = a + alen;
	blen = 64 + (uint64_t)qa_le32_get(one.p + b + 8) + qa_le32_get(one.p + b + 12);
	unsigned char *moved = malloc(one.n);
	memcpy(moved, one.p, one.n);
	memcpy(moved + a, one.p + b, blen);
	memcpy(moved + a + blen, one.p + a, alen);
	store("segment-000001.0", moved, one.n);
	OKF(check(30, &s) == 1 && s.f.kind[QA_FIND_DAMAGE] >= 1 && s.f.kind[QA_FIND_MISSING] >= 1, "frames in another order");
	memcpy(moved, one.p, one.n);
	memmove(moved + a, one.p + b, one.n - b);
	store("segment-000001.0", moved, one.n - alen);
	OKF(check(30, &s) == 1, "a frame left out");
	free(moved);
	store("segment-000001.0", one.p, one.n);

	store("notes.txt", "x", 1);
	OKF(check(30, &s) == 1 && s.f.kind[QA_FIND_EXTRA] == 1 && strstr(s.f.first, "notes.txt"), "a file too many");
	snprintf(path, sizeof path, "%s/notes.txt", h.folder);
	unlink(path);
	OK(check(30, &s) == 0);
	OKF(check(12, &s) == 0 && s.entries == 12, "entries at or above the bound are not looked at");
	qa_buf_free(&one);
	qa_buf_free(&two);
	qa_buf_free(&manifest);
	home_free(&h);
}

static void
test_tail(void)
{
	struct seen s;

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 10, &err) || round_of(p, 10, 20, &err))
		exit(99);
	qa_partition_close(p);
	struct qa_buf all = load("segment-000001.0");
	OK(check(10, &s) == 0 && s.entries == 10 && s.f.tail == 0);
	int bad = 0;
	for (size_t cut = 1; cut < 2000; cut += 37) {
		store("segment-000001.0", all.p, all.n - cut);
		bad += check(10, &s) != 0 || s.entries != 10;
	}
	OKF(bad == 0, "half a round behind the bound is no finding");
	for (size_t i = 1; i < 3000; i += 101) {
		all.p[all.n - i] ^= 1;
		store("segment-000001.0", all.p, all.n);
		bad += check(10, &s) != 0 || s.entries != 10;
		all.p[all.n - i] ^= 1;
	}
	OKF(bad == 0, "nor is damage there");
	qa_buf_free(&all);
	home_free(&h);
}

static int
stop(void *ctx, struct qa_partition *p, const struct qa_entry *e, bool good)
{
	(void)ctx;
	(void)p;
	(void)good;
	errno = EINTR;
	return e->n == 3;
}

int
main(void)
{
	test_flips();
	test_files();
	test_tail();
	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 5, &err))
		exit(99);
	OKF(qa_partition_check(p, 5, NULL, NULL, NULL, &err) == -1 && errno == EBADF, "writers do not check");
	qa_partition_close(p);
	if (qa_partition_read(&h.w, &p, &err) != 1)
		exit(99);
	OKF(qa_partition_check(p, 5, NULL, stop, NULL, &err) == -1 && errno == EINTR, "each may stop it");
	OK(qa_partition_check(p, 5, NULL, NULL, NULL, &err) == 0);
	qa_partition_close(p);
	home_free(&h);
	return done();
}
