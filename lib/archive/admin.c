#include "archive/admin.h"
#include "archive/home.h"
#include "archive/key.h"
#include "conf/edit.h"
#include "conf/instance.h"
#include "sys/publish.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { TEXT_MAX = 64 << 20, CDB_MAX = 128 << 20, LOCK_TRIES = 100 }; /* of 50 ms */

struct table {
	const char *home;
	int etc, lock;
	struct qa_buf text;
	struct qa_domain_line *lines;
	size_t n;
};

/* Another command is done in a moment. */
static int
lock(int etc, struct qa_err *err)
{
	struct timespec moment = {.tv_nsec = 50000000};
	int fd = -1;

	for (int i = 0; i < LOCK_TRIES; i++) {
		fd = qa_lock(etc, ".lock", err);
		if (fd >= 0 || errno != EWOULDBLOCK)
			break;
		nanosleep(&moment, NULL);
	}
	return fd;
}

static void
close_table(struct table *t)
{
	free(t->lines);
	qa_buf_free(&t->text);
	qa_close(&t->lock);
	qa_close(&t->etc);
}

/* The table as it is, read and parsed; under the lock when it is to be changed. */
static int
open_table(struct table *t, const char *home, bool change, qa_domains_bad *bad, void *ctx, struct qa_err *err)
{
	char path[QA_PATH_MAX];

	*t = (struct table){.home = home, .etc = -1, .lock = -1, .text = QA_BUF(TEXT_MAX)};
	if (qa_home_path(path, home, err, "etc"))
		return -1;
	t->etc = qa_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, err);
	if (t->etc < 0)
		return -1;
	if (change && (t->lock = lock(t->etc, err)) < 0) {
		qa_fail_in(err, "%s", path);
		goto fail;
	}
	if (change && qa_publish_sweep(t->etc, ".", err) < 0)
		goto fail;
	int rc = qa_slurp(t->etc, "domains", &t->text, err);
	if (rc == 0)
		qa_fail(err, ENOENT, "cannot read %s/domains: ", path);
	if (rc <= 0)
		goto fail;
	if (qa_domains_parse(qa_buf_span(&t->text), &t->lines, &t->n, bad, ctx, err)) {
		if (errno == EPROTO)
			qa_fail(err, EPROTO, "%s/domains has bad lines; nothing was changed", path);
		goto fail;
	}
	return 0;
fail:
	close_table(t);
	return -1;
}

static const struct qa_domain_line *
find_line(const struct table *t, const char *domain)
{
	bool wildcard = *domain == '.';

	for (size_t i = 0; i < t->n; i++)
		if (t->lines[i].wildcard == wildcard && strcasecmp(t->lines[i].name, domain + wildcard) == 0)
			return &t->lines[i];
	return NULL;
}

/* The first bad line of a text that a command made. */
struct first {
	unsigned number;
	char why[256];
};

static void
keep_first(void *ctx, unsigned number, const char *why)
{
	struct first *f = ctx;

	if (f->number == 0) {
		f->number = number;
		snprintf(f->why, sizeof f->why, "%s", why);
	}
}

/* Bad lines of the new text are the command's fault: the old one was good. OWN is the line of the first of its domains, the
 * others follow. */
static int
parse_new(struct table *t, qa_span text, const char *const *domain, size_t domains, unsigned own, struct qa_err *err)
{
	struct first f = {0, ""};

	free(t->lines);
	t->lines = NULL;
	if (qa_domains_parse(text, &t->lines, &t->n, keep_first, &f, err) == 0)
		return 0;
	if (errno != EPROTO)
		return -1;
	if (own && f.number >= own && f.number - own < domains)
		return qa_fail(err, EPROTO, "%s: %s", domain[f.number - own], f.why);
	return qa_fail(err, EPROTO, "%s: line %u of the table would be bad: %s", domain[0], f.number, f.why);
}

static unsigned
count_lines(qa_span text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n' || i + 1 == text.n;
	return n;
}

/* Publishes text (NULL = it is there already) and the compiled form of t->lines. */
static int
publish(struct table *t, const qa_span *text, struct qa_err *err)
{
	struct qa_buf cdb = QA_BUF(CDB_MAX);
	struct qa_publish p;
	int rc = -1;

	if (qa_domains_compile(t->lines, t->n, &cdb, err) == 0 &&
	    qa_publish_begin(&p, t->etc, "domains.cdb", 0644, err) == 0) {
		if (qa_write_all(p.fd, cdb.p, cdb.n, "domains.cdb", err) ||
		    (text && qa_publish(t->etc, "domains", *text, 0644, err)))
			qa_publish_abort(&p);
		else
			rc = qa_publish_end(&p, err);
	}
	qa_buf_free(&cdb);
	return rc;
}

/* What the archives of domains need, owned by who runs the daemons. */
static int
make_archives(const char *home, const char *const *folder, size_t n, struct qa_err *err)
{
	struct qa_err second;

	if (qa_instance_become(home, err))
		return -1;
	int rc = qa_home_domains(home, folder, n, err) || qa_key_init_all(home, folder, n, err) ? -1 : 0;
	if (qa_instance_return(&second) && rc == 0) {
		if (err)
			*err = second;
		rc = -1;
	}
	return rc;
}

/* The text with a rule more for each domain, parsed. */
static int
add_lines(struct table *t, const char *const *domain, size_t domains, const char *const *pairs, size_t n,
	  struct qa_buf *text, struct qa_err *err)
{
	qa_span before = qa_buf_span(&t->text);

	for (size_t i = 0; i < domains; i++) {
		const struct qa_domain_line *l = find_line(t, domain[i]);

		if (l)
			return qa_fail(err, EEXIST, "%s has a rule already, in line %u of %s/etc/domains", domain[i],
				       l->number, t->home);
		if (qa_edit_add(i ? (qa_span){NULL, 0} : before, domain[i], pairs, n, text, err))
			return -1;
	}
	return parse_new(t, qa_buf_span(text), domain, domains, count_lines(before) + 1, err);
}

static int
add_to(struct table *t, const char *const *domain, size_t domains, const char *const *pairs, size_t n,
       char (*folder_r)[QA_DOMAIN_MAX + 1], struct qa_err *err)
{
	const char **folders = calloc(domains, sizeof *folders);
	struct qa_buf b = QA_BUF(TEXT_MAX);
	int rc = folders ? add_lines(t, domain, domains, pairs, n, &b, err)
			 : qa_fail(err, ENOMEM, "cannot add to the table of domains: ");

	for (size_t i = 0; i < domains && rc == 0; i++) {
		const struct qa_domain_line *l = find_line(t, domain[i]);

		if (!l)
			rc = qa_fail(err, EPROTO, "\"%s\" is not a domain", domain[i]);
		else
			snprintf(folder_r[i], sizeof folder_r[i], "%s", l->rule.folder);
		folders[i] = folder_r[i];
	}
	if (rc == 0) {
		qa_span text = qa_buf_span(&b);

		rc = make_archives(t->home, folders, domains, err) || publish(t, &text, err) ? -1 : 0;
	}
	qa_buf_free(&b);
	free(folders);
	return rc;
}

int
qa_admin_add_all(const char *home, const char *const *domain, size_t domains, const char *const *pairs, size_t n,
		 qa_domains_bad *bad, void *ctx, char (*folder_r)[QA_DOMAIN_MAX + 1], struct qa_err *err)
{
	struct qa_buf lines = QA_BUF(0);
	struct table t = {.home = home};
	char path[QA_PATH_MAX];
	struct stat st;
	int rc = 0;

	/* the words alone, before an instance is made for them */
	for (size_t i = 0; i < domains && rc == 0; i++)
		rc = qa_edit_add((qa_span){NULL, 0}, domain[i], pairs, n, &lines, err);
	if (rc == 0)
		rc = qa_home_path(path, home, err, "etc/domains");
	if (rc == 0 && qa_sys->fstatat(AT_FDCWD, path, &st, 0))
		rc = parse_new(&t, qa_buf_span(&lines), domain, domains, 1, err);
	free(t.lines);
	qa_buf_free(&lines);
	if (rc || qa_instance_init(home, err) || open_table(&t, home, true, bad, ctx, err))
		return -1;
	rc = add_to(&t, domain, domains, pairs, n, folder_r, err);
	close_table(&t);
	return rc;
}

int
qa_admin_add(const char *home, const char *domain, const char *const *pairs, size_t n, qa_domains_bad *bad, void *ctx,
	     char folder_r[QA_DOMAIN_MAX + 1], struct qa_err *err)
{
	char folder[1][QA_DOMAIN_MAX + 1];

	if (qa_admin_add_all(home, &domain, 1, pairs, n, bad, ctx, folder, err))
		return -1;
	memcpy(folder_r, folder[0], sizeof folder[0]);
	return 0;
}

int
qa_admin_set(const char *home, const char *domain, const char *const *pairs, size_t n, qa_domains_bad *bad, void *ctx,
	     struct qa_err *err)
{
	struct qa_buf b = QA_BUF(TEXT_MAX);
	struct table t;

	if (open_table(&t, home, true, bad, ctx, err))
		return -1;
	const struct qa_domain_line *l = find_line(&t, domain);
	unsigned own = l ? l->number : 0;
	int rc = qa_edit_set(qa_buf_span(&t.text), domain, pairs, n, &b, err);
	if (rc > 0) {
		qa_span text = qa_buf_span(&b);

		if (parse_new(&t, text, &domain, 1, own, err) || !(l = find_line(&t, domain)) ||
		    make_archives(home, (const char *const[]){l->rule.folder}, 1, err) || publish(&t, &text, err))
			rc = -1;
	}
	qa_buf_free(&b);
	close_table(&t);
	return rc;
}

int
qa_admin_remove(const char *home, const char *domain, qa_domains_bad *bad, void *ctx,
		char folder_r[QA_DOMAIN_MAX + 1], struct qa_err *err)
{
	struct qa_buf b = QA_BUF(TEXT_MAX);
	struct table t;

	if (open_table(&t, home, true, bad, ctx, err))
		return -1;
	const struct qa_domain_line *l = find_line(&t, domain);
	snprintf(folder_r, QA_DOMAIN_MAX + 1, "%s", l ? l->rule.folder : "");
	int rc = qa_edit_remove(qa_buf_span(&t.text), domain, &b, err);
	if (rc > 0) {
		qa_span text = qa_buf_span(&b);

		if (parse_new(&t, text, &domain, 1, 0, err) || publish(&t, &text, err))
			rc = -1;
	}
	qa_buf_free(&b);
	close_table(&t);
	return rc;
}

int
qa_admin_update(const char *home, qa_domains_bad *bad, void *ctx, size_t *n_r, struct qa_err *err)
{
	const char **folders;
	struct table t;
	size_t n = 0;
	int rc;

	if (open_table(&t, home, true, bad, ctx, err))
		return -1;
	folders = calloc(t.n ? t.n : 1, sizeof *folders);
	for (size_t i = 0; i < t.n && folders; i++)
		if (t.lines[i].rule.archive && !t.lines[i].as[0])
			folders[n++] = t.lines[i].rule.folder;
	rc = folders ? make_archives(home, folders, n, err) : qa_fail(err, ENOMEM, "cannot hold the table of domains: ");
	if (rc == 0)
		rc = publish(&t, NULL, err);
	*n_r = t.n;
	free(folders);
	close_table(&t);
	return rc;
}

int
qa_admin_read(const char *home, qa_domains_bad *bad, void *ctx, struct qa_domain_line **lines_r, size_t *n_r,
	      struct qa_err *err)
{
	struct table t;

	if (open_table(&t, home, false, bad, ctx, err))
		return -1;
	*lines_r = t.lines;
	*n_r = t.n;
	t.lines = NULL;
	close_table(&t);
	return 0;
}
