/*
 * The signing key's file: how it is made, and that a key of another log signs nothing.
 */
#include "archive/key.h"
#include "archive/log.h"
#include "archive/testing.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

static char key_path[QA_PATH_MAX], vkey_path[QA_PATH_MAX], note_path[QA_PATH_MAX];

static bool
same(const char *path, const struct qa_buf *as)
{
	struct qa_buf b = QA_BUF(0);

	MUST(qa_slurp(AT_FDCWD, path, &b, &test_err) != 1);
	bool yes = qa_span_eq(qa_buf_span(&b), qa_buf_span(as));
	qa_buf_free(&b);
	return yes;
}

static void
put_file(const char *path, const struct qa_buf *b)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	if (fd < 0 || write(fd, b->p, b->n) != (ssize_t)b->n || close(fd))
		exit(99);
}

/* A file with another key of the same NAME, or of another log. */
static void
replace(const char *name)
{
	struct qa_buf b = QA_BUF(4096);
	struct qa_tlog_signer s;
	char text[QA_TLOG_SIGNER_TEXT];

	MUST(qa_tlog_signer_new(name, &s, &test_err));
	qa_tlog_signer_text(&s, text);
	if (qa_buf_addf(&b, "origin = \"%s\"\nkey = \"%s\"\n", name, text))
		exit(99);
	put_file(key_path, &b);
	qa_buf_free(&b);
}

static void
test_new(void)
{
	struct stat st;

	test_file(test_home, 1, 4, test_time(2026, 10, 2));
	OK(stat(key_path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_uid == geteuid());
}

/* The writer is open when the key is replaced: it cannot publish, and what it published before stays. */
static void
test_replaced_while_open(const struct qa_buf *good, const char *name, unsigned from)
{
	struct qa_buf note = QA_BUF(0);
	struct qa_tlog_signer key;
	struct qa_writer *w;

	MUST(qa_slurp(AT_FDCWD, note_path, &note, &test_err) != 1);
	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	test_commit(w, from, from + 2, test_time(2026, 10, 2));
	replace(name);
	OKF(qa_writer_publish(w, &test_err) == -1 && test_err.num == EPROTO, "a key of another log signs nothing (%s)",
	    test_err.text);
	qa_writer_close(w);
	OKF(same(note_path, &note), "the checkpoint is as it was");
	OKF(qa_key_load(test_home, TEST_DOMAIN, &key, &test_err) == -1 && test_err.num == EPROTO, "it is not loaded");
	OKF(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err) == -1, "nor does a writer begin (%s)", test_err.text);
	put_file(key_path, good);
	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	MUST(qa_writer_begin(w, QA_SECOND, &test_err));
	MUST(qa_writer_commit(w, &test_err));
	OKF(qa_writer_publish(w, &test_err) == 0 && !same(note_path, &note), "with the old key all is signed");
	qa_writer_close(w);
	qa_buf_free(&note);
}

static void
test_halves(const struct qa_buf *good)
{
	struct qa_buf vkey = QA_BUF(0);

	MUST(qa_slurp(AT_FDCWD, vkey_path, &vkey, &test_err) != 1);
	unlink(vkey_path);
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0 && same(vkey_path, &vkey), "vkey is made again from the key");
	unlink(key_path);
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == -1 && test_err.num == ENOENT, "not so the key (%s)", test_err.text);
	put_file(key_path, good);
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0 && same(key_path, good), "a good key is left alone");
	qa_buf_free(&vkey);
}

static void
test_guard(void)
{
	struct rlimit r;

	qa_key_guard();
	OKF(getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur == 1 && r.rlim_max == 1, "no core dumps, by pipe neither");
}

int
main(void)
{
	struct qa_buf good = QA_BUF(0);
	struct qa_tlog_signer key;

	test_begin();
	MUST(qa_home_path(key_path, test_home, &test_err, QA_HOME_KEY, TEST_DOMAIN));
	MUST(qa_home_path(vkey_path, test_home, &test_err, QA_HOME_LOG "/vkey", TEST_DOMAIN));
	MUST(qa_home_path(note_path, test_home, &test_err, QA_HOME_LOG "/checkpoint", TEST_DOMAIN));
	test_new();
	MUST(qa_slurp(AT_FDCWD, key_path, &good, &test_err) != 1);
	MUST(qa_key_load(test_home, TEST_DOMAIN, &key, &test_err));
	test_replaced_while_open(&good, key.key.name, 10);
	test_replaced_while_open(&good, "other.example/qmail-archive/00000000", 20);
	test_halves(&good);
	qa_tlog_wipe(&key, sizeof key);
	qa_buf_free(&good);
	test_guard();
	return test_end();
}
