#include "depot/import-seal.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NICE = 10, END_TRIES = 200 }; /* of 10 ms */

void
import_seal_init(struct import_seal *b, const char *home, uint64_t grace, uint64_t reserve, int (*stop)(void *ctx))
{
	*b = (struct import_seal){.sealer = {.home = home, .grace = grace, .reserve = reserve, .stop = stop}};
	b->next = qa_tick() + grace / 4;
}

/* A quarter of the grace, but not less than a second or more than an hour. */
static uint64_t
pause_of(const struct import_seal *b)
{
	uint64_t ns = b->sealer.grace / 4;

	return ns < QA_SECOND ? QA_SECOND : ns > 3600 * QA_SECOND ? 3600 * QA_SECOND : ns;
}

int
import_seal_now(const struct import_seal *b)
{
	struct qa_sealer_stats st;
	struct qa_err err;

	if (b->sealer.grace == 0)
		return 0;
	if (qa_sealer_pass(&b->sealer, qa_now(), &st, &err)) {
		qa_log(QA_ERROR, "event=import.seal.failed why=%s", qa_log_quote(err.text));
		return 2;
	}
	return 0;
}

static void
run(const struct import_seal *b, pid_t parent)
{
	/* the locks of the daemon must not live on here when it dies, nor may two seal after its next start */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent || close_range(3, ~0U, 0))
		_exit(2);
	errno = 0;
	if (nice(NICE) == -1 && errno)
		qa_log(QA_WARNING, "event=import.seal.priority errno=%d", errno);
	_exit(import_seal_now(b));
}

static void
note_end(struct import_seal *b, int status)
{
	b->pid = 0;
	b->next = qa_tick() + pause_of(b);
	if (WIFSIGNALED(status))
		qa_log(QA_ERROR, "event=import.seal.failed why=%s", qa_log_quote(strsignal(WTERMSIG(status))));
}

void
import_seal_tend(struct import_seal *b)
{
	pid_t parent = getpid();
	int status;

	if (b->pid && waitpid(b->pid, &status, WNOHANG) == b->pid)
		note_end(b, status);
	if (b->pid || b->sealer.grace == 0 || qa_tick() < b->next)
		return;
	b->pid = fork();
	if (b->pid == 0)
		run(b, parent);
	if (b->pid < 0) {
		qa_log(QA_ERROR, "event=import.seal.failed why=%s", qa_log_quote(strerror(errno)));
		b->pid = 0;
		b->next = qa_tick() + pause_of(b);
	}
}

void
import_seal_end(struct import_seal *b)
{
	pid_t gone = 0;

	if (!b->pid)
		return;
	kill(b->pid, SIGTERM);
	for (int i = 0; i < END_TRIES && (gone = waitpid(b->pid, NULL, WNOHANG)) == 0; i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	/* reading back is not interrupted; what it leaves is removed by the next writer */
	if (gone == 0 && kill(b->pid, SIGKILL) == 0)
		waitpid(b->pid, NULL, 0);
	b->pid = 0;
}

/* ---- by hand ---- */

/* 1 sealed, 0 nothing to do, -1. */
static int
seal_one(const struct qa_sealer *s, const char *domain, qa_month month, struct qa_err *err)
{
	struct qa_sealer_stats st = {0};
	char name[QA_MONTH_TEXT];
	int rc = qa_sealer_month(s, domain, month, &st, err);

	qa_month_text(month, name);
	if (rc == 1)
		printf("%s: sealed, %llu %s, %.1f MB before, %.1f MB now\n", name, (unsigned long long)st.segments,
		       qa_noun(st.segments, "segment", "segments"), (double)st.before / 1e6, (double)st.bytes / 1e6);
	fflush(stdout);
	return rc;
}

int
import_seal_command(struct import_seal *b, const char *domain, const char *month)
{
	qa_month one, *months = &one;
	struct qa_err err;
	size_t n = 1, done = 0, failed = 0;

	if (month && qa_month_scan(qa_span_str(month), &one)) {
		fprintf(stderr, "md_import: %s is not a month (YYYY-MM)\n", month);
		return 2;
	}
	if (!month && qa_sealer_due(&b->sealer, domain, qa_now(), true, &months, &n, &err)) {
		fprintf(stderr, "md_import: %s\n", err.text);
		return 2;
	}
	for (size_t i = 0; i < n && !b->sealer.stop(NULL); i++) {
		int rc = seal_one(&b->sealer, domain, months[i], &err);

		done += rc == 1;
		if (rc < 0) {
			fprintf(stderr, "md_import: %s\n", err.text);
			failed++;
		}
	}
	if (!month)
		free(months);
	if (!done && !failed)
		printf("nothing to seal\n");
	return failed ? 2 : b->sealer.stop(NULL) ? 1 : 0;
}
