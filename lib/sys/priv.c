#include "sys/priv.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static bool
is_for_good(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) || getresgid(&g[0], &g[1], &g[2]))
		return false;
	for (int i = 0; i < 3; i++)
		if (u[i] != uid || g[i] != gid)
			return false;
	/* believe it only when the way back is really shut */
	return uid == 0 || setresuid((uid_t)-1, 0, (uid_t)-1) != 0;
}

int
qa_priv_drop(uid_t uid, gid_t gid, struct qa_err *err)
{
	if (uid == 0)
		return qa_fail(err, EINVAL, "cannot drop privileges: uid 0 has them all");
	if (geteuid() == 0 && (setgroups(1, &gid) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
		return qa_fail(err, errno, "cannot become uid %lu, gid %lu: ", (unsigned long)uid,
		               (unsigned long)gid);
	if (!is_for_good(uid, gid))
		return qa_fail(err, EPERM, "cannot become uid %lu, gid %lu: ", (unsigned long)uid,
		               (unsigned long)gid);
	return 0;
}

int
qa_priv_forget(struct qa_err *err)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return qa_fail(err, errno, "cannot give up set-id privileges: ");
	if (!is_for_good(uid, gid))
		return qa_fail(err, EPERM, "cannot give up set-id privileges: ");
	return 0;
}

/* For kernels before 5.9. Descriptors beyond the limit can be open when the limit was lowered later, so its
 * hard value is not the end either: 65536 is more than any starter of ours leaves open. */
static void
close_each(unsigned from, unsigned to)
{
	struct rlimit r;
	unsigned most = 65536;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur != RLIM_INFINITY && r.rlim_cur > most)
		most = r.rlim_cur > INT_MAX ? INT_MAX : (unsigned)r.rlim_cur;
	for (unsigned fd = from; fd <= to && fd < most; fd++)
		close((int)fd);
}

static int
close_between(unsigned from, unsigned to)
{
	if (from > to || syscall(SYS_close_range, from, to, 0) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM) /* EPERM: an old container's filter */
		return -1;
	close_each(from, to);
	return 0;
}

int
qa_priv_fds(int from, const int *keep, size_t n, struct qa_err *err)
{
	unsigned at = from < 0 ? 0 : (unsigned)from;

	for (;;) {
		unsigned next = UINT_MAX; /* the lowest one to keep, from here on */

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= at && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next != at && close_between(at, next == UINT_MAX ? UINT_MAX : next - 1))
			return qa_fail(err, errno, "cannot close inherited descriptors: ");
		if (next == UINT_MAX)
			return 0;
		at = next + 1;
	}
}

void
qa_priv_signals(void)
{
	struct sigaction def = {.sa_handler = SIG_DFL};
	sigset_t none;

	/* the C library keeps two numbers for itself and refuses them: no matter */
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		sigaction(sig, &def, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
