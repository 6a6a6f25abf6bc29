#include "archive/key.h"
#include "archive/home.h"
#include "base/id.h"
#include "base/text.h"
#include "conf/conf.h"
#include "sys/publish.h"

#include <errno.h>
#include <stdio.h>

int
qa_key_load(const char *home, const char *domain, struct qa_tlog_signer *key_r, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_conf *c;
	const char *origin, *key;
	int rc;

	if (qa_home_path(path, home, err, QA_HOME_KEY, domain))
		return -1;
	rc = qa_conf_read(AT_FDCWD, path, &c, err);
	if (rc < 0)
		return -1;
	origin = qa_conf_text(c, "origin");
	key = qa_conf_text(c, "key");
	if (rc == 0)
		rc = qa_fail(err, ENOENT, "cannot open %s: ", path);
	else if (!origin || !key)
		rc = qa_fail(err, EPROTO, "%s: origin or key is missing", path);
	else if (qa_tlog_signer_scan(qa_span_str(key), key_r, err))
		rc = qa_fail_in(err, "%s", path);
	else if (strcmp(key_r->key.name, origin) != 0) {
		qa_tlog_wipe(key_r, sizeof *key_r);
		rc = qa_fail(err, EPROTO, "%s: the key's name is not the origin", path);
	}
	qa_conf_free(c);
	return rc < 0 ? -1 : 0;
}

static int
make_key(const char *home, const char *domain, struct qa_tlog_signer *key, struct qa_err *err)
{
	char path[QA_PATH_MAX], name[QA_TLOG_NAME_MAX + 1], epoch[9], text[QA_TLOG_SIGNER_TEXT];
	struct qa_buf b = QA_BUF(4096);
	unsigned char random[4];
	int rc = -1;

	if (qa_random(random, sizeof random))
		return qa_fail(err, errno, "cannot get random bytes: ");
	qa_hex(random, sizeof random, epoch);
	if (snprintf(name, sizeof name, "%.220s/qmail-archive/%s", domain, epoch) >= (int)sizeof name ||
	    qa_tlog_signer_new(name, key, err) || qa_home_path(path, home, err, QA_HOME_KEY, domain))
		return -1;
	qa_tlog_signer_text(key, text);
	if (qa_buf_addf(&b,
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
		if (qa_sys->fstatat(AT_FDCWD, vkey, &st, 0) == 0)
			return 0;
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
