/* Opening for appending after all sorts of ends; rolling back. */
#include "store/testing-faults.h"
#include "store/testing.h"

#include <fcntl.h>

static struct qa_err err;
static struct home h;

/* ---- helpers ---- */

static struct qa_partition *
writer(uint64_t committed)
{
	struct qa_partition *p;

	return qa_partition_append(&h.w, committed, &p, &err) ? NULL : p;
}

static void
empty(const char *folder)
{
	struct qa_names names;
	char path[700];

	if (qa_listdir(AT_FDCWD, folder, &names, NULL))
		exit(99);
	for (size_t i = 0; i < names.n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names.v[i]);
		unlink(path);
	}
	qa_names_free(&names);
}

static int
clean(uint64_t entries)
{
	struct findings f = {0};
	struct qa_partition *p;

	if (qa_partition_read(&h.w, &p, &err) != 1) {
		printf("# %s\n", err.text);
		return 0;
	}
	int rc = qa_partition_check(p, UINT64_MAX, note_finding, NULL, &f, &err);
	if (rc || f.tail)
		printf("# %s\n", rc < 0 ? err.text : f.first);
	int good = rc == 0 && f.tail == 0 && qa_partition_entries(p) == entries && same_many(p, entries) == entries;
	qa_partition_close(p);
	return good;
}

/* ---- tests ---- */

/* The last round cut at every byte of it. */
static void
test_cut(void)
{
	int bad = 0;

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 9, &err) || round_of(p, 9, 12, &err))
		exit(99);
	uint64_t good = home_size(&h, "segment-000001.0");
	if (round_of(p, 12, 14, &err))
		exit(99);
	qa_partition_close(p);
	struct qa_buf segment = home_load(&h, "segment-000001.0"), manifest = home_load(&h, "manifest");
	for (uint64_t n = good; n <= segment.n; n++) {
		empty(h.folder);
		empty(h.var);
		home_store(&h, "manifest", manifest.p, manifest.n);
		home_store(&h, "segment-000001.0", segment.p, n);
		p = writer(12);
		if (!p || qa_partition_entries(p) != 12 || same_many(p, 12) != 12 || round_of(p, 12, 15, &err)) {
			printf("# cut at %llu: %s\n", (unsigned long long)n, err.text);
			bad++;
		}
		qa_partition_close(p);
		if (n % 32 == 0 || n == segment.n)
			bad += !clean(15);
		if (n > good && home_size(&h, "segment-000002.0") == 0)
			bad++; /* appended to a file with a tail */
	}
	OKF(bad == 0, "cut at each of %llu bytes", (unsigned long long)(segment.n - good + 1));
	/* the same with the round committed: a cut is damage, unless nothing of it is there */
	for (uint64_t n = good; n <= segment.n; n += 7) {
		empty(h.folder);
		empty(h.var);
		home_store(&h, "manifest", manifest.p, manifest.n);
		home_store(&h, "segment-000001.0", segment.p, n);
		p = writer(14);
		bad += !p || qa_partition_entries(p) != (n == segment.n ? 14 : 12);
		qa_partition_close(p);
	}
	OK(bad == 0);
	qa_buf_free(&segment);
	qa_buf_free(&manifest);
	home_free(&h);
}

/* Damage before a committed entry stops the writer, and nothing is cut. */
static void
test_damage(void)
{
	char path[400];
	int bad = 0;

	home_make(&h);
	struct qa_partition *p = writer(0);
	for (uint32_t k = 0; k < 8; k += 2)
		if (round_of(p, k, k + 2, &err))
			exit(99);
	qa_partition_close(p);
	struct qa_buf segment = home_load(&h, "segment-000001.0");
	/* no index is synced yet: all is scanned */
	for (uint64_t at = 64; at < segment.n - 500; at += 41) {
		segment.p[at] ^= 8;
		home_store(&h, "segment-000001.0", segment.p, segment.n);
		p = writer(8);
		if (p)
			bad++;
		else
			bad += errno != EBADMSG;
		qa_partition_close(p);
		bad += home_size(&h, "segment-000001.0") != segment.n;
		segment.p[at] ^= 8;
	}
	OKF(bad == 0, "a writer refuses to go on behind damage");
	home_store(&h, "segment-000001.0", segment.p, segment.n);
	OK(clean(8));
	home_file(&h, "manifest", path);
	unlink(path);
	OKF(!writer(8) && errno == EBADMSG, "nor does it throw segments away when the manifest is lost");
	OK(home_size(&h, "segment-000001.0") == segment.n);
	qa_buf_free(&segment);
	home_free(&h);
}

/* Index files: missing, damaged, lagging, ahead. */
static void
test_indexes(void)
{
	char path[400];

	home_make(&h);
	struct qa_partition *p = writer(0);
	for (uint32_t k = 0; k < 600; k += 100)
		if (round_of(p, k, k + 100, &err))
			exit(99);
	qa_partition_close(p);
	OK(clean(600));
	struct qa_buf old = home_load(&h, "entries.idx");
	p = writer(600);
	if (round_of(p, 600, 700, &err))
		exit(99);
	qa_partition_close(p);
	p = writer(700);
	if (round_of(p, 700, 1100, &err) || round_of(p, 1100, 1110, &err))
		exit(99);
	qa_partition_close(p);
	OK(clean(1110));
	struct qa_buf entries = home_load(&h, "entries.idx"), items = home_load(&h, "items.idx");
	OKF(qa_le64_get(entries.p + 16) + qa_le64_get(entries.p + 40) > 1000, "some of it is synced");

	home_store(&h, "entries.idx", old.p, old.n);
	p = writer(1110);
	OKF(p && qa_partition_entries(p) == 1110 && same_many(p, 1110) == 1110, "an old index is caught up");
	qa_partition_close(p);
	OK(clean(1110));
	home_file(&h, "items.idx", path);
	unlink(path);
	p = writer(1110);
	OKF(p && qa_partition_entries(p) == 1110 && same_many(p, 1110) == 1110, "a missing one is made again");
	qa_partition_close(p);
	home_store(&h, "entries.idx", entries.p, entries.n);
	home_store(&h, "items.idx", items.p, items.n);

	/* the record of the last trusted entry is wrong */
	uint64_t synced = qa_le64_get(entries.p + 16) > qa_le64_get(entries.p + 40) ? qa_le64_get(entries.p + 16)
										   : qa_le64_get(entries.p + 40);
	entries.p[64 + (synced - 1) * 40 + 9] ^= 1;
	home_store(&h, "entries.idx", entries.p, entries.n);
	if (qa_partition_read(&h.w, &p, &err) != 1)
		exit(99);
	OKF(same_many(p, 1110) == 1110, "a reader reads on without a wrong index");
	qa_partition_close(p);
	p = writer(1110);
	OKF(p && qa_partition_entries(p) == 1110 && same_many(p, 1110) == 1110, "a writer makes it again");
	qa_partition_close(p);
	OK(clean(1110));
	/* any record of a trusted entry is wrong: a reader finds the entry all the same */
	struct qa_buf again = home_load(&h, "entries.idx");
	again.p[64 + 40 * 17 + 8] ^= 16;
	home_store(&h, "entries.idx", again.p, again.n);
	if (qa_partition_read(&h.w, &p, &err) != 1)
		exit(99);
	OK(same_many(p, 1110) == 1110);
	qa_partition_close(p);
	again.p[64 + 40 * 17 + 8] ^= 16;
	home_store(&h, "entries.idx", again.p, again.n);
	struct qa_buf its = home_load(&h, "items.idx");
	its.p[64 + 32 * 20 + 4] ^= 1;
	home_store(&h, "items.idx", its.p, its.n);
	if (qa_partition_read(&h.w, &p, &err) != 1)
		exit(99);
	OK(same_many(p, 1110) == 1110);
	qa_partition_close(p);
	its.p[64 + 32 * 20 + 4] ^= 1;
	home_store(&h, "items.idx", its.p, its.n);

	/* the log was restored from a copy: less is committed than the index trusts */
	p = writer(300);
	OKF(p && qa_partition_entries(p) == 300 && same_many(p, 300) == 300, "less is committed than was trusted");
	OK(p && round_of(p, 300, 310, &err) == 0);
	qa_partition_close(p);
	OK(clean(310));
	qa_buf_free(&old);
	qa_buf_free(&entries);
	qa_buf_free(&items);
	qa_buf_free(&again);
	qa_buf_free(&its);
	home_free(&h);
}

/* Each call of a round fails once; after rolling back the round goes through. */
static void
test_failing(int num, bool for_good)
{
	int bad = 0, failed = 0;
	long n;

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 5, &err))
		exit(99);
	uint32_t k = 5;
	for (n = 1; bad == 0; n++) {
		faults_at(n, num, for_good);
		int rc = round_of(p, k, k + 3, &err);
		bool reached = faults_calls >= n;
		if (rc) {
			failed++;
			uint64_t x;
			struct made m;
			make_message(&m, 1);
			m.e.id.b[9] ^= 1;
			/* with the disk still failing, nothing may pretend to work */
			if (for_good && qa_partition_add(p, &m.e, &x, NULL) == 0 && flush_and_sync(p, k, NULL) == 0)
				bad++;
			made_free(&m);
			int rolled = for_good ? qa_partition_rollback(p, k, NULL) : 0;
			(void)rolled;
			faults_off();
			if (qa_partition_rollback(p, k, &err) || round_of(p, k, k + 3, &err)) {
				printf("# call %ld: %s\n", n, err.text);
				bad++;
			}
		}
		faults_off();
		if (qa_partition_entries(p) != k + 3)
			bad++;
		k += 3;
		if (!reached)
			break;
	}
	bad += same_many(p, k) != k;
	qa_partition_close(p);
	OKF(bad == 0 && failed > 3, "%s%s at each of %ld calls (%d failed): rolled back, then stored",
	    num == ENOSPC ? "ENOSPC" : "EIO", for_good ? " for good" : "", n, failed);
	OK(clean(k));
	home_free(&h);
}

/* The same while opening with something to cut off: the next open must do. */
static void
test_failing_open(int num)
{
	char keep[320];
	int bad = 0;
	bool reached = true;
	long n;

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 3, &err) || round_of(p, 3, 5, &err))
		exit(99);
	qa_partition_close(p);
	snprintf(keep, sizeof keep, "%s/keep", h.root);
	run("cp -a", h.depot, keep);
	for (n = 1; bad == 0 && reached; n++) {
		run("rm -rf", h.depot, h.var);
		run("cp -a", keep, h.depot);
		if (mkdir(h.var, 0700))
			exit(99);
		faults_at(n, num, false);
		p = writer(3);
		reached = faults_calls >= n;
		faults_off();
		qa_partition_close(p);
		p = writer(3);
		bad += !p || qa_partition_entries(p) != 3 || round_of(p, 3, 6, &err);
		qa_partition_close(p);
		bad += !clean(6);
	}
	OKF(bad == 0 && n > 10, "%s at each of %ld calls of an opening", num == ENOSPC ? "ENOSPC" : "EIO", n);
	home_free(&h);
}

/* A sync set whose commit failed: after opening again the file is not appended to. */
static void
test_failed_sync(void)
{
	struct qa_syncset set;

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 5, &err) || add_many(p, 5, 9, &err) || qa_partition_flush(p, 5, &err))
		exit(99);
	qa_syncset_init(&set);
	OK(qa_partition_sync(p, &set, &err) == 0);
	faults_at(1, EIO, false);
	OK(qa_syncset_commit(&set, &err) == -1);
	faults_off();
	uint64_t size = home_size(&h, "segment-000001.0");
	qa_partition_close(p);
	p = writer(5);
	OK(p && qa_partition_entries(p) == 5 && round_of(p, 5, 9, &err) == 0);
	OKF(home_size(&h, "segment-000001.0") == size && home_size(&h, "segment-000002.0") > 64, "a new segment was begun");
	/* and by rolling back */
	if (add_many(p, 9, 12, &err) || qa_partition_flush(p, 9, &err))
		exit(99);
	qa_syncset_init(&set);
	OK(qa_partition_sync(p, &set, &err) == 0);
	qa_syncset_drop(&set);
	size = home_size(&h, "segment-000002.0");
	OK(qa_partition_rollback(p, 9, &err) == 0 && round_of(p, 9, 12, &err) == 0);
	OK(home_size(&h, "segment-000002.0") == size && home_size(&h, "segment-000003.0") > 64);
	qa_partition_close(p);
	OK(clean(12));
	home_free(&h);
}

static void
test_leftovers(void)
{
	char path[400];

	home_make(&h);
	struct qa_partition *p = writer(0);
	if (round_of(p, 0, 5, &err))
		exit(99);
	qa_partition_close(p);
	home_store(&h, "segment-000001.1", "half", 4);
	home_store(&h, "segment-000002.0", "", 0);
	home_store(&h, ".tmp.0123456789abcdef", "x", 1);
	p = writer(5);
	OK(p && round_of(p, 5, 7, &err) == 0);
	qa_partition_close(p);
	OK(home_size(&h, "segment-000001.1") == 0 && home_size(&h, ".tmp.0123456789abcdef") == 0);
	home_file(&h, "segment-000002.0", path);
	OK(access(path, F_OK) != 0);
	OK(clean(7));
	home_free(&h);
}

int
main(void)
{
	faults_use(true);
	test_cut();
	test_damage();
	test_indexes();
	test_failing(ENOSPC, false);
	test_failing(ENOSPC, true);
	test_failing(EIO, false);
	test_failing(EIO, true);
	test_failing_open(ENOSPC);
	test_failing_open(EIO);
	test_failed_sync();
	test_leftovers();
	return done();
}
