/*
 * popstat: between the program that checked the password and the POP3 or IMAP server: waits for the server's end and adds a line
 * for the session to the stats file. The kernel counts the bytes of a TCP connection; everything else passes through here.
 * Nothing that goes wrong with the statistics touches the session: what cannot be watched is run unwatched.
 */
#include "auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "qmail-archive/control.h"
#include "statistic/account.h"
#include "statistic/child.h"
#include "statistic/relay.h"
#include "statistic/tcp.h"
#include "statline/file.h"
#include "sys/sys.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A client that says nothing for so long before the server ends is away: servers wait for five minutes or more, and need less to end. */
static const uint64_t silence = 240 * QA_SECOND;

struct session {
	const char *what; /* "pop3", "imap" */
	const char *domain;
	char account[QA_ACCOUNT_MAX];
	struct qa_stats stats;
	struct qa_child child;
	uint64_t bytes; /* both ways */
	uint64_t heard; /* when the last of them came from the client (qa_tick) */
	bool whole;	/* the client was there to the end */
};

/* Where warnings go: under inetd 2 is the connection too. */
static void
open_log(void)
{
	struct stat a, b;
	bool talks = qa_sys->fstat(2, &a) || (qa_sys->fstat(0, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);

	qa_log_init("popstat", talks ? QA_LOG_SYSLOG : QA_LOG_STDERR);
}

static void QA_NORETURN
run_unwatched(char **argv)
{
	qa_child_become(argv[0], argv);
	int num = errno;
	open_log();
	qa_log(QA_WARNING, "event=stats.server.missing file=%s why=%s", qa_log_quote(argv[0]), qa_log_quote(strerror(num)));
	_exit(111);
}

#define USAGE "usage: popstat [-d DOMAIN] [-f FILE] pop3|imap PROGRAM [ARGUMENT...]\n"

static void QA_NORETURN
usage(void)
{
	(void)!write(2, USAGE, sizeof USAGE - 1);
	_exit(100);
}

/* --help or --version, alone: what a person types, not what a server's script says. */
static void
told(const char *word)
{
	static const char help[] = USAGE "\n"
					 "Runs PROGRAM, a POP3 or IMAP server behind the login, and adds a line for the session to the stats file.\n\n"
					 "  -d DOMAIN     of accounts without one\n"
					 "  -f FILE       the stats file (else etc/stats, else conf-stats)\n"
					 "      --help    show this and exit\n"
					 "      --version show the version and exit\n\n"
					 "See popstat in the manual pages.\n";
	static const char version[] = "popstat (qmail-archive) " QA_VERSION "\n";

	if (strcmp(word, "--help") == 0)
		_exit(write(1, help, sizeof help - 1) < 0 ? 100 : 0);
	if (strcmp(word, "--version") == 0)
		_exit(write(1, version, sizeof version - 1) < 0 ? 100 : 0);
}

/* What follows an account without a domain: -d, else what qmail gives to addresses without one. */
static void
find_account(struct session *s)
{
	char buf[QA_CONTROL_MAX], *line;
	const char *domain = s->stats.host;

	if (s->domain)
		domain = s->domain;
	else if (qa_control_lines(QA_QMAIL, "control/envnoathost", buf, &line, 1, NULL) == 1 && *line)
		domain = line;
	if (!qa_account_find(domain, s->account)) {
		s->account[0] = 0;
		open_log();
		qa_log(QA_WARNING, "event=stats.account.missing why=\"neither VPOPUSER nor AUTHENTICATED nor USER names one\"");
	}
}

static void
wait_for_end(struct qa_child *c)
{
	struct pollfd p = {.fd = c->signals, .events = POLLIN};

	while (!c->ended)
		if (poll(&p, 1, -1) > 0)
			qa_child_news(c);
}

static void
watch_tcp(struct session *s, char **argv)
{
	static const int as_they_are[3] = {-1, -1, -1};
	struct qa_tcp t;

	if (qa_child_start(&s->child, argv[0], argv, as_they_are, false))
		run_unwatched(argv);
	wait_for_end(&s->child);
	if (qa_tcp_count(0, &t)) {
		int num = errno;

		open_log();
		qa_log(QA_WARNING, "event=stats.count.missing why=%s", qa_log_quote(strerror(num)));
		return;
	}
	s->bytes = t.in + t.out;
	s->whole = !t.broken && !(t.open && t.quiet >= silence);
}

static bool
seen(void *ctx, bool from_server, qa_span bytes)
{
	struct session *s = ctx;

	s->bytes += bytes.n;
	if (!from_server)
		s->heard = qa_tick();
	return true;
}

/* The server on one end of a socket pair, which is its 0 and 1. */
static void
watch_relay(struct session *s, char **argv)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		run_unwatched(argv);
	const int fds[3] = {pair[1], pair[1], -1};
	if (qa_child_start(&s->child, argv[0], argv, fds, false))
		run_unwatched(argv);
	qa_close(&pair[1]);
	s->heard = qa_tick();
	uint64_t lost = qa_relay_run(&s->child, pair[0], seen, s);
	s->bytes -= lost;
	s->whole = !lost && qa_tick() - s->heard < silence;
}

static void
write_line(const struct session *s)
{
	char sender[QA_ACCOUNT_MAX + 8];
	bool good = s->whole && WIFEXITED(s->child.status) && WEXITSTATUS(s->child.status) == 0;
	struct qa_statline line = {.out = true, .bytes = s->bytes, .status = qa_span_str(good ? "success" : "timeout")};
	struct qa_err err;

	int n = snprintf(sender, sizeof sender, "%s@%s", s->what, s->account);
	line.sender = qa_span_of(sender, (size_t)n);
	line.recipient = qa_span_str(s->account);
	if (qa_stats_write(&s->stats, &line, &err)) {
		open_log();
		qa_log(QA_WARNING, "event=stats.line.lost why=%s", qa_log_quote(err.text));
	}
}

int
main(int argc, char **argv)
{
	static struct session s;
	const char *file = NULL;
	struct qa_err err;
	int c;

	if (argc == 2)
		told(argv[1]);
	opterr = 0;
	while ((c = getopt(argc, argv, "+d:f:")) != -1)
		if (c == 'd')
			s.domain = optarg;
		else if (c == 'f')
			file = optarg;
		else
			usage();
	argv += optind;
	argc -= optind;
	if (argc < 2 || (strcmp(argv[0], "pop3") != 0 && strcmp(argv[0], "imap") != 0))
		usage();
	s.what = *argv++;
	int found = qa_stats_find(&s.stats, NULL, file, &err);
	if (found < 0) {
		open_log();
		qa_log(QA_WARNING, "event=stats.file.missing why=%s", qa_log_quote(err.text));
	}
	if (found == 1)
		find_account(&s);
	if (found != 1 || !s.account[0])
		run_unwatched(argv);
	qa_child_low();
	if (qa_tcp_both(0, 1))
		watch_tcp(&s, argv);
	else
		watch_relay(&s, argv);
	write_line(&s);
	qa_child_leave(&s.child);
}
