/*
 * A stand-in for qmail's own qmail-remote, for machines without qmail: it sends nothing, and says what it is told to say.
 *
 *	QA_STANDIN_LOG		a file that gets a line about what this program was started with, then a line for each argument
 *	QA_STANDIN_COPY		a file that gets the message
 *	QA_STANDIN_REPORT	a file whose bytes are the report
 *	QA_STANDIN_PIECE	the report is written in pieces of so many bytes
 *	QA_STANDIN_GO		a FIFO: after the first piece, waits until it has been opened for writing and closed again
 *	QA_STANDIN_WORDS	words for standard error, before the report and after it
 *	QA_STANDIN_EXIT		exits so (0)
 *	QA_STANDIN_SIGNAL	kills itself with that signal in the end
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void __attribute__((noreturn))
die(const char *what)
{
	perror(what);
	_exit(99);
}

static void
log_start(const char *file, char **argv)
{
	FILE *out = fopen(file, "ae");
	struct sigaction sa;
	sigset_t blocked;
	char cwd[1024];

	if (!out || !getcwd(cwd, sizeof cwd))
		die(file);
	fprintf(out, "pid=%d uid=%d gid=%d egid=%d fds=", (int)getpid(), (int)getuid(), (int)getgid(), (int)getegid());
	for (int fd = 0; fd < 1024; fd++)
		if (fd != fileno(out) && fcntl(fd, F_GETFD) >= 0)
			fprintf(out, "%d,", fd);
	fprintf(out, " blocked=");
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int sig = 1; sig < 32; sig++)
		if (sigismember(&blocked, sig) == 1)
			fprintf(out, "%d,", sig);
	fprintf(out, " ignored=");
	for (int sig = 1; sig < 32; sig++)
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			fprintf(out, "%d,", sig);
	fprintf(out, " offset=%lld cwd=%s\n", (long long)lseek(0, 0, SEEK_CUR), cwd);
	for (; *argv; argv++)
		fprintf(out, "arg=%s\n", *argv);
	if (fclose(out))
		die(file);
}

static void
copy(int from, int to, size_t piece, const char *go)
{
	static char b[65536];
	ssize_t n;

	if (!piece || piece > sizeof b)
		piece = sizeof b;
	while ((n = read(from, b, piece)) > 0) {
		for (ssize_t done = 0, w; done < n; done += w)
			if ((w = write(to, b + done, (size_t)(n - done))) <= 0)
				return;
		if (go) {
			int fd = open(go, O_RDONLY | O_CLOEXEC);

			if (fd < 0 || read(fd, b, 1) != 0)
				die(go);
			close(fd);
			go = NULL;
		}
	}
}

static void
words(const char *text)
{
	if (text && write(2, text, strlen(text)) < 0)
		die("standard error");
}

int
main(int argc, char **argv)
{
	const char *v;
	int fd;

	(void)argc;
	if ((v = getenv("QA_STANDIN_LOG")))
		log_start(v, argv);
	signal(SIGPIPE, SIG_IGN);
	if ((v = getenv("QA_STANDIN_COPY"))) {
		if ((fd = open(v, O_WRONLY | O_CREAT | O_TRUNC, 0666)) < 0)
			die(v);
		copy(0, fd, 0, NULL);
		close(fd);
	}
	words(getenv("QA_STANDIN_WORDS"));
	if ((v = getenv("QA_STANDIN_REPORT"))) {
		const char *piece = getenv("QA_STANDIN_PIECE");

		if ((fd = open(v, O_RDONLY)) < 0)
			die(v);
		copy(fd, 1, piece ? strtoul(piece, NULL, 10) : 0, getenv("QA_STANDIN_GO"));
		close(fd);
	}
	words(getenv("QA_STANDIN_WORDS"));
	if ((v = getenv("QA_STANDIN_SIGNAL"))) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		signal((int)strtol(v, NULL, 10), SIG_DFL);
		raise((int)strtol(v, NULL, 10));
	}
	return (v = getenv("QA_STANDIN_EXIT")) ? (int)strtol(v, NULL, 10) : 0;
}
