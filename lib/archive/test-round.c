/* Rounds: records from the journal into domains, once each, whoever dies and whatever is read again. */
#include "archive/home.h"
#include "archive/log.h"
#include "archive/read.h"
#include "archive/round.h"
#include "conf/domains.h"
#include "journal/door.h"
#include "journal/write.h"
#include "sys/publish.h"
#include "tests/run.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static char home[] = "/tmp/test-round-XXXXXX";
static struct qa_err err;

#define MUST(x) do { if (x) { printf("Bail out! %s: %s\n", #x, err.text); exit(1); } } while (0)

static void
make_home(void)
{
	static const char *const folders[] = {"etc", "domain", "journal/direct", "var"};
	char path[QA_PATH_MAX];

	if (!mkdtemp(home))
		exit(1);
	for (size_t i = 0; i < 4; i++) {
		MUST(qa_home_path(path, home, &err, "%s", folders[i]));
		MUST(qa_mkdirs(AT_FDCWD, path, 0755, &err));
	}
	MUST(qa_home_path(path, home, &err, "etc/domains"));
	MUST(qa_publish(AT_FDCWD, path, qa_span_str("a.example archive=both\nb.example archive=in\nc.example as=a.example\n"),
			0644, &err));
	MUST(qa_domains_update(home, NULL, NULL, &err));
}

static uint64_t captured; /* 0 = now */

/* Fields of a queue record; the id's first byte is NUMBER. */
static void
fields(struct qa_buf *b, unsigned number, const char *const *rcpt, bool inside)
{
	unsigned char id[16] = {(unsigned char)number, (unsigned char)(number >> 8), 1};

	qa_buf_clear(b);
	if (qa_field_add(b, QA_F_ID, qa_span_of(id, 16)) || qa_field_add_u8(b, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(b, QA_F_CAPTURED, captured ? captured : qa_now()) || qa_field_add_u8(b, QA_F_SOURCE, QA_QUEUE) ||
	    qa_field_add_str(b, QA_F_SENDER, "me@b.example"))
		exit(1);
	for (; *rcpt; rcpt++)
		if (qa_field_add_str(b, QA_F_RECIPIENT, *rcpt))
			exit(1);
	if (!inside && qa_field_add_str(b, QA_F_REMOTE_IP, "192.0.2.1"))
		exit(1);
}

static void
journal(struct qa_journal *j, unsigned number, const char *const *rcpt, const char *text)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_digest d = qa_sha256_of(qa_span_str(text));

	fields(&b, number, rcpt, false);
	MUST(qa_journal_add(j, &d, qa_span_str(text), qa_buf_span(&b), &err));
	MUST(qa_journal_commit(j, &err));
	qa_buf_free(&b);
}

static uint64_t
size_of(const char *domain)
{
	uint64_t n = 0;

	if (qa_log_size(home, domain, &n, &err) < 0)
		return 99999;
	return n;
}

static void
drain(void)
{
	struct qa_importer_conf conf = {0};
	struct qa_importer *im;
	int rc;

	MUST(qa_importer_open(home, &conf, &im, &err));
	while ((rc = qa_importer_round(im, &err)) == 1)
		continue;
	OKF(rc == 0, "rounds end (%s)", rc < 0 ? err.text : "nothing waits");
	OKF(qa_importer_publish(im, &err) == 0, "publishing works");
	qa_importer_close(im);
}

static int
files_in(const char *folder)
{
	char path[QA_PATH_MAX];
	struct qa_names names;
	int n = 0;

	MUST(qa_home_path(path, home, &err, "%s", folder));
	if (qa_listdir(AT_FDCWD, path, &names, &err))
		return -1;
	for (size_t i = 0; i < names.n; i++)
		n += names.v[i][0] != '.' && strlen(names.v[i]) >= 16;
	qa_names_free(&names);
	return n;
}

/* The envelope and message of the newest entry of a domain. */
static void
check_newest(const char *domain, size_t recipients, uint64_t withheld, const char *text)
{
	struct qa_archive *a;
	struct qa_partition *p;
	struct qa_entry_id id;
	struct qa_entry e;
	struct qa_facts f;
	struct qa_buf b = QA_BUF(0);
	const qa_month *months;
	qa_span v;

	MUST(qa_archive_open(home, domain, &a, &err) != 1);
	size_t n = qa_archive_months(a, &months);
	id.month = months[n - 1];
	MUST(qa_archive_partition(a, id.month, &p, &err) != 1);
	id.n = qa_partition_entries(p);
	OK(qa_archive_entry(a, &id, &p, &e, &err) == 1);
	OK(qa_facts_get(e.fields, &f, &err) == 0 && f.recipients == recipients);
	int has = qa_field_find(e.fields, QA_F_WITHHELD, &v);
	OKF((withheld == 0 && has == 0) || (has == 1 && v.n == 8 && v.p[0] == withheld), "withheld count of %s", domain);
	OK(qa_partition_message_buf(p, &e, &b, &err) == 0 && qa_span_is(qa_buf_span(&b), text));
	qa_buf_free(&b);
	qa_archive_close(a);
}

static void
delivery_fields(struct qa_buf *b, unsigned number, bool delivery, const char *text)
{
	static const char *const rcpt[] = {"x@a.example", NULL};
	struct qa_digest refers = qa_sha256_of(qa_span_str(text));

	fields(b, number, rcpt, false);
	if (!delivery)
		return;
	b->p[2 + 4 + 16 + 2 + 4] = QA_DELIVERY; /* the kind, behind the id */
	if (qa_field_add_str(b, QA_F_FOR_DOMAIN, "a.example") ||
	    qa_field_add(b, QA_F_REFERS, qa_span_of(refers.b, sizeof refers.b)))
		exit(1);
}

/* A record by the direct way. */
static void
direct(unsigned number, bool delivery, const char *text)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_direct d;

	delivery_fields(&b, number, delivery, text);
	MUST(qa_direct_begin(&d, home, &err));
	MUST(qa_direct_add(&d, qa_span_str(text), &err));
	MUST(qa_direct_commit(&d, qa_buf_span(&b), &err));
	qa_direct_close(&d);
	qa_buf_free(&b);
}

static struct qa_sys table;
static struct qa_journal *late;

/* The importer opens a direct file, so it has listed them: a message comes there, and its delivery to the journal. */
static int
too_late(int dirfd, const char *path, int flags, mode_t mode)
{
	static const char text[] = "Subject: late\n\nl\n";
	struct qa_digest d = qa_sha256_of(qa_span_str(text));
	struct qa_buf b = QA_BUF(0);

	if (strstr(path, "/journal/direct/")) {
		qa_sys = &qa_sys_real;
		direct(1002, false, text);
		delivery_fields(&b, 1003, true, text);
		MUST(qa_journal_add(late, &d, qa_span_str(text), qa_buf_span(&b), &err) || qa_journal_commit(late, &err));
		qa_buf_free(&b);
	}
	return qa_sys_real.openat(dirfd, path, flags, mode);
}

/* The message in the journal, its copy by the direct way, which is read first. */
static void
beside(void)
{
	static const char *const rcpt[] = {"x@a.example", NULL};
	uint64_t before = size_of("a.example");
	struct qa_journal *j;
	char path[QA_PATH_MAX];

	MUST(qa_home_path(path, home, &err, "journal"));
	MUST(qa_journal_open(path, 0, &j, &err));
	journal(j, 1005, rcpt, "Subject: beside\n\n");
	direct(1006, true, "Subject: beside\n\n");
	direct(1007, false, "Subject: another\n\n");
	drain();
	OK(size_of("a.example") == before + 3 && files_in("journal/direct") == 0);
	check_newest("a.example", 1, 0, "");
	qa_journal_close(j);
	drain();
}

static void
between(void)
{
	static const char *const rcpt[] = {"x@a.example", NULL};
	uint64_t before = size_of("a.example");
	char path[QA_PATH_MAX];

	MUST(qa_home_path(path, home, &err, "journal"));
	MUST(qa_journal_open(path, 0, &late, &err));
	journal(late, 1000, rcpt, "Subject: opens the file\n\n");
	direct(1001, false, "Subject: makes the importer look\n\n");
	table = qa_sys_real;
	table.openat = too_late;
	qa_sys = &table;
	drain();
	OK(qa_sys == &qa_sys_real && size_of("a.example") == before + 4);
	check_newest("a.example", 1, 0, "");
	qa_journal_close(late);
	drain();
}

/* The agent's copy of a message is not filed when the message is there. */
static void
deliveries(void)
{
	uint64_t before = size_of("a.example");

	/* the copy has the lower name, so it is listed first */
	direct(1004, false, "Subject: big\n\nb\n");
	direct(999, true, "Subject: big\n\nb\n");
	drain();
	OK(size_of("a.example") == before + 2);
	check_newest("a.example", 1, 0, "");
	direct(998, true, "Subject: seen by the agent alone\n\nb\n");
	drain();
	OK(size_of("a.example") == before + 3);
	check_newest("a.example", 1, 0, "Subject: seen by the agent alone\n\nb\n");
	direct(997, true, "Subject: seen by the agent alone\n\nb\n");
	drain();
	OK(size_of("a.example") == before + 4);
	check_newest("a.example", 1, 0, "");
	between();
	beside();
}

int
main(void)
{
	static const char *const to_a[] = {"x@a.example", NULL};
	static const char *const to_both[] = {"x@A.Example", "y@b.example", "z@c.example", NULL};
	static const char *const to_none[] = {"x@elsewhere.example", NULL};
	struct qa_journal *j;
	char path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(0);
	struct qa_direct d;

	make_home();
	MUST(qa_home_path(path, home, &err, "journal"));
	MUST(qa_journal_open(path, 0, &j, &err));
	journal(j, 1, to_a, "Subject: one\n\n1\n");
	journal(j, 2, to_both, "Subject: two\n\n2\n");
	drain();
	OK(size_of("a.example") == 2 && size_of("b.example") == 1);
	check_newest("a.example", 2, 1, "Subject: two\n\n2\n");
	check_newest("b.example", 1, 2, "Subject: two\n\n2\n");

	/* the file is still in use, so it was read but stays; reading it again files nothing twice */
	OK(files_in("journal") == 1);
	drain();
	OK(size_of("a.example") == 2 && size_of("b.example") == 1);

	/* the same record id by the direct way (a door that waited too long) is the same message */
	fields(&b, 2, to_both, false);
	MUST(qa_direct_begin(&d, home, &err));
	MUST(qa_direct_add(&d, qa_span_str("Subject: two\n\n2\n"), &err));
	MUST(qa_direct_commit(&d, qa_buf_span(&b), &err));
	qa_direct_close(&d);
	journal(j, 3, to_none, "Subject: three\n\n3\n");
	drain();
	OK(size_of("a.example") == 2 && size_of("b.example") == 1 && size_of("default") == 1);
	OK(files_in("journal/direct") == 0);
	qa_journal_close(j);
	drain();
	OKF(files_in("journal") == 0, "a file that is left and filed goes");

	/* a domain that cannot commit holds up nobody */
	MUST(qa_home_path(path, home, &err, "journal"));
	MUST(qa_journal_open(path, 0, &j, &err));
	MUST(qa_home_path(path, home, &err, "domain/b.example/log/edge"));
	char aside[QA_PATH_MAX];
	MUST(qa_home_path(aside, home, &err, "domain/b.example/log/edge.aside"));
	if (rename(path, aside) || mkdir(path, 0700))
		return 1;
	journal(j, 4, to_both, "Subject: four\n\n4\n");
	qa_journal_close(j);
	struct qa_importer_conf conf = {.stuck_after = 1};
	struct qa_importer *im;
	MUST(qa_importer_open(home, &conf, &im, &err));
	(void)!qa_importer_round(im, &err);
	(void)!qa_importer_round(im, &err);
	(void)!qa_importer_publish(im, &err);
	OK(size_of("a.example") == 3);
	OKF(qa_importer_held(im) == 1, "the record of the stuck domain waits");
	OK(files_in("domain/b.example/var/pending") == 1);
	OKF(files_in("journal") == 0, "its journal file can go all the same");
	qa_importer_close(im);
	rmdir(path);
	if (rename(aside, path))
		return 1;
	drain();
	OKF(size_of("b.example") == 2, "the stuck domain catches up");
	OK(files_in("domain/b.example/var/pending") == 0);
	check_newest("b.example", 1, 2, "Subject: four\n\n4\n");

	/* more months than a round holds: a journal that waited for years */
	uint64_t old = size_of("a.example");
	MUST(qa_home_path(path, home, &err, "journal"));
	MUST(qa_journal_open(path, 0, &j, &err));
	for (unsigned i = 0; i < 30; i++) {
		captured = (uint64_t)qa_seconds_of(2020 + (int)(i % 15) / 12, i % 15 % 12 + 1, 3, 0, 0, i) * QA_SECOND;
		journal(j, 100 + i, to_both, "Subject: old\n\nold\n");
	}
	captured = 0;
	qa_journal_close(j);
	drain();
	OKF(size_of("a.example") == old + 30, "records of 15 months are filed");
	OK(files_in("journal") == 0);

	deliveries();

	/* the log is made again from the segments */
	uint64_t before = size_of("a.example");
	MUST(qa_home_path(path, home, &err, "domain/a.example/log/edge"));
	unlink(path);
	drain();
	OKF(size_of("a.example") == before, "a lost edge is made again");

	OK(run("rm", "-rf", home, NULL) == 0);
	qa_buf_free(&b);
	return done();
}
