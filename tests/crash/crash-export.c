/* md_export: what it said is exported is there, whole; what was interrupted leaves the final name free, or a whole export under it. */
#include "archive/home.h"
#include "depot/export.h"
#include "sys/publish.h"
#include "tests/crash/depot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORDS = 9 };

/* Everything of the first domain, as FORMAT with proofs, to NAME below root. */
static int
export_as(const struct qa_crash_at *at, const char *format, const char *name)
{
	struct qa_archive *a = NULL;
	struct export *x;
	const qa_month *months;
	struct qa_err err;
	char out[QA_PATH_MAX];
	int r = 1;

	if (qa_home_path(out, at->path, &err, "%s", name) || qa_archive_open(at->path, depot_domain[0], &a, &err) != 1)
		return depot_failed(&err);
	size_t n = qa_archive_months(a, &months);
	if (export_begin(out, format, true, &x, &err)) {
		qa_archive_close(a);
		return depot_failed(&err);
	}
	for (size_t i = 0; i < n && r == 1; i++)
		for (struct qa_entry_id id = {months[i], 1}; r == 1; id.n++) {
			struct qa_partition *p;
			struct qa_entry e;

			r = qa_archive_entry(a, &id, &p, &e, &err);
			if (r == 0) {
				r = 1;
				break;
			}
			/* what cannot be read now is left out, and md_export says that it is not all */
			if (r == 1)
				r = export_add(x, a, &id, p, &e, &err) == 1 ? 1 : -1;
		}
	if (r == 1)
		r = export_end(x, &err) ? -1 : 1;
	else
		export_abort(x);
	qa_archive_close(a);
	return r == 1 ? 0 : depot_failed(&err);
}

static int
work_as(const struct qa_crash_at *at, const char *format)
{
	int rc = export_as(at, format, "out");

	if (rc == 0)
		qa_crash_ack("all");
	return rc;
}

static int
setup_as(const struct qa_crash_at *at, const char *format)
{
	return depot_home(at) || depot_journal(at, 0, RECORDS, 1000) || depot_drain(at) || export_as(at, format, "good");
}

/* Whether two files or folders are alike: 1, 0, -1 the second is not there. */
static int
alike(const struct qa_crash_at *at, const char *good, const char *out, int depth)
{
	struct qa_buf a = QA_BUF(2 << 20), b = QA_BUF(2 << 20);
	struct qa_names in_good, in_out;
	struct stat st;
	int same = 0;

	if (fstatat(at->fd, out, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		same = qa_slurp(at->fd, good, &a, NULL) == 1 && qa_slurp(at->fd, out, &b, NULL) == 1 &&
		       qa_span_eq(qa_buf_span(&a), qa_buf_span(&b));
		qa_buf_free(&a);
		qa_buf_free(&b);
		return same;
	}
	if (!depth || qa_listdir(at->fd, good, &in_good, NULL))
		return 0;
	if (qa_listdir(at->fd, out, &in_out, NULL) == 0) {
		same = in_good.n == in_out.n;
		for (size_t i = 0; same == 1 && i < in_good.n; i++) {
			char from[600], to[600];

			snprintf(from, sizeof from, "%s/%s", good, in_good.v[i]);
			snprintf(to, sizeof to, "%s/%s", out, in_good.v[i]);
			same = alike(at, from, to, depth - 1) == 1;
		}
		qa_names_free(&in_out);
	}
	qa_names_free(&in_good);
	return same;
}

static void
compare(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found, const char *good,
	const char *out)
{
	int same = alike(at, good, out, 3);

	if (same < 0 && qa_crash_acked(acks, "all"))
		qa_crash_lost(found, "%s", out);
	if (same == 0)
		qa_crash_wrong(found, "%s is not whole", out);
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	compare(at, acks, found, "good", "out");
	return 0;
}

static int
verify_mbox(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	compare(at, acks, found, "good", "out");
	compare(at, acks, found, "good.proofs", "out.proofs");
	return 0;
}

static int
mbox_setup(const struct qa_crash_at *at)
{
	return setup_as(at, "mbox");
}

static int
mbox(const struct qa_crash_at *at)
{
	return work_as(at, "mbox");
}

static int
maildir_setup(const struct qa_crash_at *at)
{
	return setup_as(at, "maildir");
}

static int
maildir(const struct qa_crash_at *at)
{
	return work_as(at, "maildir");
}

static const struct qa_crash_op ops[] = {
    {.name = "export-mbox", .setup = mbox_setup, .work = mbox, .verify = verify_mbox,
     .promise = "mbox and proofs are there, whole"},
    {.name = "export-maildir", .setup = maildir_setup, .work = maildir, .verify = verify,
     .promise = "the folder is there, whole"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
