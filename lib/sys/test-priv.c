/* Privileges, descriptors, signals, sandbox: each in a child, as they cannot be taken back. */
#include "sys/priv.h"
#include "sys/sandbox.h"
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[200];

/* What WHAT returns in a child of its own; -1 when it died. */
static int
in_child(int (*what)(void))
{
	int status;

	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(what());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* From now on system call NUMBER is unknown, as in an old kernel. */
static int
forget_call(unsigned number)
{
	struct sock_filter f[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {sizeof f / sizeof *f, f};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int
descriptors(void)
{
	int keep[] = {30, 12, 2, -1, 11};

	for (int fd = 10; fd <= 40; fd++)
		if (dup2(0, fd) < 0)
			return 100;
	if (qa_priv_fds(10, keep, sizeof keep / sizeof *keep, NULL))
		return 101;
	for (int fd = 0; fd <= 40; fd++) {
		bool want = fd == 11 || fd == 12 || fd == 30;

		if (fd >= 10 && is_open(fd) != want)
			return fd;
		if (fd <= 2 && !is_open(fd))
			return 102;
	}
	if (qa_priv_fds(3, NULL, 0, NULL) || is_open(11) || is_open(30))
		return 103;
	return 0;
}

static int
descriptors_by_hand(void)
{
	return forget_call(SYS_close_range) ? 77 : descriptors();
}

static int
signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, now;
	sigset_t s;

	sigfillset(&s);
	sigprocmask(SIG_SETMASK, &s, NULL);
	sigaction(SIGCHLD, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGRTMAX, &ignore, NULL);
	qa_priv_signals();
	if (sigprocmask(SIG_SETMASK, NULL, &s) || sigismember(&s, SIGTERM) || sigismember(&s, SIGHUP))
		return 1;
	if (sigaction(SIGCHLD, NULL, &now) || now.sa_handler != SIG_DFL)
		return 2;
	if (sigaction(SIGRTMAX, NULL, &now) || now.sa_handler != SIG_DFL)
		return 3;
	return sigaction(SIGPIPE, NULL, &now) || now.sa_handler != SIG_DFL;
}

static int
drop_as_root(void)
{
	gid_t g[10];

	if (setgroups(2, (gid_t[]){0, 4}) || qa_priv_drop(65534, 65533, NULL))
		return 1;
	if (getuid() != 65534 || geteuid() != 65534 || getgid() != 65533 || getegid() != 65533)
		return 2;
	if (getgroups(10, g) != 1 || g[0] != 65533)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setegid(0) == 0)
		return 4;
	/* what it is already, it may become; nothing else */
	if (qa_priv_drop(65534, 65533, NULL))
		return 5;
	return qa_priv_drop(65532, 65533, NULL) == 0 || qa_priv_drop(65534, 65532, NULL) == 0 ||
	       errno != EPERM;
}

static int
drop_halfway(void)
{
	/* root in saved ids only: not good enough */
	if (setresuid(65534, 65534, 0))
		return 1;
	return qa_priv_drop(65534, getgid(), NULL) == 0;
}

static int
forget_as_root(void)
{
	if (setgroups(0, NULL) || setresgid(65533, 4, 4) || setresuid(65534, 0, 0) || qa_priv_forget(NULL))
		return 1;
	return geteuid() != 65534 || getegid() != 65533 || setegid(4) == 0 || seteuid(0) == 0;
}

static int
drop_as_user(void)
{
	struct qa_err err;

	if (qa_priv_drop(0, 0, &err) == 0 || err.num != EINVAL)
		return 1;
	if (geteuid() == 0)
		return 0;
	if (qa_priv_drop(getuid(), getgid(), NULL) || qa_priv_drop(getuid() + 1, getgid(), &err) == 0)
		return 2;
	return err.num != EPERM;
}

static const char *
under(const char *name)
{
	static char path[4][300];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof path[i], "%s/%s", top, name);
	return path[i];
}

static bool
can(const char *name, int flags)
{
	int fd = open(under(name), flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
sandbox(void)
{
	const struct qa_sandbox_rule rule[] = {
	    {under("read"), QA_SANDBOX_READ},
	    {under("work"), QA_SANDBOX_READ | QA_SANDBOX_WRITE | QA_SANDBOX_MAKE},
	    {under("read/log"), QA_SANDBOX_WRITE | QA_SANDBOX_MAKE}, /* a file takes what fits a file */
	    {under("missing"), QA_SANDBOX_READ | QA_SANDBOX_MAYBE},
	};
	int abi = qa_sandbox_abi();

	if (qa_sandbox_apply(rule, 4, 1, NULL) != 1)
		return 1;
	if (!can("read/file", O_RDONLY) || !can("read", O_RDONLY | O_DIRECTORY) ||
	    can("read/file", O_WRONLY) || can("read/new", O_WRONLY | O_CREAT))
		return 2;
	if (!can("work/new", O_RDWR | O_CREAT) || mkdir(under("work/dir"), 0700) ||
	    rename(under("work/new"), under("work/newer")) || link(under("work/newer"), under("work/also")) ||
	    unlink(under("work/newer")))
		return 3;
	if (abi >= 2 && rename(under("work/also"), under("work/dir/also")))
		return 4;
	if (can("other/file", O_RDONLY) || can("other", O_RDONLY | O_DIRECTORY) ||
	    can("../..", O_RDONLY | O_DIRECTORY))
		return 5;
	if (rename(under("work/dir"), under("other/dir")) == 0 || unlink(under("other/file")) == 0 ||
	    unlink(under("read/file")) == 0 || symlink("x", under("work/link")) == 0)
		return 6;
	if (!can("read/log", O_WRONLY))
		return 7;
	if (abi >= 3 && truncate(under("read/file"), 0) == 0)
		return 8;
	if (abi >= 4) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof in) == 0)
			return 9;
		in.sin_port = htons(9);
		if (fd >= 0 && (connect(fd, (struct sockaddr *)&in, sizeof in) == 0 || errno != EACCES))
			return 10;
	}
	if (abi >= 6 && kill(getppid(), 0) == 0)
		return 11;
	execl("/bin/true", "true", (char *)NULL);
	return errno == EACCES ? 0 : 12;
}

static int
sandbox_calls(void)
{
	int sv[2], fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 1;
	if (qa_sandbox_calls(NULL) != 1)
		return 77;
	fd = open(under("work/file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || rename(under("work/file"), under("work/renamed")))
		return 2;
	if (chmod(under("work/renamed"), 0644) == 0 || errno != EPERM || fchmod(fd, 0644) == 0 || errno != EPERM ||
	    fchmodat(AT_FDCWD, under("work/renamed"), 0644, 0) == 0 || errno != EPERM)
		return 3;
	if (chown(under("work/renamed"), getuid(), getgid()) == 0 || fchown(fd, getuid(), getgid()) == 0 ||
	    syscall(SYS_fsetxattr, fd, "user.x", "y", 1, 0) == 0 || errno != EPERM)
		return 4;
	if (socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 || errno != EPERM ||
	    socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0)
		return 5;
	if (socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		return 6;
	if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM)
		return 7;
	return unlink(under("work/renamed")) || close(fd);
}

static int
sandbox_bad_rule(void)
{
	struct qa_sandbox_rule rule = {under("missing"), QA_SANDBOX_READ};
	struct qa_err err;

	return qa_sandbox_apply(&rule, 1, 0, &err) != -1 || err.num != ENOENT || !strstr(err.text, "missing");
}

static int
sandbox_unknown(void)
{
	struct qa_sandbox_rule rule = {under("read"), QA_SANDBOX_READ};
	struct qa_err err;

	if (forget_call(SYS_landlock_create_ruleset))
		return 77;
	if (qa_sandbox_abi() != 0 || qa_sandbox_apply(&rule, 1, 0, &err) != 0)
		return 1;
	if (!can("other/file", O_RDONLY) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	return qa_sandbox_apply(&rule, 1, 1, &err) != -1 || err.num != EOPNOTSUPP;
}

/* 77: not possible here */
#define CHILD(f) check(#f, in_child(f))
static void
check(const char *name, int rc)
{
	if (rc == 77)
		OKF(1, "%s # SKIP no seccomp filters here", name);
	else
		OKF(rc == 0, "%s (%d)", name, rc);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(top, sizeof top, "%s/priv.XXXXXX", tmp && *tmp == '/' && strlen(tmp) < 150 ? tmp : "/tmp");
	if (!mkdtemp(top) || mkdir(under("read"), 0700) || mkdir(under("work"), 0700) ||
	    mkdir(under("other"), 0700) || !can("read/file", O_WRONLY | O_CREAT) ||
	    !can("read/log", O_WRONLY | O_CREAT) || !can("other/file", O_WRONLY | O_CREAT))
		return 2;
	CHILD(descriptors);
	CHILD(descriptors_by_hand);
	CHILD(signals);
	CHILD(drop_as_user);
	if (geteuid() == 0) {
		CHILD(drop_as_root);
		CHILD(drop_halfway);
		CHILD(forget_as_root);
	} else
		OKF(1, "dropping privileges # SKIP only root has any");
	if (qa_sandbox_abi() > 0) {
		CHILD(sandbox);
		CHILD(sandbox_calls);
	CHILD(sandbox_bad_rule);
	} else
		OKF(1, "sandbox # SKIP this kernel has no Landlock");
	CHILD(sandbox_unknown);
	unlink(under("work/dir/also"));
	rmdir(under("work/dir"));
	const char *left[] = {"work/also", "read/file", "read/log", "other/file"};
	for (size_t i = 0; i < 4; i++)
		unlink(under(left[i]));
	OKF(rmdir(under("read")) == 0 && rmdir(under("work")) == 0 && rmdir(under("other")) == 0 &&
	        rmdir(top) == 0,
	    "nothing is left");
	return done();
}
