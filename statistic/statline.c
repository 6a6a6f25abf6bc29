/*
 * statline: one line for the stats file from arguments, for programs that have no writer of their own; and a look at the lines of files.
 */
#include "auto.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/text.h"
#include "statline/file.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { IN = 1000, OUT, HOST, TIME, ATTEMPTS, CHECK, SHOWN = 200 };

static const char help[] =
    "Adds one line to the stats file, after looking whether it is a good one.\n"
    "With --check: looks at the lines of a stats file; prints the bad ones.\n\n"
    "  -f FILE           the stats file (else etc/stats, else " QA_STATS ")\n"
    "  -i, --in          the mail came in (the default)\n"
    "  -o, --out         it went out (the default for pop3@ and imap@ senders)\n"
    "      --host HOST   the host's name in the line\n"
    "      --time N      the time, in seconds since 1970 (now)\n"
    "      --attempts N  data transfers in the session\n"
    "      --check FILE  look at FILE, - for standard input\n";

static const struct option longs[] = {{"in", no_argument, NULL, IN},
				      {"out", no_argument, NULL, OUT},
				      {"host", required_argument, NULL, HOST},
				      {"time", required_argument, NULL, TIME},
				      {"attempts", required_argument, NULL, ATTEMPTS},
				      {"check", required_argument, NULL, CHECK},
				      {NULL, 0, NULL, 0}};
static const struct qa_opt opt = {"statline", "[-io] [-f FILE] SENDER RECIPIENT BYTES STATUS | --check FILE", help, "f:io", longs};

static void QA_NORETURN
wrong(const char *what, const char *value)
{
	struct qa_err err;

	qa_fail(&err, 0, "%s is no %s", value, what);
	qa_die(opt.program, &err);
}

static uint64_t
number(const char *s, uint64_t most, const char *what)
{
	uint64_t n;

	if (qa_scan_u64(qa_span_str(s), &n) || n > most)
		wrong(what, s);
	return n;
}

/* A status is a word of its own: what the line would have to change is a mistake of the caller. */
static qa_span
status(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	size_t n = strlen(s);

	if (n == 0 || n > QA_STATLINE_NAME || strspn(s, plain) != n)
		wrong("status (letters, digits, '.', '-' and '_')", s);
	return qa_span_of(s, n);
}

static int
add(const char *file, struct qa_statline *s, bool said, char **arg)
{
	const char *home = qa_opt_home();
	struct qa_stats to;
	struct qa_err err;

	s->sender = qa_span_str(arg[0]);
	s->recipient = qa_span_str(arg[1]);
	if (s->recipient.n == 0) {
		qa_fail(&err, 0, "the recipient is empty");
		qa_die(opt.program, &err);
	}
	s->bytes = number(arg[2], UINT64_MAX, "number of bytes");
	s->status = status(arg[3]);
	if (!said)
		s->out = qa_statline_kind(s) == QA_STAT_POP3 || qa_statline_kind(s) == QA_STAT_IMAP;
	int found = qa_stats_find(&to, home, file, &err);
	if (found == 0 && !to.path[0])
		return 0; /* `-`: nobody wants it */
	if (found < 0 || qa_stats_write(&to, s, &err))
		qa_die(opt.program, &err);
	return 0;
}

/* ---- --check ---- */

static void
show(const char *file, uint64_t line, const char *why, qa_span text)
{
	const unsigned char *end = memchr(text.p, '\n', text.n);
	struct qa_buf out = QA_BUF(0);
	struct qa_err err;

	if (end)
		text.n = (size_t)(end - text.p);
	if (qa_show_add(&out, qa_span_cut(text, 0, SHOWN)) || (text.n > SHOWN && qa_buf_addstr(&out, "...")) || !qa_buf_cstr(&out)) {
		qa_fail(&err, errno, "cannot show a line: ");
		qa_die(opt.program, &err);
	}
	printf("%s:%llu: %s: %s\n", file, (unsigned long long)line, why, (const char *)out.p);
	qa_buf_free(&out);
}

/* An empty line is nobody's fault. */
static bool
is_bad(qa_span line, const char **why_r)
{
	struct qa_statline s;

	if (line.p[line.n - 1] != '\n')
		*why_r = line.n > QA_STATLINE_MAX ? "too long" : "no line feed at its end";
	else if (line.n == 1 || (line.n == 2 && line.p[0] == '\r') || qa_statline_get(line, &s, why_r) == 0)
		return false;
	return true;
}

static int
check(const char *file)
{
	static unsigned char buf[16 * (QA_STATLINE_MAX + 1)];
	size_t have = 0;
	uint64_t line = 0, bad = 0;
	bool skip = false; /* the rest of a line that was too long */
	struct qa_err err;
	int fd = 0;

	if (strcmp(file, "-") != 0 && (fd = qa_open(AT_FDCWD, file, O_RDONLY, 0, &err)) < 0)
		qa_die(opt.program, &err);
	for (;;) {
		ssize_t r = qa_sys->read(fd, buf + have, sizeof buf - have);
		size_t at = 0;

		if (r < 0) {
			qa_fail(&err, errno, "cannot read %s: ", file);
			qa_die(opt.program, &err);
		}
		have += (size_t)r;
		if (line == 0 && have >= 2 && buf[0] == 0x1f && buf[1] == 0x8b) {
			qa_fail(&err, 0, "%s is packed by gzip; give it by zcat", file);
			qa_die(opt.program, &err);
		}
		while (at < have) {
			const unsigned char *end = memchr(buf + at, '\n', have - at);
			qa_span s = qa_span_of(buf + at, end ? (size_t)(end + 1 - buf) - at : have - at);
			const char *why;

			if (!end && r && s.n <= QA_STATLINE_MAX && !skip)
				break;
			line += !skip;
			if (!skip && is_bad(s, &why)) {
				show(file, line, why, s);
				bad++;
			}
			skip = !end;
			at += s.n;
		}
		memmove(buf, buf + at, have - at);
		have -= at;
		if (r == 0)
			break;
	}
	if (fflush(stdout) || ferror(stdout)) {
		qa_fail(&err, errno, "cannot write what was found: ");
		qa_die(opt.program, &err);
	}
	return bad ? 1 : 0;
}

int
main(int argc, char **argv)
{
	const char *file = NULL, *look = NULL;
	struct qa_statline s = {.out = false};
	bool said = false;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case 'f':
			file = optarg;
			break;
		case 'i':
		case IN:
			said = true, s.out = false;
			break;
		case 'o':
		case OUT:
			said = s.out = true;
			break;
		case HOST:
			s.host = qa_span_str(optarg);
			break;
		case TIME:
			s.time = (int64_t)number(optarg, QA_LATEST, "time in seconds since 1970");
			break;
		case ATTEMPTS:
			s.attempts = (uint32_t)number(optarg, UINT32_MAX, "number of attempts");
			break;
		case CHECK:
			look = optarg;
			break;
		default:
			qa_usage(&opt);
		}
	if (look && optind == argc)
		return check(look);
	if (look || argc - optind != 4)
		qa_usage(&opt);
	return add(file, &s, said, argv + optind);
}
