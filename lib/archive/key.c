#include "archive/key.h"
#include "archive/home.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"
#include "sys/publish.h"
#include "sys/syncset.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* A domain whose key or public half is missing. */
struct fresh {
	const char *domain;
	bool has_key;
	struct qa_publish p; /* key, then public half, on its way */
};

static int
stage(struct fresh *f, const char *path, qa_span text, mode_t mode, struct qa_syncset *set, struct qa_err *err)
{
	if (qa_publish_begin(&f->p, AT_FDCWD, path, mode, err))
		return -1;
	if (qa_write_all(f->p.fd, text.p, text.n, path, err)) {
		qa_publish_abort(&f->p);
		return -1;
	}
	return qa_publish_stage(&f->p, set, err);
}

static int
write_key(const char *home, struct fresh *f, struct qa_syncset *set, struct qa_err *err)
{
	char path[QA_PATH_MAX], name[QA_TLOG_NAME_MAX + 1], epoch[9], text[QA_TLOG_SIGNER_TEXT];
	struct qa_buf b = QA_BUF(8192);
	struct qa_tlog_signer key;
	unsigned char random[4];
	int rc = -1;

	if (qa_random(random, sizeof random))
		return qa_fail(err, errno, "cannot get random bytes: ");
	qa_hex(random, sizeof random, epoch);
	if (snprintf(name, sizeof name, "%.220s/qmail-archive/%s", f->domain, epoch) >= (int)sizeof name ||
	    qa_tlog_signer_new(name, &key, err) || qa_home_path(path, home, err, QA_HOME_KEY, f->domain))
		return -1;
	qa_tlog_signer_text(&key, text);
	qa_tlog_wipe(&key, sizeof key);
	/* room at once, so that no smaller buffer is left behind */
	if (qa_buf_reserve(&b, 4096) == 0 &&
	    qa_buf_addf(&b,
			"# The signing key of this domain's log. Whoever has it can sign in the archive's name:\n"
			"# keep a copy elsewhere, and nobody else's eyes on it. See format-leaf(5).\n"
			"origin = \"%s\"\nkey = \"%s\"\n",
			name, text) == 0)
		rc = stage(f, path, qa_buf_span(&b), 0600, set, err);
	else
		qa_fail(err, errno, "cannot make the key of %s: ", f->domain);
	qa_tlog_wipe(text, sizeof text);
	if (b.p)
		qa_tlog_wipe(b.p, b.n);
	qa_buf_free(&b);
	return rc;
}

/* The key under its name, unless another process was faster: then its key counts. Whoever made one that was there may have
 * died before its name was durable, and nothing may be signed by a key that can go. */
static int
name_key(const char *home, struct fresh *f, struct qa_syncset *set, struct qa_err *err)
{
	char etc[QA_PATH_MAX];

	if (!f->has_key)
		return qa_publish_name_new(&f->p, set, err) < 0 ? -1 : 0;
	return qa_home_path(etc, home, err, "domain/%s/etc", f->domain) || qa_syncset_folder(set, AT_FDCWD, etc, err) ? -1 : 0;
}

static int
write_vkey(const char *home, struct fresh *f, struct qa_syncset *set, struct qa_err *err)
{
	char path[QA_PATH_MAX], text[QA_TLOG_KEY_TEXT + 1];
	struct qa_tlog_signer key;

	if (qa_home_path(path, home, err, QA_HOME_LOG "/vkey", f->domain) || qa_key_load(home, f->domain, &key, err))
		return -1;
	qa_tlog_key_text(&key.key, text);
	qa_tlog_wipe(&key, sizeof key);
	size_t n = strlen(text);
	text[n++] = '\n';
	return stage(f, path, qa_span_of(text, n), 0644, set, err);
}

static int
name_vkey(const char *home, struct fresh *f, struct qa_syncset *set, struct qa_err *err)
{
	(void)home;
	return qa_publish_name(&f->p, set, err);
}

/* What is there: 1 all, and the key is good; 0 not (*key_r: the key is); -1 the public half of a key that is gone. */
static int
look(const char *home, const char *domain, bool *key_r, struct qa_err *err)
{
	char path[QA_PATH_MAX], vkey[QA_PATH_MAX];
	struct qa_tlog_signer key;
	struct stat st;

	if (qa_home_path(path, home, err, QA_HOME_KEY, domain) ||
	    qa_home_path(vkey, home, err, QA_HOME_LOG "/vkey", domain))
		return -1;
	*key_r = qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0;
	if (!*key_r && errno != ENOENT)
		return qa_fail(err, errno, "cannot look at %s: ", path);
	if (*key_r && st.st_mode & 077)
		qa_log(QA_ALERT, "event=log.key.exposed domain=%s file=%s why=\"mode %04o: others can sign, too\"", domain,
		       path, (unsigned)st.st_mode & 07777);
	if (qa_sys->fstatat(AT_FDCWD, vkey, &st, 0))
		return 0;
	/* the key is durable before its public half is written, so it did not get lost in a crash */
	if (!*key_r)
		*key_r = qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0; /* another process made both between the two looks */
	if (!*key_r)
		return qa_fail(err, ENOENT, "cannot open %s, the key that belongs to %s: ", path, vkey);
	if (qa_key_load(home, domain, &key, err))
		return -1;
	qa_tlog_wipe(&key, sizeof key);
	return 1;
}

typedef int step(const char *home, struct fresh *f, struct qa_syncset *set, struct qa_err *err);

static int
run_steps(const char *home, struct fresh *fresh, size_t n, struct qa_err *err)
{
	static step *const steps[] = {name_key, write_vkey, name_vkey};
	struct qa_syncset set;

	qa_syncset_init(&set);
	for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
		for (size_t i = 0; i < n; i++)
			if (steps[k](home, &fresh[i], &set, err)) {
				qa_syncset_drop(&set);
				return -1;
			}
		if (qa_syncset_commit(&set, err))
			return -1;
	}
	return 0;
}

int
qa_key_init_all(const char *home, const char *const *domain, size_t n, struct qa_err *err)
{
	struct fresh *fresh = NULL;
	struct qa_syncset set;
	size_t found = 0;
	int rc = 0;

	qa_syncset_init(&set);
	for (size_t i = 0; i < n && rc == 0; i++) {
		bool key;
		int all = look(home, domain[i], &key, err);

		if (all == 1)
			continue;
		struct fresh *f = all < 0 ? NULL : reallocarray(fresh, found + 1, sizeof *fresh);
		if (!f) {
			rc = all < 0 ? -1 : qa_fail(err, ENOMEM, "cannot make the key of %s: ", domain[i]);
			break;
		}
		fresh = f;
		fresh[found] = (struct fresh){.domain = domain[i], .has_key = key, .p = {.fd = -1}};
		rc = key ? 0 : write_key(home, &fresh[found], &set, err);
		found++;
	}
	if (rc == 0)
		rc = qa_syncset_commit(&set, err);
	else
		qa_syncset_drop(&set);
	if (rc == 0)
		rc = run_steps(home, fresh, found, err);
	int num = errno;
	for (size_t i = 0; i < found; i++)
		qa_publish_abort(&fresh[i].p);
	free(fresh);
	errno = num;
	return rc;
}

int
qa_key_init(const char *home, const char *domain, struct qa_err *err)
{
	return qa_key_init_all(home, &domain, 1, err);
}
