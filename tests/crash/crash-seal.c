/*
 * Sealing a partition: every entry is there before, between and after, once and byte for byte, and md_verify --deep
 * finds nothing.
 */
#include "archive/admin.h"
#include "archive/home.h"
#include "archive/log.h"
#include "archive/onboard.h"
#include "archive/round.h"
#include "archive/sealer.h"
#include "archive/verify.h"
#include "sys/publish.h"
#include "store/partition.h"
#include "tests/crash/harness.h"

#include <stdio.h>
#include <stdlib.h>

#define DOMAIN "a.example"
enum { MESSAGES = 9 };

static int
failed(const struct qa_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return -1;
}

/* Message number I: text, and for every third one an attachment that is stored apart. */
static qa_span
message(unsigned i)
{
	static char p[30000];
	int n = snprintf(p, sizeof p,
	                 "Date: Wed, 1 Jan 2020 00:00:%02u +0000\nSubject: number %u\nMessage-ID: <%u@x>\n\n",
	                 i, i, i);

	for (unsigned line = 0; line < (i % 3 == 2 ? 120 : 20); line++) {
		uint32_t x = i * 7919 + (i % 3 == 2 ? line * 31 : 0);

		for (int k = 0; k < 76; k++) {
			x = x * 1664525 + 1013904223;
			p[n++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[x >> 26];
		}
		p[n++] = '\n';
	}
	return qa_span_of(p, (size_t)n);
}

/* The published head: whatever is sealed, the log goes on from it. */
static void
promise_head(const struct qa_crash_at *at)
{
	struct qa_buf b = QA_BUF(900);
	char path[QA_PATH_MAX];

	if (qa_home_path(path, at->path, NULL, QA_HOME_LOG "/checkpoint", DOMAIN) == 0 &&
	    qa_slurp(AT_FDCWD, path, &b, NULL) == 1)
		qa_crash_ack("%.*s", (int)b.n, (const char *)b.p);
	qa_buf_free(&b);
}

/* md_import when it starts again. */
static int
recover(const struct qa_crash_at *at)
{
	struct qa_importer_conf conf = {0};
	struct qa_importer *im;
	struct qa_err err;

	if (qa_importer_open(at->path, &conf, &im, &err))
		return failed(&err);
	int rc = qa_importer_round(im, &err);
	if (rc == 0)
		rc = qa_importer_publish(im, &err);
	qa_importer_close(im);
	return rc ? failed(&err) : 0;
}

struct count {
	struct qa_crash_found *found;
	unsigned times[MESSAGES];
};

static void
count_message(struct count *c, qa_span m)
{
	for (unsigned i = 0; i < MESSAGES; i++)
		if (qa_span_eq(m, message(i))) {
			c->times[i]++;
			return;
		}
	qa_crash_wrong(c->found, "there is a message that nobody sent");
}

static void
count_month(struct count *c, struct qa_archive *a, qa_month month)
{
	struct qa_buf b = QA_BUF(1 << 20);
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_err err;
	int rc = qa_archive_partition(a, month, &p, &err);

	for (struct qa_entry_id id = {month, 1}; rc == 1 && id.n <= qa_partition_entries(p); id.n++) {
		if ((rc = qa_archive_entry(a, &id, &p, &e, &err)) != 1)
			break;
		qa_buf_clear(&b);
		if (e.has_message && qa_partition_message_buf(p, &e, &b, &err))
			rc = -1;
		else if (e.has_message)
			count_message(c, qa_buf_span(&b));
	}
	if (rc < 0)
		qa_crash_wrong(c->found, "%s", err.text);
	qa_buf_free(&b);
}

static void
found_trouble(void *ctx, enum qa_trouble t, const char *text)
{
	struct count *c = ctx;

	qa_crash_wrong(c->found, "md_verify: %s: %s", qa_trouble_name(t), text);
}

/* Every message is there once, and md_verify --deep finds nothing; that the log did not change is part of it. */
static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct count c = {.found = found};
	struct qa_verify v = {.home = at->path,
	                      .domain = DOMAIN,
	                      .deep = true,
	                      .settle_ms = 1,
	                      .found = found_trouble,
	                      .ctx = &c};
	struct qa_verify_stats st;
	struct qa_archive *a;
	struct qa_err err;
	const qa_month *months;

	for (size_t i = 0; i < acks->n; i++)
		v.since = acks->v[i];
	if (qa_verify(&v, &st, &err) < 0)
		qa_crash_wrong(found, "%s", err.text);
	if (qa_archive_open(at->path, DOMAIN, &a, &err) != 1) {
		qa_crash_wrong(found, "%s", err.text);
		return 0;
	}
	size_t n = qa_archive_months(a, &months);
	for (size_t i = 0; i < n; i++)
		count_month(&c, a, months[i]);
	qa_archive_close(a);
	for (unsigned i = 0; i < MESSAGES; i++) {
		if (!c.times[i])
			qa_crash_lost(found, "message %u", i);
		if (c.times[i] > 1)
			qa_crash_twice(found, "message %u, %u times", i, c.times[i]);
	}
	return 0;
}

static int
setup(const struct qa_crash_at *at)
{
	char folder[QA_DOMAIN_MAX + 1], path[QA_PATH_MAX];
	const char *const paths[] = {path};
	struct qa_onboard o = {.home = at->path,
	                       .domain = DOMAIN,
	                       .paths = paths,
	                       .n = 1,
	                       .operator_name = "root",
	                       .tool = "crash test"};
	struct qa_onboard_stats st;
	struct qa_err err;

	if (qa_admin_add(at->path, DOMAIN, NULL, 0, NULL, NULL, folder, &err) ||
	    qa_mkdirs(at->fd, "mail", 0755, &err))
		return failed(&err);
	for (unsigned i = 0; i < MESSAGES; i++) {
		char name[40];

		snprintf(name, sizeof name, "mail/%u.eml", i);
		if (qa_publish(at->fd, name, message(i), 0644, &err))
			return failed(&err);
	}
	if (qa_home_path(path, at->path, &err, "mail") || qa_onboard(&o, &st, &err))
		return failed(&err);
	return st.filed != MESSAGES;
}

/* As md_import --seal does. */
static int
seal(const struct qa_crash_at *at)
{
	const struct qa_sealer s = {.home = at->path};
	struct qa_sealer_stats st = {0};
	struct qa_err err;
	qa_month *months;
	size_t n;
	int rc = 0;

	if (qa_sealer_due(&s, DOMAIN, qa_now(), true, &months, &n, &err))
		return failed(&err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = qa_sealer_month(&s, DOMAIN, months[i], &st, &err) < 0;
	free(months);
	if (rc)
		return failed(&err);
	if (n == 0 || st.months != n)
		return -1;
	promise_head(at);
	return 0;
}

static const struct qa_crash_op op = {
    .name = "seal",
    .setup = setup,
    .work = seal,
    .recover = recover,
    .verify = verify,
    .reads = true,
    .promise = "every entry is there, whatever was rewritten",
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, &op, 1);
}
