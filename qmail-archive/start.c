#include "qmail-archive/start.h"
#include "auto.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	DAY = 86400,	      /* under the 36 hours after which qmail sweeps its queue */
	CLASSIC_SIGNALS = 32, /* above are the realtime ones, which nobody sends by accident: a system call each, for every message */
};

static void
close_from_to(unsigned from, unsigned to)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, from, to, 0) == 0)
		return;
#endif
	long most = sysconf(_SC_OPEN_MAX);

	if (most < 0 || most > 65536)
		most = 65536; /* nobody above qmail holds more */
	for (unsigned fd = from; fd <= to && fd < (unsigned)most; fd++)
		close((int)fd);
}

static bool
is_error_pipe(int flags)
{
	struct stat st;

	return (flags & O_ACCMODE) != O_RDONLY && fstat(QA_ERRFD, &st) == 0 && S_ISFIFO(st.st_mode);
}

int
qa_start_descriptors(bool *errfd_r)
{
	int six = fcntl(QA_ERRFD, F_GETFL);
	bool two = fcntl(2, F_GETFD) >= 0;

	if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0)
		return -1;
	*errfd_r = six >= 0 && is_error_pipe(six);
	close_from_to(3, QA_ERRFD - 1);
	close_from_to(QA_ERRFD + 1, ~0U);
	if (two && six >= 0)
		return 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC); /* lands on 2 when that is free */
	if (null < 0)
		return 0;
	if (six < 0)
		dup3(null, QA_ERRFD, O_CLOEXEC);
	if (null == 2)
		fcntl(2, F_SETFD, 0); /* the next program shall have one too */
	else
		close(null);
	return 0;
}

static void
die_fault(int sig)
{
	(void)sig;
	_exit(81);
}

static void
die_timeout(int sig)
{
	(void)sig;
	_exit(52);
}

static void
disposition(int sig, void (*handler)(int))
{
	struct sigaction sa = {.sa_handler = handler};

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL); /* KILL, STOP and libc's own refuse, rightly */
}

void
qa_start_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < CLASSIC_SIGNALS; sig++)
		switch (sig) {
		case SIGKILL:
		case SIGSTOP:
			break;
		case SIGPIPE:
		case SIGHUP:
		case SIGINT:
		case SIGQUIT:
		case SIGVTALRM:
		case SIGPROF:
		case SIGXCPU:
		case SIGXFSZ:
			disposition(sig, SIG_IGN);
			break;
		case SIGALRM:
			disposition(sig, die_timeout);
			break;
		case SIGCHLD:
		case SIGCONT:
		case SIGTSTP:
		case SIGTTIN:
		case SIGTTOU:
		case SIGURG:
		case SIGWINCH:
			disposition(sig, SIG_DFL);
			break;
		default:
			disposition(sig, die_fault);
			break;
		}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(DAY);
	umask(033);
}

int
qa_start_agent(void)
{
	if (fcntl(0, F_GETFD) < 0)
		return -1;
	for (int fd = 1; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_WRONLY) != fd)
			return -1;
	close_from_to(3, ~0U);
	disposition(SIGPIPE, SIG_IGN);
	disposition(SIGXFSZ, SIG_IGN);
	umask(077);
	return 0;
}

const char *
qa_start_home(void)
{
	const char *home = secure_getenv("MAILDEPOT_HOME");

	unsetenv("MAILDEPOT_HOME"); /* the string itself stays */
	return home && *home ? home : QA_HOME;
}
