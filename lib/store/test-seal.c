#include "store/testing-faults.h"
#include "store/testing.h"

#include <fcntl.h>

static struct qa_err err;
static struct home h;
static bool
there(const char *name)
{
	char path[400];

	snprintf(path, sizeof path, "%s/%s", h.folder, name);
	return access(path, F_OK) == 0;
}

static int
clean(uint64_t entries)
{
	struct findings f = {0};
	struct qa_partition *p = home_reader(&h);
	int rc = qa_partition_check(p, UINT64_MAX, note_finding, NULL, &f, &err);

	if (rc)
		printf("# %s\n", rc < 0 ? err.text : f.first);
	int good = rc == 0 && qa_partition_entries(p) == entries && same_many(p, entries) == entries;
	qa_partition_close(p);
	return good;
}

static int
seal(uint64_t committed)
{
	return qa_seal_whole(&h.w, committed, NULL, NULL, &err);
}

static struct qa_seal *
open_seal(void)
{
	struct qa_seal *s;

	if (qa_seal_open(&h.w, &s, &err) != 1) {
		printf("Bail out! %s\n", err.text);
		exit(99);
	}
	return s;
}

static void
test_seal(void)
{
	struct qa_seal_state st;

	home_make(&h);
	OKF(qa_seal_look(&h.w, &st, &err) == 0 && seal(0) == 0, "no such partition");
	struct qa_partition *p = home_writer(&h, 0);
	for (uint32_t k = 0; k < 300; k += 30)
		if (round_of(p, k, k + 30, &err))
			exit(99);
	/* leaves with a gap: entries of another month lie between */
	if (add_many(p, 300, 310, &err) || flush_and_sync(p, 1000, &err))
		exit(99);
	qa_partition_close(p);
	OK(qa_seal_look(&h.w, &st, &err) == 1 && st.segments == 1 && st.unsealed == 1 && st.largest >= st.bytes);
	uint64_t bytes = st.bytes;
	OKF(seal(1010) == 1, "%s", err.text);
	OK(there("segment-000001.1") && !there("segment-000001.0"));
	OK(qa_seal_look(&h.w, &st, &err) == 1 && st.segments == 1 && st.unsealed == 0 && st.bytes < bytes);
	struct qa_partition *r = home_reader(&h);
	struct qa_entry e;
	OK(qa_partition_entry(r, 300, &e, &err) == 1 && e.leaf == 299);
	OK(qa_partition_entry(r, 301, &e, &err) == 1 && e.leaf == 1000);
	qa_partition_close(r);
	OK(clean(310));
	OKF(seal(1010) == 1 && there("segment-000001.1"), "sealing again changes nothing");
	/* late entries go to a new segment, and find what was sealed */
	p = home_writer(&h, 1010);
	OK(same_many(p, 310) == 310);
	struct made m;
	uint64_t n, items = qa_partition_items(p);
	make_message(&m, 11);
	OK(qa_partition_find_message(p, &m.e.digest, &n, &err) == 1 && n == 12);
	m.e.id.b[0] ^= 1;
	m.fields[6] ^= 1;
	OK(qa_partition_add(p, &m.e, &n, &err) == 0 && n == 311 && qa_partition_items(p) == items);
	OK(flush_and_sync(p, 1010, &err) == 0 && there("segment-000002.0"));
	struct qa_seal *s = open_seal();
	OKF(qa_seal_write(s, 1010, NULL, NULL, &err) == -1 && errno == EAGAIN && there("segment-000002.0"),
	    "not in the middle of a round");
	qa_seal_close(s);
	made_free(&m);
	qa_partition_close(p);
	p = home_writer(&h, 1011);
	OK(qa_partition_entries(p) == 311 && same_many(p, 310) == 310);
	qa_partition_close(p);
	OK(seal(1011) == 1 && there("segment-000002.1"));
	r = home_reader(&h);
	OK(qa_partition_entries(r) == 311 && same_many(r, 310) == 310 && same(r, 311, 11) == 0);
	struct findings f = {0};
	OK(qa_partition_check(r, UINT64_MAX, note_finding, NULL, &f, &err) == 0);
	qa_partition_close(r);
	home_free(&h);
}

static int stops;

static int
stop_later(void *ctx)
{
	(void)ctx;
	return stops-- <= 0;
}

static void
four_segments(void)
{
	struct qa_partition *p = home_writer(&h, 0);
	uint32_t k = 0;

	for (int i = 0; i < 4; i++, k += 20) {
		if (round_of(p, k, k + 20, &err))
			exit(99);
		/* something to cut off, so that another segment begins */
		if (i < 3 && (add_many(p, 900, 901, &err) || flush_and_sync(p, k + 20, &err)))
			exit(99);
		qa_partition_close(p);
		p = home_writer(&h, k + 20);
	}
	qa_partition_close(p);
}

/* Several segments; a reader from before goes on reading. */
static void
test_beside(void)
{
	home_make(&h);
	four_segments();
	OK(there("segment-000004.0"));
	struct qa_partition *before = home_reader(&h), *half = home_reader(&h);
	OK(same_many(half, 80) == 80); /* has its files open */
	struct qa_seal *s = open_seal();
	OKF(seal(80) == -1 && errno == EWOULDBLOCK, "two at a time are not good");
	for (int i = 0; i < 2; i++)
		OK(qa_seal_write(s, 80, NULL, NULL, &err) == 1 && qa_seal_switch(s, &err) == 0);
	OK(qa_seal_switch(s, &err) == -1);
	stops = 1;
	OK(qa_seal_write(s, 80, stop_later, NULL, &err) == -1 && errno == ECANCELED && !there("segment-000003.1"));
	qa_seal_close(s);
	OK(there("segment-000002.1") && there("segment-000003.0"));
	OKF(clean(80), "half sealed");
	OKF(same_many(before, 80) == 80, "a reader opened before finds the new files");
	OK(same_many(half, 80) == 80);
	OK(seal(80) == 1);
	OK(same_many(before, 80) == 80 && same_many(half, 80) == 80);
	struct qa_partition *p = home_writer(&h, 80);
	OK(round_of(p, 80, 90, &err) == 0);
	qa_partition_close(before);
	qa_partition_close(half);
	qa_partition_close(p);
	OK(clean(90));
	home_free(&h);
}

/* A writer that opens and adds between write and switch keeps what it added, and the files of the seal until it is given up. */
static void
test_writer(void)
{
	home_make(&h);
	four_segments();
	OK(qa_seal_tidy(&h.w, 80, &err) == 0);
	struct qa_seal *s = open_seal();
	OK(qa_seal_write(s, 80, NULL, NULL, &err) == 1 && there("segment-000001.1") && there(".tmp.seal-entries"));
	struct qa_partition *p = home_writer(&h, 80);
	OKF(there("segment-000001.1") && there(".tmp.seal-entries"), "a seal that lives keeps its files");
	OK(round_of(p, 80, 81, &err) == 0);
	qa_partition_close(p);
	OK(qa_seal_switch(s, &err) == -1 && errno == EAGAIN);
	OK(there("segment-000001.0") && !there("segment-000001.1") && !there(".tmp.seal-entries"));
	OK(clean(81));
	OKF(qa_seal_write(s, 80, NULL, NULL, &err) == -1 && errno == EAGAIN, "what is not committed is not sealed");
	OK(qa_seal_tidy(&h.w, 81, &err) == 0);
	OK(qa_seal_write(s, 81, NULL, NULL, &err) == 1 && qa_seal_switch(s, &err) == 0 && there("segment-000001.1"));
	/* as if it were killed: its files stay, its lock goes */
	OK(qa_seal_write(s, 81, NULL, NULL, &err) == 1 && there("segment-000002.1"));
	char keep[420], back[420];
	snprintf(keep, sizeof keep, "%s/segment-000002.1", h.folder);
	snprintf(back, sizeof back, "%s/.tmp.seal-items", h.folder);
	qa_seal_close(s);
	run("touch", keep, back);
	qa_partition_close(home_writer(&h, 81));
	OKF(!there("segment-000002.1") && !there(".tmp.seal-items"), "the files of one that died go");
	OK(clean(81) && seal(81) == 1 && clean(81));
	home_free(&h);
}

/* The time of the last addition is that of the files, sealed or not. */
static void
test_time(void)
{
	int64_t then, now;

	home_make(&h);
	four_segments();
	for (int i = 1; i <= 4; i++) {
		char path[400];

		snprintf(path, sizeof path, "%s/segment-%06d.0", h.folder, i);
		run("touch -d", "2020-01-02", path);
	}
	OK(qa_partition_changed(&h.w, &then, &err) == 0 && seal(80) == 1);
	OK(qa_partition_changed(&h.w, &now, &err) == 0 && now == then);
	home_free(&h);
}

/* Each call of a seal fails: nothing is lost, and the next one seals. */
static void
test_failing(int num)
{
	char keep[320];
	int bad = 0, as_it_was = 0;
	bool reached = true;
	long n;

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	if (round_of(p, 0, 30, &err))
		exit(99);
	qa_partition_close(p);
	snprintf(keep, sizeof keep, "%s/keep", h.root);
	run("cp -a", h.depot, keep);
	for (n = 1; reached && bad == 0; n++) {
		run("rm -rf", h.depot, h.var);
		run("cp -a", keep, h.depot);
		if (mkdir(h.var, 0700))
			exit(99);
		qa_partition_close(home_writer(&h, 30));
		faults_at(n, num, false);
		int rc = seal(30);
		reached = faults_calls >= n;
		faults_off();
		if (rc == -1 && there("segment-000001.0") && !there("segment-000001.1") && there("entries.idx"))
			as_it_was++;
		bad += !clean(30);
		p = home_writer(&h, 30);
		bad += round_of(p, 30, 33, &err) != 0;
		qa_partition_close(p);
		bad += !clean(33) || seal(33) != 1 || !clean(33);
		if (bad)
			printf("# call %ld: %s\n", n, err.text);
	}
	OKF(bad == 0, "%s at each of %ld calls of a seal, %d times all was as before", num == ENOSPC ? "ENOSPC" : "EIO", n,
	    as_it_was);
	OK(as_it_was > 10);
	home_free(&h);
}

/* A damaged segment is not sealed. */
static void
test_damaged(void)
{
	char path[400];

	home_make(&h);
	struct qa_partition *p = home_writer(&h, 0);
	for (uint32_t k = 0; k < 30; k += 10)
		if (round_of(p, k, k + 10, &err))
			exit(99);
	qa_partition_close(p);
	snprintf(path, sizeof path, "%s/segment-000001.0", h.folder);
	int fd = open(path, O_RDWR);
	unsigned char c;
	if (pread(fd, &c, 1, 3000) != 1)
		exit(99);
	c ^= 1;
	if (pwrite(fd, &c, 1, 3000) != 1)
		exit(99);
	OK(seal(30) == -1 && errno == EBADMSG);
	OK(there("segment-000001.0") && !there("segment-000001.1") && there("entries.idx"));
	c ^= 1;
	if (pwrite(fd, &c, 1, 3000) != 1)
		exit(99);
	close(fd);
	OK(seal(30) == 1);
	OK(clean(30));
	home_free(&h);
}

int
main(void)
{
	faults_use(false);
	test_seal();
	test_beside();
	test_writer();
	test_time();
	test_failing(ENOSPC);
	test_failing(EIO);
	test_damaged();
	return done();
}
