#include "archive/key.h"
#include "archive/home.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"
#include "sys/publish.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

/* Pairs and bytes of the file are wiped, but for the copy that key_r is. */
static int
read_key(const char *path, struct qa_tlog_signer *key_r, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(16 << 10);
	struct qa_conf *c = NULL;
	const char *origin, *key;
	int rc = qa_slurp(AT_FDCWD, path, &b, err);

	if (rc == 0)
		rc = qa_fail(err, ENOENT, "cannot open %s: ", path);
	if (rc == 1 && qa_conf_parse(qa_buf_span(&b), path, &c, err))
		rc = -1;
	if (b.p)
		qa_tlog_wipe(b.p, b.size);
	qa_buf_free(&b);
	if (rc < 0)
		return -1;
	origin = qa_conf_text(c, "origin");
	key = qa_conf_text(c, "key");
	if (!origin || !key)
		rc = qa_fail(err, EPROTO, "%s: origin or key is missing", path);
	else if (qa_tlog_signer_scan(qa_span_str(key), key_r, err))
		rc = qa_fail_in(err, "%s", path);
	else if (strcmp(key_r->key.name, origin) != 0) {
		qa_tlog_wipe(key_r, sizeof *key_r);
		rc = qa_fail(err, EPROTO, "%s: the key's name is not the origin", path);
	}
	if (key)
		qa_tlog_wipe((char *)(uintptr_t)key, strlen(key));
	qa_conf_free(c);
	return rc < 0 ? -1 : 0;
}

/* What another key signs, nobody who knows this log's would believe, and the good checkpoint before it would be gone. */
static int
is_of_log(const char *home, const char *domain, const char *path, const struct qa_tlog_key *key, struct qa_err *err)
{
	char vkey[QA_PATH_MAX], text[QA_TLOG_KEY_TEXT];
	struct qa_buf b = QA_BUF(QA_TLOG_KEY_TEXT);
	int rc;

	if (qa_home_path(vkey, home, err, QA_HOME_LOG "/vkey", domain))
		return -1;
	rc = qa_slurp(AT_FDCWD, vkey, &b, err);
	while (b.n && b.p[b.n - 1] == '\n')
		b.n--;
	qa_tlog_key_text(key, text);
	if (rc == 1 && !qa_span_is(qa_buf_span(&b), text))
		rc = qa_fail(err, EPROTO, "%s: is not the key that %s is of; one of them was replaced", path, vkey);
	qa_buf_free(&b);
	return rc < 0 ? -1 : 0;
}

int
qa_key_load(const char *home, const char *domain, struct qa_tlog_signer *key_r, struct qa_err *err)
{
	char path[QA_PATH_MAX];

	if (qa_home_path(path, home, err, QA_HOME_KEY, domain) || read_key(path, key_r, err))
		return -1;
	if (is_of_log(home, domain, path, &key_r->key, err) == 0)
		return 0;
	qa_tlog_wipe(key_r, sizeof *key_r);
	return -1;
}

void
qa_key_guard(void)
{
	/* not 0: the kernel hands a dump to a program in spite of a limit of 0, but not of 1 */
	static const struct rlimit none = {1, 1};

	setrlimit(RLIMIT_CORE, &none);
}

static int
make_key(const char *home, const char *domain, struct qa_tlog_signer *key, struct qa_err *err)
{
	char path[QA_PATH_MAX], name[QA_TLOG_NAME_MAX + 1], epoch[9], text[QA_TLOG_SIGNER_TEXT];
	struct qa_buf b = QA_BUF(8192);
	unsigned char random[4];
	int rc = -1;

	if (qa_random(random, sizeof random))
		return qa_fail(err, errno, "cannot get random bytes: ");
	qa_hex(random, sizeof random, epoch);
	if (snprintf(name, sizeof name, "%.220s/qmail-archive/%s", domain, epoch) >= (int)sizeof name ||
	    qa_tlog_signer_new(name, key, err) || qa_home_path(path, home, err, QA_HOME_KEY, domain))
		return -1;
	qa_tlog_signer_text(key, text);
	/* room at once, so that no smaller buffer is left behind */
	if (qa_buf_reserve(&b, 4096) == 0 &&
	    qa_buf_addf(&b,
			"# The signing key of this domain's log. Whoever has it can sign in the archive's name:\n"
			"# keep a copy elsewhere, and nobody else's eyes on it. See format-leaf(5).\n"
			"origin = \"%s\"\nkey = \"%s\"\n",
			name, text) == 0)
		rc = qa_publish_new(AT_FDCWD, path, qa_buf_span(&b), 0600, err);
	else
		qa_fail(err, errno, "cannot make the key of %s: ", domain);
	qa_tlog_wipe(text, sizeof text);
	if (b.p)
		qa_tlog_wipe(b.p, b.n);
	qa_buf_free(&b);
	return rc;
}

int
qa_key_init(const char *home, const char *domain, struct qa_err *err)
{
	char path[QA_PATH_MAX], vkey[QA_PATH_MAX], etc[QA_PATH_MAX], text[QA_TLOG_KEY_TEXT + 1];
	struct qa_tlog_signer key;
	struct stat st;
	int rc = 0;

	if (qa_home_path(path, home, err, QA_HOME_KEY, domain) ||
	    qa_home_path(vkey, home, err, QA_HOME_LOG "/vkey", domain) ||
	    qa_home_path(etc, home, err, "domain/%s/etc", domain))
		return -1;
	if (qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0) {
		if (st.st_mode & 077)
			qa_log(QA_ALERT, "event=log.key.exposed domain=%s file=%s why=\"mode %04o: others can sign, too\"",
			       domain, path, (unsigned)st.st_mode & 07777);
		if (qa_sys->fstatat(AT_FDCWD, vkey, &st, 0) == 0) {
			rc = qa_key_load(home, domain, &key, err);
			if (rc == 0)
				qa_tlog_wipe(&key, sizeof key);
			return rc;
		}
		/* whoever made it may have died before its name was durable, and nothing may be signed by a key that can go */
		rc = qa_fsync_dir(AT_FDCWD, etc, err) || qa_key_load(home, domain, &key, err) ? -1 : 0;
	} else if (errno == ENOENT) {
		/* the key is durable before its public half is written, so it did not get lost in a crash */
		if (qa_sys->fstatat(AT_FDCWD, vkey, &st, 0) == 0)
			return qa_fail(err, ENOENT, "cannot open %s, the key that belongs to %s: ", path, vkey);
		rc = make_key(home, domain, &key, err);
		/* another process was faster: its key counts */
		if (rc && errno == EEXIST)
			rc = qa_key_load(home, domain, &key, err);
	} else {
		return qa_fail(err, errno, "cannot look at %s: ", path);
	}
	if (rc)
		return -1;
	qa_tlog_key_text(&key.key, text);
	qa_tlog_wipe(&key, sizeof key);
	size_t n = strlen(text);
	text[n++] = '\n';
	return qa_publish(AT_FDCWD, vkey, qa_span_of(text, n), 0644, err);
}
