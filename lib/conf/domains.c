/* The compiled table of domains: H/etc/domains.cdb. */
#include "conf/domains.h"
#include "base/num.h"
#include "sys/publish.h"
#include "sys/sys.h"

#include <cdb.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAJOR = 1, VALUE = 16, TEXT_MAX = 64 << 20, CDB_MAX = 128 << 20 };

static const unsigned char version[8] = {'q', 'a', 'd', 'o', 'm', '1', MAJOR, 0};

/* What holds when no rule says anything else. */
static void
fall_back(struct qa_rule *r)
{
	memset(r, 0, sizeof *r);
	r->archive = QA_ARCHIVE_IN | QA_ARCHIVE_OUT;
	memcpy(r->folder, "default", 8);
}

static unsigned
pack(const struct qa_rule *r, unsigned char out[VALUE + QA_DOMAIN_MAX])
{
	size_t n = strlen(r->folder);

	memset(out, 0, VALUE);
	out[0] = (unsigned char)r->archive;
	out[1] = r->fail_open;
	out[2] = r->over_head;
	qa_le64_put(out + 8, r->limit);
	memcpy(out + VALUE, r->folder, n);
	return (unsigned)(VALUE + n);
}

static int
unpack(const unsigned char *p, unsigned n, struct qa_rule *r)
{
	static const unsigned char zeros[5];
	struct qa_rule v;

	if (n <= VALUE || n > VALUE + QA_DOMAIN_MAX || p[0] > 3 || p[1] > 1 || p[2] > 1 ||
	    memcmp(p + 3, zeros, sizeof zeros) != 0 || qa_domain_name(qa_span_of(p + VALUE, n - VALUE), v.folder))
		return -1;
	v.archive = p[0];
	v.fail_open = p[1];
	v.over_head = p[2];
	v.limit = qa_le64_get(p + 8);
	*r = v;
	return 0;
}

/* tinycdb writes to a descriptor by itself; given memory, the bytes can be published as every other file. */
static int
build(const struct qa_domain_line *lines, size_t n, int fd)
{
	unsigned char value[VALUE + QA_DOMAIN_MAX];
	char key[QA_DOMAIN_MAX + 2];
	bool has_default = false;
	struct cdb_make m;

	if (cdb_make_start(&m, fd) || cdb_make_add(&m, "", 0, version, sizeof version))
		return -1;
	for (size_t i = 0; i < n; i++) {
		int len = snprintf(key, sizeof key, "%c%s", lines[i].wildcard ? '.' : '=', lines[i].name);

		if (cdb_make_add(&m, key, (unsigned)len, value, pack(&lines[i].rule, value)))
			return -1;
		has_default |= strcmp(key, "=default") == 0;
	}
	if (!has_default) {
		struct qa_rule r;

		fall_back(&r);
		if (cdb_make_add(&m, "=default", 8, value, pack(&r, value)))
			return -1;
	}
	return cdb_make_finish(&m);
}

int
qa_domains_compile(const struct qa_domain_line *lines, size_t n, struct qa_buf *out, struct qa_err *err)
{
	int fd = memfd_create("domains", MFD_CLOEXEC);
	struct stat st;

	if (fd < 0 || build(lines, n, fd) || fstat(fd, &st) || qa_buf_reserve(out, (size_t)st.st_size)) {
		int num = errno;

		qa_close(&fd);
		return qa_fail(err, num, "cannot compile the table of domains: ");
	}
	int rc = qa_pread_all(fd, out->p + out->n, (size_t)st.st_size, 0, "the compiled table of domains", err);
	qa_close(&fd);
	if (rc == 0)
		return qa_fail(err, EIO, "cannot compile the table of domains: ");
	if (rc < 0)
		return -1;
	out->n += (size_t)st.st_size;
	return 0;
}

int
qa_domains_update(const char *home, qa_domains_bad *bad, void *ctx, struct qa_err *err)
{
	struct qa_buf text = QA_BUF(TEXT_MAX), cdb = QA_BUF(CDB_MAX);
	struct qa_domain_line *lines = NULL;
	char etc[PATH_MAX];
	int dirfd, rc = -1;
	size_t n;

	if ((size_t)snprintf(etc, sizeof etc, "%s/etc", home) >= sizeof etc)
		return qa_fail(err, ENAMETOOLONG, "cannot read %s/etc/domains: ", home);
	dirfd = qa_open(AT_FDCWD, etc, O_RDONLY | O_DIRECTORY, 0, err);
	if (dirfd < 0)
		return -1;
	int there = qa_slurp(dirfd, "domains", &text, err);
	if (there == 0)
		qa_fail(err, ENOENT, "cannot read %s/domains: ", etc);
	if (there > 0) {
		if (qa_domains_parse(qa_buf_span(&text), &lines, &n, bad, ctx, err))
			qa_fail_in(err, "%s/domains", etc);
		else if (qa_domains_compile(lines, n, &cdb, err) == 0)
			rc = qa_publish(dirfd, "domains.cdb", qa_buf_span(&cdb), 0644, err);
	}
	free(lines);
	qa_buf_free(&text);
	qa_buf_free(&cdb);
	qa_close(&dirfd);
	return rc;
}

/* The rule under a key: 1, 0 not there, -1 damaged. */
static int
get(struct cdb *c, const char *key, size_t n, struct qa_rule *r)
{
	int rc = cdb_find(c, key, (unsigned)n);

	if (rc <= 0)
		return rc;
	const unsigned char *p = cdb_getdata(c);
	return p && unpack(p, cdb_datalen(c), r) == 0 ? 1 : -1;
}

static bool
usable(struct cdb *c)
{
	struct qa_rule r;

	if (cdb_find(c, "", 0) <= 0 || cdb_datalen(c) != sizeof version)
		return false;
	const unsigned char *p = cdb_getdata(c);
	return p && memcmp(p, version, 7) == 0 && get(c, "=default", 8, &r) == 1;
}

int
qa_domains_open(struct qa_domains *d, const char *home, struct qa_err *err)
{
	char path[PATH_MAX];

	d->missing = true;
	d->cdb = NULL;
	d->fd = -1;
	if ((size_t)snprintf(path, sizeof path, "%s/etc/domains.cdb", home) >= sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot open %s/etc/domains.cdb: ", home);
	d->fd = qa_sys->openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (d->fd < 0)
		return errno == ENOENT ? 0 : qa_fail(err, errno, "cannot open %s: ", path);
	struct cdb *c = malloc(sizeof *c);
	if (!c)
		return qa_fail(err, ENOMEM, "cannot open %s: ", path);
	if (cdb_init(c, d->fd)) {
		int num = errno;

		free(c);
		return num == ENOMEM ? qa_fail(err, num, "cannot open %s: ", path) : 0;
	}
	d->cdb = c;
	d->missing = !usable(c);
	return 0;
}

void
qa_domains_close(struct qa_domains *d)
{
	if (d->cdb)
		cdb_free(d->cdb);
	free(d->cdb);
	d->cdb = NULL;
	d->missing = true;
	qa_close(&d->fd);
}

/* 1 a rule of the name's own or of a wildcard above it, 0 none, -1 damaged. */
static int
find(struct cdb *c, qa_span domain, struct qa_rule *rule_r)
{
	char key[QA_DOMAIN_MAX + 2];
	int rc;

	if (qa_domain_name(domain, key + 1) || strcmp(key + 1, "default") == 0)
		return 0;
	key[0] = '=';
	rc = get(c, key, domain.n + 1, rule_r);
	for (size_t i = 1; rc == 0 && i < domain.n; i++)
		if (key[i + 1] == '.')
			rc = get(c, key + i + 1, domain.n - i, rule_r);
	return rc;
}

int
qa_domains_find(const struct qa_domains *d, qa_span domain, struct qa_rule *rule_r)
{
	int rc = -1;

	if (!d->missing) {
		rc = find(d->cdb, domain, rule_r);
		if (rc == 0)
			rc = get(d->cdb, "=default", 8, rule_r) == 1 ? 0 : -1;
	}
	if (rc < 0) {
		fall_back(rule_r);
		rc = 0;
	}
	return rc;
}

qa_span
qa_address_domain(qa_span address)
{
	for (size_t i = address.n; i > 0; i--) {
		if (address.p[i - 1] == '@') {
			qa_span d = qa_span_cut(address, i, address.n);

			if (d.n && d.p[d.n - 1] == '.')
				d.n--;
			return d;
		}
	}
	return (qa_span){NULL, 0};
}
