/* The journal: batches of the appender, and files the doors write themselves. */
#include "base/num.h"
#include "tests/crash/harness.h"
#include "journal/door.h"
#include "journal/scan.h"
#include "journal/write.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 9, AGAIN = 100, IDS = 200 };

static unsigned char body[40000];

static qa_span
message(unsigned n)
{
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (unsigned char)(i * 7 + n);
	return qa_span_of(body, n % 4 == 3 ? 20000 : n * 300);
}

static qa_span
fields(struct qa_buf *b, unsigned n)
{
	unsigned char id[QA_ID_SIZE] = {(unsigned char)n};

	qa_buf_clear(b);
	if (qa_field_add(b, QA_F_ID, qa_span_of(id, sizeof id)) || qa_field_add_u8(b, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(b, QA_F_CAPTURED, n) || qa_field_add_u8(b, QA_F_SOURCE, QA_QUEUE) ||
	    qa_field_add_str(b, QA_F_SENDER, "a@example.com"))
		abort();
	return qa_buf_span(b);
}

static void
path_of(const struct qa_crash_at *at, const char *rest, char out[700])
{
	snprintf(out, 700, "%s/%s", at->path, rest);
}

static int
setup(const struct qa_crash_at *at)
{
	return qa_mkdirs(at->fd, "journal/direct", 0700, NULL);
}

/* One batch of records FROM to TO - 1; each is promised when it is committed. */
static int
batch(struct qa_journal *j, unsigned from, unsigned to)
{
	static unsigned char copies[4][40000];
	struct qa_buf f = QA_BUF(0);
	struct qa_err err;
	int rc = 0;

	for (unsigned n = from; n < to && rc == 0; n++) {
		qa_span m = message(n);
		struct qa_digest d = qa_sha256_of(m);

		memcpy(copies[n - from], m.p, m.n); /* must stay until commit */
		rc = qa_journal_add(j, &d, qa_span_of(copies[n - from], m.n), fields(&f, n), &err);
	}
	if (rc == 0)
		rc = qa_journal_commit(j, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.text);
	for (unsigned n = from; n < to && rc == 0; n++)
		qa_crash_ack("%u", n);
	qa_buf_free(&f);
	return rc;
}

static int
append_work(const struct qa_crash_at *at)
{
	struct qa_journal *j;
	char path[700];
	int rc;

	path_of(at, "journal", path);
	if (qa_journal_open(path, 4096, &j, NULL))
		return 1;
	rc = batch(j, 0, 1);
	rc |= batch(j, 1, 4); /* goes on after a failure, as md_journal does */
	qa_journal_rotate(j, true);
	rc |= batch(j, 4, 5);
	rc |= batch(j, 5, 8);
	rc |= batch(j, 8, RECORDS);
	qa_journal_close(j);
	return rc != 0;
}

/* md_journal starts again and takes in more. */
static int
append_recover(const struct qa_crash_at *at)
{
	struct qa_journal *j;
	char path[700];

	path_of(at, "journal", path);
	if (qa_journal_open(path, 4096, &j, NULL))
		return 1;
	int rc = batch(j, AGAIN, AGAIN + 2);
	qa_journal_close(j);
	return rc != 0;
}

/* Counts what a file holds; a record is whole or none. */
static void
count(const struct qa_crash_at *at, const char *folder, const char *name, unsigned seen[IDS],
      struct qa_crash_found *found)
{
	char path[600];
	struct qa_scan s;
	struct qa_scanned rec;
	struct qa_facts f;
	struct qa_err err;
	int rc;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (qa_scan_open(&s, at->fd, path, path, &err)) {
		qa_crash_wrong(found, "%s", err.text);
		return;
	}
	while ((rc = qa_scan_next(&s, true, &rec, &err)) > 0) {
		if (qa_facts_get(rec.fields, &f, &err) || f.captured >= IDS)
			qa_crash_wrong(found, "%s has a record that nobody wrote", path);
		else if (!qa_span_eq(rec.message, message((unsigned)f.captured)))
			qa_crash_wrong(found, "record %llu has another message", (unsigned long long)f.captured);
		else
			seen[f.captured]++;
	}
	/* a header that was torn with its first batch holds nothing that was promised */
	if (rc < 0 && err.num != EBADMSG)
		qa_crash_wrong(found, "%s", err.text);
	qa_scan_close(&s);
}

static void
compare(const struct qa_crash_acks *acks, const unsigned seen[IDS], struct qa_crash_found *found)
{
	for (unsigned n = 0; n < IDS; n++) {
		size_t promised = qa_crash_acked(acks, "%u", n);

		if (promised && !seen[n])
			qa_crash_lost(found, "record %u was promised and is not there", n);
		/* a recovery that was cut may write its records again; md_import tells them by their id */
		if (seen[n] > 1 && n < AGAIN)
			qa_crash_twice(found, "record %u is there %u times", n, seen[n]);
	}
}

static int
append_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	unsigned seen[IDS] = {0};
	struct qa_names names;
	uint64_t number;

	if (qa_listdir(at->fd, "journal", &names, NULL))
		return 1;
	for (size_t i = 0; i < names.n; i++)
		if (qa_scan_hex64(qa_span_str(names.v[i]), &number) == 0)
			count(at, "journal", names.v[i], seen, found);
	qa_names_free(&names);
	compare(acks, seen, found);
	return 0;
}

static int
write_direct(const struct qa_crash_at *at, unsigned n, bool twice)
{
	struct qa_buf f = QA_BUF(0);
	struct qa_direct d;
	struct qa_err err;
	qa_span m = message(n);
	int rc;

	/* a door whose first try failed may try again with the same id */
	for (int i = 0; i < 2; i++) {
		rc = qa_direct_begin(&d, at->path, &err);
		if (rc == 0) {
			rc = qa_direct_add(&d, qa_span_cut(m, 0, 9000), &err);
			if (rc == 0)
				rc = qa_direct_add(&d, qa_span_cut(m, 9000, m.n), &err);
			if (rc == 0)
				rc = qa_direct_commit(&d, fields(&f, n), &err);
			qa_direct_close(&d);
		}
		if (rc == 0)
			qa_crash_ack("%u", n);
		else
			fprintf(stderr, "%s\n", err.text);
		if (rc == 0 && !twice)
			break;
	}
	qa_buf_free(&f);
	return rc;
}

static int
direct_work(const struct qa_crash_at *at)
{
	return write_direct(at, 2, false) || write_direct(at, 3, true);
}

static int
direct_recover(const struct qa_crash_at *at)
{
	return write_direct(at, AGAIN, false) != 0;
}

static int
direct_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	unsigned seen[IDS] = {0};
	struct qa_names names;

	if (qa_listdir(at->fd, "journal/direct", &names, NULL))
		return 1;
	for (size_t i = 0; i < names.n; i++) {
		unsigned before = 0, after = 0;

		if (names.v[i][0] == '.')
			continue;
		for (unsigned n = 0; n < IDS; n++)
			before += seen[n];
		count(at, "journal/direct", names.v[i], seen, found);
		for (unsigned n = 0; n < IDS; n++)
			after += seen[n];
		if (after != before + 1)
			qa_crash_wrong(found, "direct/%s has its name and is not whole", names.v[i]);
	}
	qa_names_free(&names);
	compare(acks, seen, found);
	return 0;
}

/* The same on a file system without O_TMPFILE. */
static const struct qa_sys *beneath;

static int
no_tmpfile(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return beneath->openat(dirfd, path, flags, mode);
}

static int
without_tmpfile(const struct qa_crash_at *at, int (*step)(const struct qa_crash_at *))
{
	static struct qa_sys mine;

	beneath = qa_sys;
	mine = *qa_sys;
	mine.openat = no_tmpfile;
	qa_sys = &mine;
	int rc = step(at);
	qa_sys = beneath;
	return rc;
}

static int
named_work(const struct qa_crash_at *at)
{
	return without_tmpfile(at, direct_work);
}

static int
named_recover(const struct qa_crash_at *at)
{
	return without_tmpfile(at, direct_recover);
}

static const struct qa_crash_op ops[] = {
    {.name = "journal-append", .setup = setup, .work = append_work, .recover = append_recover, .verify = append_verify,
     .reads = true,
     .promise = "the record is in the journal"},
    {.name = "direct-write", .setup = setup, .work = direct_work, .recover = direct_recover, .verify = direct_verify,
     .reads = true,
     .promise = "the door's own file is in direct/"},
    {.name = "direct-named", .setup = setup, .work = named_work, .recover = named_recover, .verify = direct_verify,
     .reads = true,
     .promise = "the same without O_TMPFILE"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
