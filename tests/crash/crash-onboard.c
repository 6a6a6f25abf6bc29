/*
 * Onboarding a Maildir, an mbox and a file, in two batches: more months than one batch takes. Whoever saw it end well need not
 * run it again; whoever did not runs it again. Each message is there once.
 */
#include "archive/home.h"
#include "archive/log.h"
#include "archive/onboard.h"
#include "sys/publish.h"
#include "tests/crash/depot.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MESSAGES = 10 };

/* Number I, of one of six months. */
static qa_span
message(unsigned i)
{
	static char p[3000];
	int n = snprintf(p, sizeof p,
			 "Date: Wed, %u %s 2020 00:00:%02u +0000\nSubject: number %u\nMessage-ID: <%u@x>\n\n%s", i + 1,
			 &"Jan\0Feb\0Mar\0Apr\0May\0Jun"[4 * (i % 6)], i, i, i, i == 5 ? ">From here\nand there\n" : "");

	for (unsigned line = 0; line < 20; line++)
		n += snprintf(p + n, sizeof p - (size_t)n, "%u is the number of line %u\n", i * 31 + line, line);
	return qa_span_of(p, (size_t)n);
}

/* The first four are a Maildir's, the fifth is a file and in the mbox, too, the others are the mbox's. */
static int
setup(const struct qa_crash_at *at)
{
	struct qa_buf mbox = QA_BUF(1 << 20);
	struct qa_err err;
	char name[40];
	int rc = depot_home(at) || qa_mkdirs(at->fd, "mail/box/cur", 0755, NULL) ||
		 qa_mkdirs(at->fd, "mail/box/new", 0755, NULL) || qa_mkdirs(at->fd, "mail/box/tmp", 0755, NULL);

	for (unsigned i = 0; i < MESSAGES && rc == 0; i++) {
		if (i == 4)
			snprintf(name, sizeof name, "mail/alone.eml");
		else
			snprintf(name, sizeof name, "mail/box/%s/%u:2,S", i % 2 ? "new" : "cur", i);
		if (i <= 4)
			rc = qa_publish(at->fd, name, message(i), 0644, &err);
		if (i >= 4 && rc == 0)
			rc = qa_buf_addf(&mbox, "From me@here Wed Jan  1 00:00:0%u 2020\n%s\n", i,
					 (const char *)message(i).p);
	}
	if (rc == 0)
		rc = qa_publish(at->fd, "mail/mbox", qa_buf_span(&mbox), 0644, &err);
	qa_buf_free(&mbox);
	return rc;
}

static void
trouble(void *ctx, const char *path, const char *why)
{
	(void)ctx;
	fprintf(stderr, "%s: %s\n", path, why);
}

/* md_import DOMAIN PATH, by a person. */
static int
onboard(const struct qa_crash_at *at)
{
	char path[QA_PATH_MAX];
	const char *const paths[] = {path};
	struct qa_onboard o = {.home = at->path, .domain = depot_domain[0], .paths = paths, .n = 1, .operator_name = "root",
			       .tool = "crash test", .trouble = trouble};
	struct qa_onboard_stats st;
	struct qa_err err;

	if (qa_home_path(path, at->path, &err, "mail") || qa_onboard(&o, &st, &err))
		return depot_failed(&err);
	if (st.failed)
		return 1;
	if (st.found != MESSAGES + 1) {
		fprintf(stderr, "%llu messages found\n", (unsigned long long)st.found);
		return 1;
	}
	qa_crash_ack("all");
	depot_promise(at);
	return 0;
}

static int
again(const struct qa_crash_at *at)
{
	return depot_drain(at) || onboard(at);
}

struct count {
	struct qa_crash_found *found;
	unsigned times[MESSAGES];
	bool others; /* there is other mail, too */
};

static void
take_entry(void *ctx, qa_month month, const struct qa_entry *e, qa_span m)
{
	struct count *c = ctx;
	unsigned i = 0;

	(void)month;
	(void)e;
	while (i < MESSAGES && (i == 5 || !qa_span_eq(m, message(i))))
		i++;
	/* number 5 comes without the mbox's quote */
	if (i == MESSAGES && m.n == message(5).n - 1)
		i = 5;
	if (i == MESSAGES && !c->others)
		qa_crash_wrong(c->found, "a message that nobody sent");
	else if (i < MESSAGES)
		c->times[i]++;
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct count c = {.found = found};

	depot_check_log(at, acks, found, 0);
	depot_each(at, found, 0, take_entry, &c);
	depot_once(found, "message", c.times, MESSAGES, qa_crash_acked(acks, "all"));
	return 0;
}

/*
 * onboarding-lost: a disk has lost a month and the log. After the log was made again from what is left, who onboards
 * again gets the lost messages in: what marks the folder as done must not come back.
 */
static int
lost_setup(const struct qa_crash_at *at)
{
	return setup(at) || onboard(at) || renameat(at->fd, "domain/a.example/depot/2020-06", at->fd, "lost") ||
	       unlinkat(at->fd, "domain/a.example/log/edge", 0) || unlinkat(at->fd, "domain/a.example/log/checkpoint", 0) ||
	       renameat(at->fd, "domain/a.example/log/tile", at->fd, "lost-tile");
}

static int
lost_work(const struct qa_crash_at *at)
{
	struct qa_err err;

	if (qa_log_rebuild(at->path, depot_domain[0], &err))
		return depot_failed(&err);
	qa_crash_ack("rebuilt");
	return 0;
}

static int
lost_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct count c = {.found = found, .others = true};

	if (!qa_crash_acked(acks, "rebuilt"))
		return 0;
	/* other mail makes the log as long as it was */
	if (depot_journal(at, 0, 9, 1000) || depot_drain(at) || onboard(at))
		qa_crash_wrong(found, "onboarding again fails");
	depot_each(at, found, 0, take_entry, &c);
	depot_once(found, "message", c.times, MESSAGES, true);
	return 0;
}

static const struct qa_crash_op ops[] = {
    {.name = "onboarding-batch", .setup = setup, .work = onboard, .recover = depot_drain, .verify = verify, .reads = true,
     .promise = "all messages of the folder are in the archive, once"},
    {.name = "onboarding-again", .setup = setup, .work = onboard, .recover = again, .verify = verify,
     .promise = "the same, run again after an interruption"},
    {.name = "onboarding-kept", .setup = setup, .work = onboard, .verify = depot_kept,
     .promise = "log, checkpoint and tiles are there, without another run"},
    {.name = "onboarding-lost", .setup = lost_setup, .work = lost_work, .verify = lost_verify,
     .promise = "the log is made again, and what is lost can be onboarded again"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
