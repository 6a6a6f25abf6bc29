/*
 * Sealing a partition: every entry is there before, between and after, once and byte for byte, and md_verify --deep
 * finds nothing.
 */
#include "archive/home.h"
#include "archive/onboard.h"
#include "archive/sealer.h"
#include "sys/publish.h"
#include "store/partition.h"
#include "tests/crash/depot.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGES = 9 };

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

struct count {
	struct qa_crash_found *found;
	unsigned times[MESSAGES];
};

static void
take_entry(void *ctx, qa_month month, const struct qa_entry *e, qa_span m)
{
	struct count *c = ctx;

	(void)month;
	for (unsigned i = 0; i < MESSAGES; i++)
		if (qa_span_eq(m, message(i))) {
			c->times[i]++;
			return;
		}
	if (e->has_message)
		qa_crash_wrong(c->found, "there is a message that nobody sent");
}

/* Every message is there once, and md_verify --deep finds nothing; that the log did not change is part of it. */
static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct count c = {.found = found};

	depot_check_log(at, acks, found, 0);
	depot_each(at, found, 0, take_entry, &c);
	depot_once(found, "message", c.times, MESSAGES, true);
	return 0;
}

static int
setup(const struct qa_crash_at *at)
{
	char path[QA_PATH_MAX];
	const char *const paths[] = {path};
	struct qa_onboard o = {.home = at->path,
	                       .domain = depot_domain[0],
	                       .paths = paths,
	                       .n = 1,
	                       .operator_name = "root",
	                       .tool = "crash test"};
	struct qa_onboard_stats st;
	struct qa_err err;

	if (depot_home(at))
		return -1;
	if (qa_mkdirs(at->fd, "mail", 0755, &err))
		return depot_failed(&err);
	for (unsigned i = 0; i < MESSAGES; i++) {
		char name[40];

		snprintf(name, sizeof name, "mail/%u.eml", i);
		if (qa_publish(at->fd, name, message(i), 0644, &err))
			return depot_failed(&err);
	}
	if (qa_home_path(path, at->path, &err, "mail") || qa_onboard(&o, &st, &err))
		return depot_failed(&err);
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

	if (qa_sealer_due(&s, depot_domain[0], qa_now(), true, &months, &n, &err))
		return depot_failed(&err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = qa_sealer_month(&s, depot_domain[0], months[i], &st, &err) < 0;
	free(months);
	if (rc)
		return depot_failed(&err);
	if (n == 0 || st.months != n)
		return -1;
	depot_promise(at);
	return 0;
}

static const struct qa_crash_op op = {
    .name = "seal",
    .setup = setup,
    .work = seal,
    .recover = depot_drain,
    .verify = verify,
    .reads = true,
    .promise = "every entry is there, whatever was rewritten",
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, &op, 1);
}
