#include "store/testing.h"

#include <fcntl.h>

static struct qa_err err;
static struct home h;

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

/* Flips a bit of each byte of a file: how many were not found. names: the finding must name the file. */
static int
flip_all(const char *name, uint64_t bound, size_t step, bool names, int *tail_r)
{
	struct qa_buf b = home_load(&h, name);
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
	struct qa_partition *p = home_writer(&h, 0);
	if (add_many(p, 20, 24, &err) || flush_and_sync(p, 0, &err) || add_many(p, 26, 30, &err) ||
	    flush_and_sync(p, 4, &err))
		exit(99);
	qa_partition_close(p);
	OK(check(8, &s) == 0 && s.entries == 8 && s.good == 8 && s.wrong == 0 && s.f.tail == 0);
	OKF(flip_all("segment-000001.0", 8, 1, true, &tail) == 0, "every byte of an open segment");
	/* the last frame of entries: its header may be what a crash left; the log knows better */
	OKF(tail < 64 + 4 * 4 + 4 * 140 + 1, "%d of them in the last frame, told as what a crash may leave", tail);
	OKF(flip_all("manifest", 8, 1, false, &tail) == 0 && tail == 0, "every byte of the manifest");

	p = home_writer(&h, 8);
	qa_partition_close(p);
	OK(qa_seal_whole(&h.w, 8, NULL, NULL, &err) == 1);
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
	struct qa_partition *p = home_writer(&h, 0);
	uint32_t k = 0;
	for (int i = 0; i < 3; i++, k += 10) {
		if (round_of(p, k, k + 5, &err) || round_of(p, k + 5, k + 10, &err) ||
		    add_many(p, 900, 901, &err) || flush_and_sync(p, k + 10, &err))
			exit(99);
		qa_partition_close(p);
		p = home_writer(&h, k + 10);
	}
	qa_partition_close(p);
	OK(check(30, &s) == 0 && s.entries == 30 && s.good == 30);

	struct qa_buf one = home_load(&h, "segment-000001.0"), two = home_load(&h, "segment-000002.0");
	/* truncated, at any length */
	int missed = 0;
	struct qa_buf manifest = home_load(&h, "manifest");
	const char *text = qa_buf_cstr(&manifest), *line = text ? strstr(text, "segment 2 0 closed ") : NULL;
	size_t closed = line ? strtoul(line + 19, NULL, 10) : 0;
	OK(closed > 1000 && closed < two.n);
	for (size_t n = 0; n < closed; n += 97) {
		home_store(&h, "segment-000002.0", two.p, n);
		missed += check(30, &s) != 1 || (!s.f.kind[QA_FIND_TRUNCATED] && !s.f.kind[QA_FIND_DAMAGE]);
	}
	OKF(missed == 0, "a closed segment, truncated");
	snprintf(path, sizeof path, "%s/segment-000002.0", h.folder);
	unlink(path);
	OKF(check(30, &s) == 1 && s.f.kind[QA_FIND_MISSING] >= 2 && s.entries == 20, "a missing segment");

	home_store(&h, "segment-000002.0", one.p, one.n);
	OKF(check(30, &s) == 1 && strstr(s.f.first, "segment-000002"), "another segment in its place");
	home_store(&h, "segment-000002.0", two.p, two.n);
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
	home_store(&h, "segment-000001.0", moved, one.n);
	OKF(check(30, &s) == 1 && s.f.kind[QA_FIND_DAMAGE] >= 1 && s.f.kind[QA_FIND_MISSING] >= 1, "frames in another order");
	memcpy(moved, one.p, one.n);
	memmove(moved + a, one.p + b, one.n - b);
	home_store(&h, "segment-000001.0", moved, one.n - alen);
	OKF(check(30, &s) == 1, "a frame left out");
	free(moved);
	home_store(&h, "segment-000001.0", one.p, one.n);

	home_store(&h, "notes.txt", "x", 1);
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
	struct qa_partition *p = home_writer(&h, 0);
	if (round_of(p, 0, 10, &err) || round_of(p, 10, 20, &err))
		exit(99);
	qa_partition_close(p);
	struct qa_buf all = home_load(&h, "segment-000001.0");
	OK(check(10, &s) == 0 && s.entries == 10 && s.f.tail == 0);
	int bad = 0;
	for (size_t cut = 1; cut < 2000; cut += 37) {
		home_store(&h, "segment-000001.0", all.p, all.n - cut);
		bad += check(10, &s) != 0 || s.entries != 10;
	}
	OKF(bad == 0, "half a round behind the bound is no finding");
	for (size_t i = 1; i < 3000; i += 101) {
		all.p[all.n - i] ^= 1;
		home_store(&h, "segment-000001.0", all.p, all.n);
		bad += check(10, &s) != 0 || s.entries != 10;
		all.p[all.n - i] ^= 1;
	}
	OKF(bad == 0, "nor is damage there");
	qa_buf_free(&all);
	home_free(&h);
}

/* ---- index records that nobody trusts yet ---- */

static int
flip_idx(const char *name, uint64_t bound, size_t from, size_t to)
{
	struct qa_buf b = home_load(&h, name);
	int missed = 0;
	struct seen s;

	for (size_t i = from; i < to && i < b.n; i++) {
		b.p[i] ^= (unsigned char)(1 << i % 8);
		home_store(&h, name, b.p, b.n);
		if (check(bound, &s) != 1 || !s.f.kind[QA_FIND_INDEX] || !strstr(s.f.first, name)) {
			printf("# %s, byte %zu: not found (%s)\n", name, i, s.f.first);
			missed++;
		}
		b.p[i] ^= (unsigned char)(1 << i % 8);
	}
	home_store(&h, name, b.p, b.n);
	qa_buf_free(&b);
	return missed;
}

static void
test_untrusted(void)
{
	struct seen s;
	int bad = 0;

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	if (round_of(p, 0, 20, &err) || round_of(p, 20, 30, &err))
		exit(99);
	qa_partition_close(p);
	struct qa_buf idx = home_load(&h, "entries.idx"), items = home_load(&h, "items.idx");
	OKF(qa_le64_get(idx.p + 16) == 0 && idx.n == 64 + 30 * 40, "30 records, none of them trusted");
	OK(check(30, &s) == 0 && s.f.notes == 0);
	OKF(flip_idx("entries.idx", 20, 64, 64 + 20 * 40) == 0, "every byte of the records of committed entries");
	OKF(flip_idx("items.idx", 30, 64, items.n) == 0, "and of their items");

	/* records of entries that are not committed say nothing */
	idx.p[64 + 20 * 40 + 3] ^= 1;
	items.p[items.n - 1] ^= 1;
	home_store(&h, "entries.idx", idx.p, idx.n);
	home_store(&h, "items.idx", items.p, items.n);
	OKF(check(20, &s) == 0 && s.f.notes == 0, "a record of a round that is not committed");
	idx.p[64 + 20 * 40 + 3] ^= 1;
	items.p[items.n - 1] ^= 1;

	/* what a crash leaves: the file ends early, or sectors of it are zeros */
	home_store(&h, "items.idx", items.p, items.n);
	for (size_t n = 0; n < idx.n; n += 7) {
		home_store(&h, "entries.idx", idx.p, n);
		bad += check(30, &s) != 0 || s.f.notes != 1 || s.good != 30;
	}
	OKF(bad == 0, "records that are not there are noted");
	for (size_t at = 512; at < idx.n; at += 512) {
		struct qa_buf b = home_load(&h, "entries.idx");

		qa_buf_clear(&b);
		if (qa_buf_add(&b, idx.p, idx.n))
			exit(99);
		memset(b.p + at, 0, at + 512 < b.n ? 512 : b.n - at);
		home_store(&h, "entries.idx", b.p, b.n);
		bad += check(30, &s) != 0 || s.f.notes != 1;
		b.p[at + 40] = 1;
		home_store(&h, "entries.idx", b.p, b.n);
		bad += check(30, &s) != 1 || s.f.kind[QA_FIND_INDEX] != 1;
		qa_buf_free(&b);
	}
	OKF(bad == 0, "and sectors that did not get there; a byte among their zeros is found");
	char path[400];
	snprintf(path, sizeof path, "%s/entries.idx", h.folder);
	unlink(path);
	OKF(check(30, &s) == 0 && s.f.notes == 1 && strstr(s.f.note, "not there"), "a missing file is noted");
	p = home_writer(&h, 30);
	qa_partition_close(p);
	OKF(check(30, &s) == 0 && s.f.notes == 0, "the next writer makes it again");
	qa_buf_free(&idx);
	qa_buf_free(&items);
	home_free(&h);
}

/* ---- files that no manifest names ---- */

static void
test_leftovers(void)
{
	char path[400];
	struct seen s;
	static const struct {
		const char *name;
		size_t n; /* of segment 1's bytes */
		bool fine;
	} files[] = {
	    {"segment-000001.1", 500, true},   {"segment-000001.1", 0, true},	{"segment-000001.2", 500, false},
	    {"segment-000002.0", 0, true},     {"segment-000002.0", 64, true}, {"segment-000002.0", 65, false},
	    {"segment-000003.0", 0, false},    {"segment-000003.0", 64, false}, {"segment-1.0", 0, false},
	    {".tmp.0123456789abcdef", 10, true},
	};

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	if (round_of(p, 0, 5, &err))
		exit(99);
	qa_partition_close(p);
	struct qa_buf one = home_load(&h, "segment-000001.0");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		home_store(&h, files[i].name, one.p, files[i].n);
		int rc = check(5, &s);
		OKF(files[i].fine ? rc == 0 && s.f.notes == 1 && strstr(s.f.note, files[i].name)
				  : rc == 1 && s.f.kind[QA_FIND_EXTRA] == 1 && strstr(s.f.first, files[i].name),
		    "%s of %zu bytes is %s", files[i].name, files[i].n, files[i].fine ? "noted" : "found");
		snprintf(path, sizeof path, "%s/%s", h.folder, files[i].name);
		unlink(path);
	}

	/* segments that recovery let go of, but could not remove: as in a log restored from before them */
	for (uint32_t k = 5; k < 15; k += 5) {
		p = home_writer(&h, k);
		if (round_of(p, k, k + 5, &err) || add_many(p, 900, 901, &err) || flush_and_sync(p, k + 5, &err))
			exit(99);
		qa_partition_close(p);
	}
	p = home_writer(&h, 15);
	qa_partition_close(p);
	struct qa_buf two = home_load(&h, "segment-000002.0");
	p = home_writer(&h, 5);
	qa_partition_close(p);
	snprintf(path, sizeof path, "%s/segment-000002.0", h.folder);
	OK(access(path, F_OK) != 0);
	home_store(&h, "segment-000002.0", two.p, two.n);
	OKF(check(5, &s) == 0 && s.f.notes == 1, "a segment that recovery let go of is noted");
	snprintf(path, sizeof path, "%s/.tmp.folder", h.folder);
	if (mkdir(path, 0700))
		exit(99);
	OKF(check(5, &s) == 1 && s.f.kind[QA_FIND_EXTRA] == 1, "a folder is found, whatever its name");
	rmdir(path);
	p = home_writer(&h, 5);
	qa_partition_close(p);
	OKF(check(5, &s) == 0 && s.f.notes == 0, "the next writer removes what is noted");
	qa_buf_free(&one);
	qa_buf_free(&two);
	home_free(&h);
}

/* ---- a seal while the files are being opened ---- */

static struct qa_sys table;
static int openings; /* of files, until the seal comes */

static int
sealing_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	if (openings && --openings == 0) {
		qa_sys = &qa_sys_real;
		if (qa_seal_whole(&h.w, 30, NULL, NULL, &err) != 1)
			exit(99);
	}
	return qa_sys_real.openat(dirfd, path, flags, mode);
}

static void
test_sealing(void)
{
	int bad = 0, n = 0;
	bool sealed = true;

	for (; sealed && n < 100; n++) {
		struct seen s;

		home_make(&h);
		struct qa_partition *p = home_writer(&h, 0);
		if (round_of(p, 0, 20, &err) || round_of(p, 20, 30, &err))
			exit(99);
		qa_partition_close(p);
		if (qa_partition_read(&h.w, &p, &err) != 1)
			exit(99);
		memset(&s, 0, sizeof s);
		table = qa_sys_real;
		table.openat = sealing_openat;
		qa_sys = &table;
		openings = n + 1;
		int rc = qa_partition_check(p, 30, finding, each, &s, &err);
		qa_sys = &qa_sys_real;
		sealed = openings == 0;
		if (rc || s.f.n || s.good != 30) {
			printf("# at opening %d: %s\n", n + 1, rc < 0 ? err.text : s.f.first);
			bad++;
		}
		qa_partition_close(p);
		home_free(&h);
	}
	OKF(bad == 0 && n > 5, "a seal at each of %d openings of files", n);
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
	test_untrusted();
	test_leftovers();
	test_sealing();
	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
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
