/*
 * smtpstat: stands between tcpserver and an SMTP server, passes on what they say, and writes into the stats file how each mail ended that
 * the queue door does not see. Nothing that goes wrong here disturbs the session: what cannot be understood is passed on all
 * the same, and what cannot be written is said in the log.
 */
#include "auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/opt.h"
#include "statistic/child.h"
#include "statistic/dialogue.h"
#include "statistic/relay.h"
#include "statistic/replies.h"
#include "statline/file.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATTERNS = 1000, CONTROL_MAX = 64 << 10, BATCH = 64 << 10 };

static const char help[] =
    "  -f FILE       the stats file (else etc/stats, else conf-stats)\n"
    "  -c CONTROL    rules from replies to statuses (else etc/smtpstat.conf)\n"
    "  -s            also mail that was accepted, for hosts without our qmail-queue\n"
    "      --patterns  show the built-in rules and exit\n";

static const struct option longs[] = {{"patterns", no_argument, NULL, PATTERNS}, {NULL, 0, NULL, 0}};
static const struct qa_opt opt = {"smtpstat", "[-s] [-f FILE] [-c CONTROL] SERVER [ARGUMENT...]", help, "f:c:s", longs};

struct session {
	struct qa_dialogue dialogue;
	struct qa_replies replies;
	struct qa_stats stats;
	bool writes;	/* there is a stats file */
	bool successes; /* -s */
	bool said;	/* that the file cannot be written */
	uint64_t lost;	/* lines */
	size_t n;
	unsigned char batch[BATCH]; /* lines to be written */
};

static size_t
lines_in(qa_span bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.n; i++)
		n += bytes.p[i] == '\n';
	return n;
}

static void
write_batch(struct session *s)
{
	qa_span lines = qa_span_of(s->batch, s->n);
	struct qa_err err;
	size_t added = 0;

	if (s->n == 0)
		return;
	s->n = 0;
	if (qa_stats_append(s->stats.path, lines, &added, &err) == 0)
		return;
	s->lost += lines_in(lines) - added;
	if (!s->said)
		qa_log(QA_ERROR, "event=smtp.stats.failed why=%s", qa_log_quote(err.text));
	s->said = true;
}

static void
result(void *ctx, const struct qa_dialogue_result *r)
{
	struct session *s = ctx;
	qa_span status = qa_replies_status(&s->replies, r);
	struct qa_statline line = {
		.host = qa_span_str(s->stats.host),
		.pid = (uint32_t)getpid(),
		.time = (int64_t)(qa_now() / QA_SECOND),
		.sender = r->sender,
		.recipient = r->recipient,
		.bytes = r->bytes,
		.status = status,
		.attempts = r->transfers,
	};

	if (qa_span_is(status, "none") || (qa_span_is(status, "success") && !s->successes))
		return;
	if (sizeof s->batch - s->n < QA_STATLINE_MAX + 1)
		write_batch(s);
	s->n += qa_statline_put(&line, s->batch + s->n);
}

static bool
seen(void *ctx, bool from_server, qa_span bytes)
{
	struct session *s = ctx;

	if (from_server)
		qa_dialogue_server(&s->dialogue, bytes);
	else
		qa_dialogue_client(&s->dialogue, bytes);
	write_batch(s);
	return s->dialogue.state == QA_DIALOGUE_FOLLOWING;
}

/* The administrator's rules before ours. A broken file counts as none: half of its rules may be worse than that. */
static void
read_rules(struct session *s, const char *control)
{
	static struct qa_buf text = QA_BUF(CONTROL_MAX);
	char path[QA_STATS_PATH];
	struct qa_err err;

	if (control && getauxval(AT_SECURE)) {
		qa_log(QA_ERROR, "event=smtp.rules.failed why=%s", qa_log_quote("a set-id program takes no -c"));
		control = NULL;
	}
	/* of a set-id program the caller does not choose the instance either */
	if (!control)
		snprintf(path, sizeof path, "%s/etc/smtpstat.conf", getauxval(AT_SECURE) ? QA_HOME : qa_opt_home());
	int got = qa_slurp(AT_FDCWD, control ? control : path, &text, &err);
	if (got == 0 && control)
		got = qa_fail(&err, ENOENT, "cannot open %s: ", control);
	if (got < 0 || (got && qa_replies_add(&s->replies, qa_buf_span(&text), &err)))
		qa_log(QA_ERROR, "event=smtp.rules.failed file=%s why=%s", qa_log_quote(control ? control : path), qa_log_quote(err.text));
	if (qa_replies_add(&s->replies, qa_span_str(qa_replies_builtin), &err))
		qa_log(QA_ERROR, "event=smtp.rules.failed why=%s", qa_log_quote(err.text));
}

static void
find_stats(struct session *s, const char *file)
{
	struct qa_err err;
	int got = qa_stats_find(&s->stats, getauxval(AT_SECURE) ? NULL : qa_opt_home(), file, &err);

	s->writes = got == 1;
	if (got < 0)
		qa_log(QA_ERROR, "event=smtp.stats.failed why=%s", qa_log_quote(err.text));
}

static void
finish(struct session *s)
{
	qa_dialogue_end(&s->dialogue);
	write_batch(s);
	if (s->dialogue.state == QA_DIALOGUE_LOST)
		qa_log(QA_NOTICE, "event=smtp.dialogue.lost why=%s", qa_log_quote(s->dialogue.why));
	if (s->lost)
		qa_log(QA_ERROR, "event=smtp.stats.lost count=%llu", (unsigned long long)s->lost);
}

/* The server on one end of a socket pair, which is its 0 and 1, as tcpserver gives one socket for both. Our end, or -1. */
static int
start(struct qa_child *server, char **argv)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	if (qa_child_start(server, argv[0], argv, (const int[]){pair[1], pair[1], -1}, false))
		qa_close(&pair[0]);
	qa_close(&pair[1]);
	return pair[0];
}

/* Without a process or a socket pair to spare: the server without us. */
static void QA_NORETURN
alone(char **argv)
{
	qa_child_become(argv[0], argv);
	qa_log(QA_ERROR, "event=smtp.server.failed file=%s why=%s", qa_log_quote(argv[0]), qa_log_quote(strerror(errno)));
	_exit(111);
}

int
main(int argc, char **argv)
{
	static struct session s;
	struct qa_child server;
	const char *file = NULL, *control = NULL;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case 'f':
			file = optarg;
			break;
		case 'c':
			control = optarg;
			break;
		case 's':
			s.successes = true;
			break;
		default:
			fputs(qa_replies_builtin, stdout);
			return 0;
		}
	if (optind == argc)
		qa_usage(&opt);
	qa_log_init(opt.program, QA_LOG_STDERR);
	qa_child_low();
	int fd = start(&server, argv + optind);
	if (fd < 0)
		alone(argv + optind);
	find_stats(&s, file);
	read_rules(&s, control);
	qa_dialogue_init(&s.dialogue, result, &s);
	qa_relay_run(&server, fd, s.writes ? seen : NULL, &s);
	if (s.writes)
		finish(&s);
	qa_child_leave(&server);
}
