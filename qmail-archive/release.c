#include "qmail-archive/release.h"
#include "base/clock.h"
#include "qmail-archive/claims.h"
#include "qmail-archive/refuse.h"
#include "sys/sys.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STACK = 128 << 10 }; /* the helper's; its deepest call is syslog */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QA_SANITIZED
#endif
#endif

/* Ends the helper; without the last NUL that means 54 for the next program. */
static void QA_NORETURN
leave(int code)
{
	_exit(code);
}

static void
feed(int fd, const void *p, size_t n)
{
	if (qa_write_all(fd, p, n, "pipe", NULL))
		leave(QA_EXIT_WRITE); /* EPIPE: the next program is gone, and its exit code says why */
}

static int
write_direct(struct qa_release *r)
{
	struct qa_direct own, *d = &r->message->direct;

	if (!r->message->large) {
		d = &own;
		if (qa_direct_begin(d, r->home, NULL) || qa_intake_copy(r->message, d, NULL))
			return -1;
	}
	if (qa_claims_peer(&r->fields, r->pid))
		return -1;
	return qa_direct_commit(d, qa_buf_span(&r->fields), NULL);
}

/*
 * A sync may hang for as long as the disk pleases, and nothing interrupts it. So a child does it, without the
 * pipes, and says one byte when it is done: the returned descriptor becomes readable then.
 */
static int
start_direct(struct qa_release *r)
{
	int result[2];

	if (pipe(result))
		return -1;
	switch (fork()) {
	case -1:
		/* no process to spare: then without a limit of time */
		if (write_direct(r) == 0)
			feed(result[1], "", 1);
		break;
	case 0:
		qa_close(&r->message_pipe[1]);
		qa_close(&r->envelope_pipe[1]);
		qa_close(&result[0]);
		if (write_direct(r))
			leave(QA_EXIT_ARCHIVE);
		feed(result[1], "", 1);
		leave(0);
	default:
		break;
	}
	qa_close(&result[1]);
	return result[0];
}

/* 1 durable, 0 not yet, -1 it failed. */
static int
direct_done(int result, uint64_t deadline)
{
	char byte;

	for (;;) {
		struct pollfd p = {.fd = result, .events = POLLIN};
		uint64_t now = qa_tick();
		int ms = now < deadline ? (int)((deadline - now) / 1000000) + 1 : 0;
		int n = poll(&p, 1, ms);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return 0;
		return n == 1 && read(result, &byte, 1) == 1 ? 1 : -1;
	}
}

/*
 * Who waits no longer says so: an answer that is not here by then finds no way to us, and md_journal, which counts what it
 * answered, does not count the record that goes into a direct file now.
 */
static bool
journal_done(const struct qa_release *r)
{
	int status, heard;

	if (r->sock < 0)
		return false;
	heard = qa_door_wait(r->sock, r->sent + QA_RELEASE_ANSWER * QA_SECOND, &r->id, &status, NULL);
	if (heard == 0) {
		shutdown(r->sock, SHUT_RD);
		heard = qa_door_wait(r->sock, 0, &r->id, &status, NULL);
	}
	return heard == 1 && status == 0;
}

/* Nothing of the caller's stays open here: it reads 6 to its end before it waits for us. */
static void
let_go_of_caller(void)
{
	close(0);
	close(1);
	close(2);
	close(6);
}

static int
run(void *arg)
{
	struct qa_release *r = arg;
	const struct qa_buf *raw = &r->envelope->raw;
	unsigned limit = qa_envelope_bounce(r->envelope) ? QA_RELEASE_BOUNCE : QA_RELEASE_ALL;
	int direct = -1;

	let_go_of_caller();
	close(r->envelope_pipe[0]);
	if (r->message_pipe[0] >= 0)
		close(r->message_pipe[0]);
	if (r->sock < 0)
		direct = start_direct(r);
	if (r->message_pipe[1] >= 0 && qa_intake_feed(r->message, r->message_pipe[1], NULL))
		leave(QA_EXIT_WRITE);
	qa_close(&r->message_pipe[1]);
	feed(r->envelope_pipe[1], raw->p, raw->n - 1);

	uint64_t deadline = qa_tick() + limit * QA_SECOND;
	bool safe = journal_done(r);
	if (!safe && direct < 0)
		direct = start_direct(r);
	int done = safe ? 1 : direct < 0 ? -1 : direct_done(direct, deadline);
	safe = done == 1;
	if (!safe && r->fail_open)
		qa_refuse_passed_open(r->home, "neither md_journal nor journal/direct made it durable in time");
	if (!safe && !r->fail_open)
		leave(QA_EXIT_ARCHIVE);
	feed(r->envelope_pipe[1], "", 1);
	if (done < 0) /* else the direct file is counted, however late it comes */
		qa_release_count(r->home, qa_buf_span(&r->fields), r->message->size);
	leave(0);
}

void
qa_release_count(const char *home, qa_span fields, uint64_t size)
{
	const struct qa_record_head head = {.message = size, .fields = fields.n};
	int sock = qa_door_connect(home, NULL);

	if (sock >= 0)
		(void)!qa_door_send(sock, &head, QA_DOOR_COUNT, fields, -1, NULL);
	qa_close(&sock);
}

int
qa_release_start(struct qa_release *r)
{
#if defined(__SANITIZE_ADDRESS__) || defined(QA_SANITIZED)
	int pid = fork(); /* the sanitizer's own memory is not to be shared */

	if (pid == 0)
		run(r);
#else
	static char stack[STACK] __attribute__((aligned(64)));
	int pid = clone(run, stack + sizeof stack, CLONE_VM | SIGCHLD, r);
#endif
	return pid < 0 ? -1 : 0;
}
