/*
 * A stand-in for qmail-smtpd, where one is needed that is as quick: what is said is from the facts about it, mail goes to $QMAILQUEUE as
 * there, or nowhere when that is not set. No limits, no checks.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

static char in[1024];
static size_t in_at, in_n;
static char out[512];
static size_t out_n;
static char envelope[1 << 16];
static size_t envelope_n;
static bool mail;
static int message = -1; /* qmail-queue's, while one runs */
static int addresses = -1;
static pid_t queue;

static void
write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t r = write(fd, p, n);

		if (r < 0)
			_exit(1);
		p += r;
		n -= (size_t)r;
	}
}

static void
flush(void)
{
	write_all(1, out, out_n);
	out_n = 0;
}

static void
say(const char *s)
{
	size_t n = strlen(s);

	if (out_n + n > sizeof out)
		flush();
	memcpy(out + out_n, s, n);
	out_n += n;
}

static char
next(void)
{
	if (in_at == in_n) {
		ssize_t r;

		flush();
		r = read(0, in, sizeof in);
		if (r <= 0)
			_exit(1);
		in_at = 0;
		in_n = (size_t)r;
	}
	return in[in_at++];
}

static void
start_queue(void)
{
	const char *program = getenv("QMAILQUEUE");
	int m[2], e[2];

	if (!program)
		return;
	if (pipe(m) || pipe(e))
		_exit(1);
	queue = vfork();
	if (queue == 0) {
		close(m[1]);
		close(e[1]);
		dup2(m[0], 0);
		dup2(e[0], 1);
		close(m[0]);
		close(e[0]);
		execl(program, program, (char *)NULL);
		_exit(120);
	}
	close(m[0]);
	close(e[0]);
	message = m[1];
	addresses = e[1];
}

static bool
end_queue(void)
{
	int status;

	if (message < 0)
		return true;
	close(message);
	write_all(addresses, envelope, envelope_n);
	write_all(addresses, "", 1);
	close(addresses);
	message = -1;
	return waitpid(queue, &status, 0) == queue && status == 0;
}

/* One byte of the message, in pieces of 1 KB as qmail's own does it. */
static void
put(char c, bool last)
{
	static char piece[1024];
	static size_t n;

	if (!last)
		piece[n++] = c;
	if ((last || n == sizeof piece) && message >= 0)
		write_all(message, piece, n);
	if (last || n == sizeof piece)
		n = 0;
}

static void
data(void)
{
	bool start = true;

	start_queue();
	say("354 go ahead\r\n");
	for (;;) {
		char c = next();

		if (start && c == '.') {
			c = next();
			if (c == '\r' && (c = next()) == '\n')
				break;
		}
		if (c == '\r')
			c = next();
		put(c, false);
		start = c == '\n';
	}
	put(0, true);
	say(end_queue() ? "250 ok 1763880000 qp 1\r\n" : "451 qq temporary problem (#4.3.0)\r\n");
	mail = false;
}

static void
add(char letter, const char *line)
{
	const char *from = strchr(line, '<'), *to = from ? strchr(from, '>') : NULL;
	size_t n = to ? (size_t)(to - from - 1) : 0;

	if (envelope_n + n + 3 > sizeof envelope)
		_exit(1);
	envelope[envelope_n++] = letter;
	if (n)
		memcpy(envelope + envelope_n, from + 1, n);
	envelope_n += n;
	envelope[envelope_n++] = 0;
}

static void
command(const char *line)
{
	if (strncasecmp(line, "mail", 4) == 0) {
		envelope_n = 0;
		mail = true;
		add('F', line);
		say("250 ok\r\n");
	} else if (strncasecmp(line, "rcpt", 4) == 0) {
		if (strstr(line, "<no@")) {
			say("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\r\n");
			return;
		}
		add('T', line);
		say(mail ? "250 ok\r\n" : "503 MAIL first (#5.5.1)\r\n");
	} else if (strncasecmp(line, "data", 4) == 0) {
		data();
	} else if (strncasecmp(line, "ehlo", 4) == 0) {
		say("250-mx.example.com\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
	} else if (strncasecmp(line, "helo", 4) == 0) {
		say("250 mx.example.com\r\n");
	} else if (strncasecmp(line, "quit", 4) == 0) {
		say("221 mx.example.com\r\n");
		flush();
		_exit(0);
	} else {
		say("250 ok\r\n");
	}
}

int
main(void)
{
	char line[1000];

	say("220 mx.example.com ESMTP\r\n");
	for (;;) {
		size_t n = 0;
		char c;

		while ((c = next()) != '\n')
			if (n < sizeof line - 1)
				line[n++] = c;
		line[n] = 0;
		command(line);
	}
}
