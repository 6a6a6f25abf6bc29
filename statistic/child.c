#include "statistic/child.h"
#include "sys/priv.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2};
enum { PASSED = sizeof passed / sizeof *passed };

static struct {
	sigset_t mask;
	struct sigaction child;
} caller; /* what the child shall find */

void
qa_child_low(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR | O_CLOEXEC); /* lands on fd */
}

void
qa_child_become(const char *program, char *const argv[])
{
	struct qa_err err;

	if (qa_priv_forget(&err))
		errno = err.num;
	else
		execvp(program, argv);
}

/* In the child: never returns. What went wrong goes to TELL. */
static void QA_NORETURN
become(const char *program, char *const argv[], const int fds[3], pid_t parent, bool kill, int tell)
{
	bool good = true;

	for (int i = 0; i < 3; i++)
		good = good && (fds[i] < 0 || dup2(fds[i], i) == i);
	sigaction(SIGCHLD, &caller.child, NULL);
	sigprocmask(SIG_SETMASK, &caller.mask, NULL);
	if (kill && (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent))
		_exit(111);
	if (good)
		qa_child_become(program, argv);
	int why = errno;
	(void)!write(tell, &why, sizeof why);
	_exit(111);
}

static int
hold_signals(void)
{
	const struct sigaction normal = {.sa_handler = SIG_DFL};
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	for (int i = 0; i < PASSED; i++)
		sigaddset(&ours, passed[i]);
	/* one that is ignored makes no child to wait for */
	sigaction(SIGCHLD, &normal, &caller.child);
	sigprocmask(SIG_BLOCK, &ours, &caller.mask);
	return signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void
release_signals(void)
{
	sigaction(SIGCHLD, &caller.child, NULL);
	sigprocmask(SIG_SETMASK, &caller.mask, NULL);
}

/* Forks; 0 when the program runs, else errno. */
static int
start(struct qa_child *c, const char *program, char *const argv[], const int fds[3], bool kill)
{
	pid_t parent = getpid();
	int tell[2], why = 0;

	if (pipe2(tell, O_CLOEXEC))
		return errno;
	c->pid = fork();
	if (c->pid < 0) {
		why = errno;
	} else if (c->pid == 0) {
		become(program, argv, fds, parent, kill, tell[1]);
	} else {
		qa_close(&tell[1]);
		if (qa_sys->read(tell[0], &why, sizeof why) == (ssize_t)sizeof why)
			waitpid(c->pid, NULL, 0);
		else
			why = 0;
	}
	qa_close(&tell[1]);
	qa_close(&tell[0]);
	return why;
}

int
qa_child_start(struct qa_child *c_r, const char *program, char *const argv[], const int fds[3], bool kill)
{
	*c_r = (struct qa_child){.pid = -1, .signals = hold_signals()};
	int why = c_r->signals < 0 ? errno : start(c_r, program, argv, fds, kill);

	if (why) {
		qa_close(&c_r->signals);
		release_signals();
		errno = why;
		return -1;
	}
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

void
qa_child_news(struct qa_child *c)
{
	struct signalfd_siginfo news;

	while (qa_sys->read(c->signals, &news, sizeof news) == (ssize_t)sizeof news)
		if (news.ssi_signo != SIGCHLD && !c->ended)
			kill(c->pid, (int)news.ssi_signo);
	if (!c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
}

void
qa_child_leave(const struct qa_child *c)
{
	const struct rlimit none = {0, 0};
	sigset_t all;

	if (WIFSIGNALED(c->status)) {
		setrlimit(RLIMIT_CORE, &none); /* one core is enough */
		signal(WTERMSIG(c->status), SIG_DFL);
		sigemptyset(&all);
		sigaddset(&all, WTERMSIG(c->status));
		sigprocmask(SIG_UNBLOCK, &all, NULL);
		raise(WTERMSIG(c->status));
	}
	_exit(WIFEXITED(c->status) ? WEXITSTATUS(c->status) : 111);
}
