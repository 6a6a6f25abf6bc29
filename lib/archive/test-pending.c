/* A stuck domain's records, many and large, go to its pending folder in few syncs, and come back once each. */
#include "archive/log.h"
#include "archive/round.h"
#include "archive/testing.h"
#include "base/id.h"
#include "conf/domains.h"
#include "journal/record.h"
#include "journal/write.h"
#include "sys/publish.h"

#include <unistd.h>

enum { SMALL = 2500, MIDDLE = 12, BIG = 2, ALL = SMALL + MIDDLE + BIG };

static struct qa_sys table;
static unsigned syncs;

static int
counted_fdatasync(int fd)
{
	syncs++;
	return qa_sys_real.fdatasync(fd);
}

static void
make_home(void)
{
	static const char *const folders[] = {"etc", "domain", "journal/direct", "var"};
	char path[QA_PATH_MAX];

	for (size_t i = 0; i < 4; i++) {
		MUST(qa_home_path(path, test_home, &test_err, "%s", folders[i]));
		MUST(qa_mkdirs(AT_FDCWD, path, 0755, &test_err));
	}
	MUST(qa_home_path(path, test_home, &test_err, "etc/domains"));
	MUST(qa_publish(AT_FDCWD, path, qa_span_str("a.example archive=both\n"), 0644, &test_err));
	MUST(qa_domains_update(test_home, NULL, NULL, &test_err));
}

static void
one(struct qa_journal *j, unsigned number, size_t size)
{
	struct qa_buf m = test_message(number, size), b = QA_BUF(0);
	struct qa_digest d = qa_sha256_of(qa_buf_span(&m));
	struct qa_id id;

	if (qa_random(id.b, sizeof id.b) || qa_field_add(&b, QA_F_ID, qa_span_of(id.b, sizeof id.b)) ||
	    qa_field_add_u8(&b, QA_F_KIND, QA_MESSAGE) || qa_field_add_u64(&b, QA_F_CAPTURED, qa_now()) ||
	    qa_field_add_u8(&b, QA_F_SOURCE, QA_QUEUE) || qa_field_add_str(&b, QA_F_SENDER, "me@b.example") ||
	    qa_field_add_str(&b, QA_F_RECIPIENT, "x@a.example"))
		exit(99);
	MUST(qa_journal_add(j, &d, qa_buf_span(&m), qa_buf_span(&b), &test_err));
	MUST(qa_journal_commit(j, &test_err));
	qa_buf_free(&m);
	qa_buf_free(&b);
}

static void
fill(void)
{
	struct qa_journal *j;
	char path[QA_PATH_MAX];
	unsigned n = 0;

	MUST(qa_home_path(path, test_home, &test_err, "journal"));
	MUST(qa_journal_open(path, 0, &j, &test_err));
	for (unsigned i = 0; i < SMALL; i++)
		one(j, n++, 200);
	for (unsigned i = 0; i < MIDDLE; i++)
		one(j, n++, 3 << 20);
	for (unsigned i = 0; i < BIG; i++) {
		one(j, n++, 6 << 20);
		one(j, n++, 100);
	}
	qa_journal_close(j);
}

static size_t
files_in(const char *folder)
{
	char path[QA_PATH_MAX];
	struct qa_names names;

	MUST(qa_home_path(path, test_home, &test_err, "%s", folder));
	MUST(qa_listdir(AT_FDCWD, path, &names, &test_err));
	size_t n = 0;
	for (size_t i = 0; i < names.n; i++)
		n += names.v[i][0] == '0';
	qa_names_free(&names);
	return n;
}

static void
rounds(const struct qa_importer_conf *conf, unsigned most)
{
	struct qa_importer *im;

	MUST(qa_importer_open(test_home, conf, &im, &test_err));
	while (most-- && qa_importer_round(im, &test_err) > 0)
		continue;
	(void)!qa_importer_publish(im, &test_err);
	qa_importer_close(im);
}

int
main(void)
{
	struct qa_importer_conf conf = {.stuck_after = 1};
	char edge[QA_PATH_MAX], aside[QA_PATH_MAX];
	struct qa_writer *w;
	uint64_t size = 0;

	test_begin();
	make_home();
	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	MUST(qa_writer_begin(w, QA_SECOND, &test_err));
	qa_writer_abort(w);
	qa_writer_close(w);
	MUST(qa_home_path(edge, test_home, &test_err, QA_HOME_LOG "/edge", TEST_DOMAIN));
	MUST(qa_home_path(aside, test_home, &test_err, QA_HOME_LOG "/aside", TEST_DOMAIN));
	if (rename(edge, aside) || mkdir(edge, 0700))
		exit(99);
	fill();
	table = qa_sys_real;
	table.fdatasync = counted_fdatasync;
	qa_sys = &table;
	rounds(&conf, 20);
	qa_sys = &qa_sys_real;
	OKF(files_in("journal") == 0 && files_in("domain/" TEST_DOMAIN "/var/pending") > 0, "the journal's files could go");
	OKF(syncs > 3 && syncs < 40, "%u syncs for %d records", syncs, ALL + BIG);
	rmdir(edge);
	if (rename(aside, edge))
		exit(99);
	rounds(&conf, 50);
	OK(qa_log_size(test_home, TEST_DOMAIN, &size, &test_err) == 1);
	OKF(size == ALL + BIG, "%llu are filed in the end", (unsigned long long)size);
	OK(files_in("domain/" TEST_DOMAIN "/var/pending") == 0);
	return test_end();
}
