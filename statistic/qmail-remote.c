/*
 * qmail-remote: stands before qmail's own program of that name, runs it, hands its report on as it comes, and adds a line to the stats
 * file for each recipient. Nothing that goes wrong with the statistics touches the delivery: what cannot be watched is run unwatched.
 */
#include "auto.h"
#include "base/log.h"
#include "qmail-archive/next.h"
#include "qmail-archive/start.h"
#include "statistic/child.h"
#include "statistic/report.h"
#include "statline/file.h"
#include "sys/sys.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST = 3 /* the first recipient among the arguments: host, sender, recipients */ };

struct remote {
	char next[QA_CONTROL_MAX];
	struct qa_stats stats;
	uint64_t size; /* of the message */
	struct qa_child child;
	bool together; /* 1 and 2 are one file */
	int from;      /* what it writes, -1 after its end */
	bool deaf;     /* the caller reads no more */
	struct qa_report report;
};

/* The program behind us. One that cannot be had is a temporary failure: qmail would bounce the mail for a missing qmail-remote. */
static void
find_next(struct remote *r, const char *home)
{
	char buf[QA_CONTROL_MAX], *line;
	int got = qa_control_lines(home, "etc/next-remote", buf, &line, 1, NULL);

	if (got < 0)
		_exit(111);
	if (got == 0 || !*line)
		memcpy(r->next, QA_QMAIL "/bin/qmail-remote", sizeof QA_QMAIL "/bin/qmail-remote");
	else
		memcpy(r->next, line, strlen(line) + 1);
	if (!strchr(r->next, '/') || qa_next_is_self(r->next))
		_exit(111);
}

static void QA_NORETURN
run_unwatched(struct remote *r, char **argv)
{
	qa_child_become(r->next, argv);
	_exit(111);
}

static uint64_t
message_size(void)
{
	struct stat st;
	off_t at = lseek(0, 0, SEEK_CUR);

	if (at < 0 || qa_sys->fstat(0, &st) || !S_ISREG(st.st_mode) || st.st_size < at)
		return 0;
	return (uint64_t)(st.st_size - at);
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return qa_sys->fstat(a, &x) == 0 && qa_sys->fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* qmail-rspawn reads 1 and 2 through one pipe, so what is said on both stays in order. */
static int
start(struct remote *r, char **argv)
{
	int report[2], fds[3] = {-1, -1, -1};

	if (pipe2(report, O_CLOEXEC))
		return -1;
	fds[1] = report[1];
	if (r->together)
		fds[2] = report[1];
	int rc = qa_child_start(&r->child, r->next, argv, fds, true);
	qa_close(&report[1]);
	if (rc)
		qa_close(&report[0]);
	r->from = report[0];
	return rc;
}

/* To the caller, who may have opened the descriptor so that it does not wait. */
static void
hand_on(struct remote *r, qa_span bytes)
{
	struct pollfd p = {.fd = 1, .events = POLLOUT};

	while (bytes.n && !r->deaf) {
		ssize_t n = qa_sys->write(1, bytes.p, bytes.n);

		if (n > 0)
			bytes = qa_span_cut(bytes, (size_t)n, bytes.n);
		else if (n < 0 && errno == EAGAIN)
			(void)!poll(&p, 1, -1);
		else
			r->deaf = true; /* as without us: the delivery goes on */
	}
}

static void
relay_some(struct remote *r)
{
	unsigned char piece[4096];
	ssize_t n = qa_sys->read(r->from, piece, sizeof piece);

	if (n <= 0) {
		qa_close(&r->from);
		return;
	}
	qa_span bytes = qa_span_of(piece, (size_t)n);
	hand_on(r, bytes);
	qa_report_add(&r->report, bytes);
}

/* Until it has ended and all that hold its output too, as qmail-rspawn waits for them. */
static void
relay(struct remote *r)
{
	while (!r->child.ended || r->from >= 0) {
		struct pollfd p[] = {{.fd = r->from, .events = POLLIN}, {.fd = r->child.signals, .events = POLLIN}};

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			relay_some(r);
		if (p[1].revents)
			qa_child_news(&r->child);
	}
}

static void
write_lines(struct remote *r, char **argv)
{
	struct qa_err err;

	for (size_t i = 0; i < r->report.most; i++) {
		struct qa_outcome o = qa_report_outcome(&r->report, i, r->child.status);
		struct qa_statline line = {
			.out = true,
			.sender = qa_span_str(argv[FIRST - 1]),
			.recipient = qa_span_str(argv[FIRST + i]),
			.status = qa_span_str(o.status),
			.bytes = o.sent ? r->size : 0,
			.attempts = o.sent ? 1 : 0,
		};

		if (qa_stats_write(&r->stats, &line, &err)) {
			qa_log_init("qmail-remote", QA_LOG_SYSLOG); /* 2 may be the report */
			qa_log(QA_WARNING, "event=stats.line.lost why=%s", qa_log_quote(err.text));
			return;
		}
	}
}

int
main(int argc, char **argv)
{
	static struct remote r;
	size_t recipients = argc > FIRST ? (size_t)(argc - FIRST) : 0;
	int found = qa_stats_find(&r.stats, NULL, NULL, NULL);

	find_next(&r, qa_start_home());
	char *letters = calloc(recipients + 1, 1);
	if (found != 1 || !recipients || !letters)
		run_unwatched(&r, argv);
	r.together = same_file(1, 2);
	qa_child_low();
	qa_report_init(&r.report, letters, recipients);
	r.size = message_size();
	if (start(&r, argv))
		run_unwatched(&r, argv);
	relay(&r);
	write_lines(&r, argv);
	qa_child_leave(&r.child);
}
