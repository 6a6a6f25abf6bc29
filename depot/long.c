#include "depot/long.h"
#include "base/log.h"
#include "base/opt.h"
#include "conf/instance.h"
#include "sys/priv.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

volatile sig_atomic_t long_ending;

static void
end(int sig)
{
	(void)sig;
	long_ending = 1;
}

bool
long_stop(void *ctx)
{
	(void)ctx;
	return long_ending;
}

void
long_catch(void)
{
	struct sigaction a = {.sa_handler = end};

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
}

void
long_prepare(void)
{
	struct sigaction a = {.sa_handler = SIG_IGN};
	struct rlimit r;

	long_catch();
	sigaction(SIGHUP, &a, NULL); /* tables and lists of domains are read again all the time anyway */
	sigaction(SIGPIPE, &a, NULL);
	sigaction(SIGXFSZ, &a, NULL);
	/* partitions of many domains are open side by side */
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* By the system call, for one bit needs no library. */
static void
keep_reading(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return; /* then what it cannot read is named, file by file */
	data[0].effective |= data[0].permitted & 1U << CAP_DAC_READ_SEARCH;
	(void)!syscall(SYS_capset, &head, data);
}

void
long_become(const struct qa_opt *o, const char *home, bool reading)
{
	struct qa_err err;
	uid_t uid = geteuid();
	gid_t gid;

	if (uid != 0)
		return;
	if (qa_instance_become(home, &err)) {
		if (err.num == ENOENT)
			return; /* the program says what it misses, or makes it */
		qa_die(o->program, &err);
	}
	uid = geteuid();
	gid = getegid();
	if (uid != 0 && reading)
		keep_reading();
	else if (uid != 0 && (qa_instance_return(&err) || qa_priv_drop(uid, gid, &err)))
		qa_die(o->program, &err);
}

void
long_ready(int fd)
{
	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		qa_log(QA_WARNING, "event=daemon.ready.unheard fd=%d", fd);
	close(fd);
}
