/* Hosted domains out of files: lists, aliases, qmail's control files. */
#include "sys/sys.h"
#include "traffic/hosted.h"

#include <cdb.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

typedef int take_line(struct qa_hosted *h, qa_span line, struct qa_err *err);

/* Every line without blanks at its ends, but empty ones and comments: 1; 0: no such file; -1. */
static int
each_line(struct qa_hosted *h, const char *path, take_line *take, struct qa_err *err)
{
	struct qa_buf text = QA_BUF(QA_HOSTED_FILE);
	int rc = qa_slurp(AT_FDCWD, path, &text, err);
	qa_span rest = qa_buf_span(&text);
	unsigned long number = 0;

	while (rc == 1 && rest.n) {
		const unsigned char *e = memchr(rest.p, '\n', rest.n);
		qa_span line = qa_span_cut(rest, 0, e ? (size_t)(e - rest.p) : rest.n);

		rest = qa_span_cut(rest, line.n + 1, rest.n);
		line = qa_span_trim(line);
		number++;
		if (line.n && line.p[0] != '#' && take(h, line, err))
			rc = qa_fail_in(err, "%s, line %lu", path, number);
	}
	qa_buf_free(&text);
	return rc;
}

static qa_span
without_comment(qa_span line)
{
	const unsigned char *p = memchr(line.p, '#', line.n);

	return p ? qa_span_trim(qa_span_cut(line, 0, (size_t)(p - line.p))) : line;
}

static int
take_list(struct qa_hosted *h, qa_span line, struct qa_err *err)
{
	return qa_hosted_add(h, without_comment(line), err);
}

static int
take_host(struct qa_hosted *h, qa_span line, struct qa_err *err)
{
	return qa_hosted_add(h, line, err);
}

/* domain:prefix, .domain:prefix; not user@domain:prefix, :prefix, domain: */
static int
take_virtual(struct qa_hosted *h, qa_span line, struct qa_err *err)
{
	const unsigned char *colon = memchr(line.p, ':', line.n);

	if (!colon || colon == line.p || colon + 1 == line.p + line.n || memchr(line.p, '@', (size_t)(colon - line.p)))
		return 0;
	return qa_hosted_add(h, qa_span_cut(line, 0, (size_t)(colon - line.p)), err);
}

/* +alias-:real:uid:gid:... or: alias real */
static int
take_alias(struct qa_hosted *h, qa_span line, struct qa_err *err)
{
	const unsigned char *colon = memchr(line.p, ':', line.n), *end, *p;
	qa_span alias, real;

	if (line.p[0] == '=' || qa_span_is(line, "."))
		return 0;
	if (line.p[0] == '+') {
		if (!colon || (end = memchr(colon + 1, ':', (size_t)(line.p + line.n - colon - 1))) == NULL)
			return 0;
		alias = qa_span_of(line.p + 1, (size_t)(colon - line.p - 1));
		real = qa_span_of(colon + 1, (size_t)(end - colon - 1));
		/* "+user-" without a dot is a user's own addresses, "+" alone the rest */
		if (alias.n < 2 || alias.p[alias.n - 1] != '-' || !memchr(alias.p, '.', alias.n) || !memchr(real.p, '.', real.n))
			return 0;
		alias.n--;
		return qa_span_caseeq(alias, real) ? 0 : qa_hosted_add_alias(h, alias, real, err);
	}
	line = without_comment(line);
	for (p = line.p; p < line.p + line.n && !qa_blank(*p); p++)
		;
	alias = qa_span_of(line.p, (size_t)(p - line.p));
	real = qa_span_trim(qa_span_cut(line, alias.n, line.n));
	if (real.n == 0)
		return qa_fail(err, EPROTO, "an alias without its domain");
	return qa_span_caseeq(alias, real) ? 0 : qa_hosted_add_alias(h, alias, real, err);
}

static int
must_be(int rc, const char *file, struct qa_err *err)
{
	if (rc == 0)
		return qa_fail(err, ENOENT, "cannot read %s: ", file);
	return rc < 0 ? -1 : 0;
}

int
qa_hosted_list(struct qa_hosted *h, const char *file, struct qa_err *err)
{
	return must_be(each_line(h, file, take_list, err), file, err);
}

int
qa_hosted_alias(struct qa_hosted *h, const char *file, struct qa_err *err)
{
	return must_be(each_line(h, file, take_alias, err), file, err);
}

/* The keys of morercpthosts.cdb: 1; 0: no such file; -1. */
static int
take_cdb(struct qa_hosted *h, const char *path, struct qa_err *err)
{
	struct cdb c;
	unsigned at;
	int fd = qa_open(AT_FDCWD, path, O_RDONLY | O_NOCTTY, 0, err), rc;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (cdb_init(&c, fd)) {
		qa_fail(err, errno == 0 ? EBADMSG : errno, "cannot read %s: ", path);
		qa_close(&fd);
		return -1;
	}
	cdb_seqinit(&at, &c);
	while ((rc = cdb_seqnext(&at, &c)) > 0) {
		const void *key = cdb_getkey(&c);

		if (key && qa_hosted_add(h, qa_span_of(key, cdb_keylen(&c)), err)) {
			qa_fail_in(err, "%s", path);
			break;
		}
		if (!key) {
			rc = -1;
			break;
		}
	}
	if (rc < 0)
		qa_fail(err, EBADMSG, "cannot read %s: it is damaged", path);
	cdb_free(&c);
	qa_close(&fd);
	return rc == 0 ? 1 : -1;
}

int
qa_hosted_control(struct qa_hosted *h, const char *dir, struct qa_err *err)
{
	static const struct {
		const char *name;
		take_line *take;
	} files[] = {{"locals", take_host},
		     {"rcpthosts", take_host},
		     {"morercpthosts", take_host},
		     {"virtualdomains", take_virtual}};
	char path[4096];
	int found = 0, rc;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, files[i].name) >= sizeof path)
			return qa_fail(err, ENAMETOOLONG, "cannot read %s: ", dir);
		rc = each_line(h, path, files[i].take, err);
		if (rc == 0 && i == 0) {
			snprintf(path, sizeof path, "%s/me", dir);
			rc = each_line(h, path, take_host, err);
		}
		if (rc < 0)
			return -1;
		found |= rc;
	}
	snprintf(path, sizeof path, "%s/morercpthosts.cdb", dir);
	if ((rc = take_cdb(h, path, err)) < 0)
		return -1;
	if (!found && !rc)
		return qa_fail(err, ENOENT, "no control files of qmail in %s: name their folder (--control) or the hosted domains (--hosted)", dir);
	return 0;
}
