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

/* In the child, which shares our memory until it runs another program: never returns; says why not in *WHY_R. */
static void QA_NORETURN
become(const char *program, char *const argv[], const int fds[3], pid_t parent, bool kill, volatile int *why_r)
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
	*why_r = errno;
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

/*
 * 0 when the program runs, else errno. By vfork, for each session and each delivery comes through here: no pages are copied, and
 * we wait in it until the program runs or is known not to.
 */
static int
start(struct qa_child *c, const char *program, char *const argv[], const int fds[3], bool kill)
{
	volatile int why = 0;
	pid_t parent = getpid();

	c->pid = vfork();
	if (c->pid < 0)
		return errno;
	if (c->pid == 0)
		become(program, argv, fds, parent, kill, &why);
	if (why)
		waitpid(c->pid, NULL, 0);
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
