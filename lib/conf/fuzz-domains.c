/* The text of H/etc/domains; what passes is compiled. An input that starts with a NUL byte is a
 * compiled table instead, opened and asked. */
#include "conf/domains.h"
#include "sys/sys.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Every open of the table gets these bytes. */
static int table_fd = -1;

static int
give_table(int dirfd, const char *path, int flags, mode_t mode)
{
	(void)dirfd, (void)path, (void)flags, (void)mode;
	return dup(table_fd);
}

static void
ask(const struct qa_domains *d, const char *name)
{
	char out[QA_DOMAIN_MAX + 1];
	struct qa_rule r;

	qa_domains_find(d, qa_span_str(name), &r);
	if (qa_domain_name(qa_span_str(r.folder), out) || r.archive > 3)
		abort();
}

static void
table(qa_span cdb, const struct qa_domain_line *lines, size_t n)
{
	struct qa_sys other = qa_sys_real;
	struct qa_domains d;

	table_fd = memfd_create("table", MFD_CLOEXEC);
	if (table_fd < 0 || write(table_fd, cdb.p, cdb.n) != (ssize_t)cdb.n)
		abort();
	other.openat = give_table;
	qa_sys = &other;
	if (qa_domains_open(&d, "/", NULL))
		abort();
	qa_sys = &qa_sys_real;
	ask(&d, "example.com");
	ask(&d, "a.b.example.com");
	if (lines && d.missing)
		abort();
	for (size_t i = 0; i < n; i++) {
		struct qa_rule r;

		ask(&d, lines[i].name);
		if (!lines[i].wildcard && qa_domains_find(&d, qa_span_str(lines[i].name), &r) == 1 &&
		    (r.archive != lines[i].rule.archive || r.limit != lines[i].rule.limit))
			abort();
	}
	qa_domains_close(&d);
	close(table_fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_buf cdb = QA_BUF(0);
	struct qa_domain_line *lines;
	size_t count;

	if (n && p[0] == 0) {
		table(qa_span_of(p + 1, n - 1), NULL, 0);
	} else if (qa_domains_parse(qa_span_of(p, n), &lines, &count, NULL, NULL, NULL) == 0) {
		if (qa_domains_compile(lines, count, &cdb, NULL))
			abort();
		table(qa_buf_span(&cdb), lines, count);
		free(lines);
		qa_buf_free(&cdb);
	}
	return 0;
}
