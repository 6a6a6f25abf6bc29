#include "statistic/server.h"
#include "sys/priv.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2};
enum { PASSED = sizeof passed / sizeof *passed, CANNOT_RUN = 111 };

static volatile sig_atomic_t came[PASSED], child;

static void
note(int sig)
{
	if (sig == SIGCHLD)
		child = 1;
	for (int i = 0; i < PASSED; i++)
		if (passed[i] == sig)
			came[i] = 1;
}

int
qa_server_become(char **argv)
{
	struct qa_err err;

	/* a set-id smtpstat may write the stats file; its server may not */
	if (qa_priv_forget(&err)) {
		fprintf(stderr, "smtpstat: %s\n", err.text);
		return CANNOT_RUN;
	}
	execvp(argv[0], argv);
	fprintf(stderr, "smtpstat: cannot run %s: %s\n", argv[0], strerror(errno));
	return CANNOT_RUN;
}

static void QA_NORETURN
be_server(int fd, char **argv, const sigset_t *mask, const struct sigaction *chld)
{
	if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		_exit(CANNOT_RUN);
	sigaction(SIGCHLD, chld, NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(qa_server_become(argv));
}

/* What was ignored when we came stays ignored: nobody wants it handed on. */
static void
catch(void)
{
	struct sigaction sa = {.sa_handler = note}, old;

	sigemptyset(&sa.sa_mask);
	sigaction(SIGCHLD, &sa, NULL);
	for (int i = 0; i < PASSED; i++)
		if (sigaction(passed[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(passed[i], &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

int
qa_server_start(struct qa_server *s, char **argv, struct qa_err *err)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, chld;
	sigset_t all, before;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return qa_fail(err, errno, "cannot make a socket pair: ");
	/* only our end: the server's is as blocking as the socket it stands for */
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK))
		goto fail;
	sigemptyset(&standard.sa_mask);
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	for (int i = 0; i < PASSED; i++)
		sigaddset(&all, passed[i]);
	sigprocmask(SIG_BLOCK, &all, &before);
	sigaction(SIGCHLD, &standard, &chld); /* ignored, the exit status would be lost */
	s->pid = fork();
	if (s->pid == 0)
		be_server(pair[1], argv, &before, &chld);
	if (s->pid < 0) {
		int num = errno;

		sigaction(SIGCHLD, &chld, NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		errno = num;
		goto fail;
	}
	close(pair[1]);
	s->fd = pair[0];
	s->ended = false;
	s->mask = before;
	sigdelset(&s->mask, SIGCHLD);
	catch();
	return 0;
fail:
	qa_fail(err, errno, "cannot start a process: ");
	close(pair[0]);
	close(pair[1]);
	return -1;
}

bool
qa_server_look(struct qa_server *s)
{
	for (int i = 0; i < PASSED; i++)
		if (came[i]) {
			came[i] = 0;
			if (!s->ended)
				kill(s->pid, passed[i]);
		}
	if (!child || s->ended)
		return s->ended;
	child = 0;
	s->ended = waitpid(s->pid, &s->status, WNOHANG) == s->pid;
	return s->ended;
}

void
qa_server_follow(const struct qa_server *s)
{
	if (WIFSIGNALED(s->status)) {
		const struct rlimit none = {0, 0};
		int sig = WTERMSIG(s->status);
		sigset_t just;

		setrlimit(RLIMIT_CORE, &none);
		signal(sig, SIG_DFL);
		sigemptyset(&just);
		sigaddset(&just, sig);
		sigprocmask(SIG_UNBLOCK, &just, NULL);
		kill(getpid(), sig);
	}
	_exit(WIFEXITED(s->status) ? WEXITSTATUS(s->status) : CANNOT_RUN);
}
