#include "tests/crash/steps.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch[300];

void
crash_stuck(const char *what)
{
	fprintf(stderr, "crash: %s: %s\n", what, strerror(errno));
	exit(2);
}

unsigned long
crash_env(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);
	char *end;

	if (!s || !*s)
		return otherwise;
	unsigned long n = strtoul(s, &end, 10);
	if (*end) {
		errno = EINVAL;
		crash_stuck(name);
	}
	return n;
}

void *
crash_shared(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		crash_stuck("cannot map memory");
	return p;
}

const char *
crash_scratch(void)
{
	const char *try[] = {getenv("CRASH_DIR"), "/dev/shm", getenv("TMPDIR"), "/tmp"};

	for (size_t i = 0; !*scratch && i < sizeof try / sizeof *try; i++) {
		char name[200], *real;

		if (!try[i] || access(try[i], W_OK | X_OK) || !(real = realpath(try[i], NULL)))
			continue;
		snprintf(name, sizeof name, "%s/crash.XXXXXX", real);
		free(real);
		if (mkdtemp(name))
			snprintf(scratch, sizeof scratch, "%s", name);
	}
	if (!*scratch)
		crash_stuck("cannot make a scratch folder");
	return scratch;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

void
crash_remove(const char *path)
{
	if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
		crash_stuck(path);
}

void
crash_scratch_end(void)
{
	if (*scratch)
		crash_remove(scratch);
	scratch[0] = 0;
}

static int
child(const struct crash_run *r, enum crash_step step)
{
	int log = open(r->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct qa_crash_at at = {r->root, open(r->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	if (log < 0 || at.fd < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		return 3;
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm((unsigned)crash_env("CRASH_SECONDS", 60));
	if (r->sim)
		qa_sim_start(r->sim, r->fault);
	switch (step) {
	case STEP_SETUP:
		return r->op->setup(&at) ? 1 : 0;
	case STEP_WORK:
		return r->op->work(&at) ? 1 : 0;
	case STEP_RECOVER:
		return r->op->recover(&at) ? 1 : 0;
	case STEP_VERIFY:
		return r->op->verify(&at, &r->acks, r->found) ? 1 : 0;
	}
	return 3;
}

int
crash_step(const struct crash_run *r, enum crash_step step)
{
	static const char *const name[] = {"setup", "work", "recover", "verify"};
	int status;

	if ((step == STEP_SETUP && !r->op->setup) || (step == STEP_RECOVER && !r->op->recover))
		return 0;
	fflush(NULL);
	/* what it forks comes to us when it dies, so that all of it can be waited for */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		crash_stuck("cannot adopt what a step leaves");
	pid_t me = getpid(), pid = fork();
	if (pid < 0)
		crash_stuck("cannot fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != me || setpgid(0, 0))
			_exit(3);
		int rc = child(r, step);
		fflush(NULL);
		_exit(rc);
	}
	/* the number is its own until it is reaped, so the group is too: end what it forked, if anything is
	 * left */
	siginfo_t gone;
	while (waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT) < 0)
		if (errno != EINTR)
			crash_stuck("cannot wait");
	kill(-pid, SIGKILL);
	if (waitpid(pid, &status, 0) < 0)
		crash_stuck("cannot wait");
	/* a killed child may hold its locks for a moment longer */
	while (waitpid(-pid, NULL, 0) > 0 || errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return WEXITSTATUS(status);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && r->sim && qa_sim_struck(r->sim) &&
	    r->fault && r->fault->kind == QA_SIM_KILL)
		return 2;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		qa_crash_wrong(r->found, "%s took too long", name[step]);
	else if (WIFSIGNALED(status))
		qa_crash_wrong(r->found, "%s died of signal %d", name[step], WTERMSIG(status));
	else
		qa_crash_wrong(r->found, "%s exited %d", name[step], WEXITSTATUS(status));
	return -1;
}

void
qa_crash_ack(const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text) {
		errno = EMSGSIZE;
		crash_stuck("an acknowledgement");
	}
	if (qa_sim_now())
		qa_sim_note(qa_sim_now(), qa_span_of(text, (size_t)n));
}

size_t
qa_crash_acked(const struct qa_crash_acks *acks, const char *fmt, ...)
{
	char text[1000];
	size_t count = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < acks->n; i++)
		count += qa_span_is(acks->v[i], text);
	return count;
}

static void tell(struct qa_crash_found *found, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
tell(struct qa_crash_found *found, const char *fmt, va_list ap)
{
	if (!*found->text)
		vsnprintf(found->text, sizeof found->text, fmt, ap);
}

void
qa_crash_wrong(struct qa_crash_found *found, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(found, fmt, ap);
	va_end(ap);
	found->wrong++;
}

void
qa_crash_lost(struct qa_crash_found *found, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(found, fmt, ap);
	va_end(ap);
	found->lost++;
}

void
qa_crash_twice(struct qa_crash_found *found, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(found, fmt, ap);
	va_end(ap);
	found->duplicates++;
}
