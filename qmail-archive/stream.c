#include "qmail-archive/stream.h"
#include "journal/route.h"
#include "qmail-archive/claims.h"
#include "qmail-archive/envelope.h"
#include "qmail-archive/refuse.h"
#include "qmail-archive/release.h"
#include "qmail-archive/start.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* All of the message: what is held, what did not fit, what is still to come. */
static int
feed_message(const struct qa_intake *held, qa_span unheld, int to, uint64_t *size_r)
{
	static unsigned char piece[65536];
	ssize_t r;

	if (qa_intake_feed(held, to, NULL) || qa_write_all(to, unheld.p, unheld.n, "pipe", NULL))
		return -1;
	*size_r = held->size + unheld.n;
	while ((r = qa_sys->read(0, piece, sizeof piece)) > 0) {
		if (qa_write_all(to, piece, (size_t)r, "pipe", NULL))
			return -1;
		*size_r += (size_t)r;
	}
	return r < 0 ? -1 : 0;
}

/* Whether it may pass without a copy. */
static bool
may_pass(const char *home, const struct qa_envelope *e, uint64_t size)
{
	struct qa_buf fields = QA_BUF(QA_JOURNAL_FIELDS_MAX);
	struct qa_domains table;
	struct qa_routes routes;
	struct qa_id id = {{0}};

	if (qa_claims_capture(&fields, &id, QA_MESSAGE, QA_QUEUE, "") || qa_envelope_fields(e, &fields) ||
	    qa_claims_caller(&fields, qa_span_of(NULL, 0)))
		return false;
	if (qa_domains_open(&table, home, NULL) || qa_route(&table, qa_buf_span(&fields), &routes, NULL))
		return false;
	if (routes.n && (!routes.fail_open || qa_routes_over(&routes, size) == QA_OVER_REFUSE))
		return false;
	if (routes.n)
		qa_refuse_passed_open(home, "journal/direct cannot hold the message");
	qa_release_count(home, qa_buf_span(&fields), size);
	return true;
}

static void QA_NORETURN
helper(const struct qa_intake *held, qa_span unheld, int message, int envelope)
{
	struct qa_envelope e = QA_ENVELOPE_INIT;
	uint64_t size;

	close(2);
	close(QA_ERRFD);
	if (feed_message(held, unheld, message, &size))
		_exit(QA_EXIT_WRITE);
	qa_close(&message);
	if (qa_envelope_read(&e, 1))
		_exit(QA_EXIT_READ);
	size_t n = e.raw.n;
	if (e.state == QA_ENVELOPE_WHOLE && !may_pass(held->home, &e, size))
		n--;
	if (qa_write_all(envelope, e.raw.p, n, "pipe", NULL))
		_exit(QA_EXIT_WRITE);
	_exit(0);
}

int
qa_stream_run(const struct qa_next *next, const struct qa_intake *message, qa_span unheld)
{
	int m[2], e[2];

	if (pipe2(m, O_CLOEXEC) || pipe2(e, O_CLOEXEC))
		return QA_EXIT_ARCHIVE;
	switch (fork()) {
	case -1:
		return QA_EXIT_ARCHIVE;
	case 0:
		qa_close(&m[0]);
		qa_close(&e[0]);
		helper(message, unheld, m[1], e[1]);
	default:
		break;
	}
	qa_next_exec(next, m[0], e[0]);
	return QA_EXIT_EXEC;
}
