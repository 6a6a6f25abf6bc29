#include "depot/long.h"
#include "base/log.h"

#include <sys/resource.h>
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

void
long_ready(int fd)
{
	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		qa_log(QA_WARNING, "event=daemon.ready.unheard fd=%d", fd);
	close(fd);
}
