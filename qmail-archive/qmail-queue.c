/*
 * qmail-queue: the door. Takes a message exactly as qmail's own program of that name does,
 * and is that program in the end: it reads everything, hands a copy to the archive, forks a helper that
 * holds back the envelope's last NUL until that copy is durable, and execs the next qmail-queue. So the caller sees the
 * next program's pid and exit code, and no kill at any moment makes an accepted message without a copy.
 *
 * States, each left only for the next:
 *	reading		nothing exists but memory; death loses nothing, the caller still holds the message
 *	decided		who wants a copy is known; a refusal that can be known is made here
 *	offered		md_journal has the record, or a direct file is under way: at worst a copy of
 *			something not accepted
 *	streaming	in place of reading, for what nothing can hold (stream.h)
 *	running		the next program reads; its envelope is one NUL short until the helper lets go
 */
#include "base/clock.h"
#include "base/id.h"
#include "journal/route.h"
#include "qmail-archive/claims.h"
#include "qmail-archive/next.h"
#include "qmail-archive/refuse.h"
#include "qmail-archive/release.h"
#include "qmail-archive/start.h"
#include "qmail-archive/stream.h"
#include "sys/sys.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* A message that no rule limits is limited by this. */
static const uint64_t max_message = UINT64_C(1) << 30;

struct door {
	const char *home;
	bool errfd;
	struct qa_next next;
	struct qa_intake message, head;
	struct qa_envelope envelope;
	struct qa_release release;
};

static void QA_NORETURN
refuse(int code)
{
	_exit(code);
}

/* The next program decides alone: it gets what the caller sent, on plain files, and nothing is archived. */
static void QA_NORETURN
pass(struct door *d)
{
	uint64_t at;
	int message = qa_intake_fd(&d->message, &at);
	int envelope = memfd_create("envelope", MFD_CLOEXEC);
	const struct qa_buf *raw = &d->envelope.raw;

	if (envelope < 0 || qa_pwrite_all(envelope, raw->p, raw->n, 0, "envelope", NULL))
		refuse(QA_EXIT_WRITE);
	if (d->message.large && lseek(message, (off_t)at, SEEK_SET) < 0)
		refuse(QA_EXIT_READ);
	qa_next_exec(&d->next, message, envelope);
	refuse(QA_EXIT_EXEC);
}

static void
read_all(struct door *d)
{
	qa_span unheld;

	qa_intake_init(&d->message, d->home);
	if (qa_intake_read(&d->message, 0, &unheld, NULL))
		refuse(unheld.n ? qa_stream_run(&d->next, &d->message, unheld) : QA_EXIT_READ);
	if (qa_envelope_read(&d->envelope, 1))
		refuse(errno == EOVERFLOW || errno == ENOMEM ? QA_EXIT_MEMORY : QA_EXIT_READ);
}

static void
make_fields(struct door *d)
{
	struct qa_release *r = &d->release;
	char host[QA_HOST_MAX];

	qa_control_host(d->home, host);
	if (qa_random(r->id.b, sizeof r->id.b))
		refuse(QA_EXIT_ARCHIVE);
	if (qa_claims_capture(&r->fields, &r->id, QA_MESSAGE, QA_QUEUE, host) ||
	    qa_envelope_fields(&d->envelope, &r->fields) ||
	    qa_claims_caller(&r->fields, qa_span_of(d->message.head, d->message.head_n)))
		refuse(QA_EXIT_MEMORY);
	if (d->next.offered && qa_field_add(&r->fields, QA_F_OFFERED, qa_span_of(NULL, 0)))
		refuse(QA_EXIT_MEMORY);
}

/* Above a limit: refused for good, or only the head is kept. */
static void
apply_limit(struct door *d, const struct qa_routes *routes)
{
	enum qa_over over = qa_routes_over(routes, d->message.size);

	if (over == QA_OVER_REFUSE || (over == QA_OVER_NOT && d->message.size > max_message))
		refuse(QA_EXIT_TOO_LARGE);
	if (over == QA_OVER_NOT)
		return;
	if (qa_intake_head(&d->message, &d->head, NULL) ||
	    qa_field_add_u64(&d->release.fields, QA_F_HEADONLY, d->message.size))
		refuse(qa_refuse_for_now(d->home, d->errfd));
	d->release.message = &d->head;
}

/* Who wants a copy, and how to fail. */
static void
decide(struct door *d)
{
	struct qa_domains table;
	struct qa_routes routes;

	if (qa_domains_open(&table, d->home, NULL) ||
	    qa_route(&table, qa_buf_span(&d->release.fields), &routes, NULL))
		refuse(qa_refuse_for_now(d->home, d->errfd));
	if (routes.n == 0) {
		qa_release_count(d->home, qa_buf_span(&d->release.fields), d->message.size);
		pass(d);
	}
	d->release.message = &d->message;
	d->release.fail_open = routes.fail_open;
	apply_limit(d, &routes);
	qa_routes_free(&routes);
	qa_domains_close(&table);
}

/* Hands the record to md_journal: the socket to hear from, or -1. */
static int
send_record(struct qa_release *r)
{
	const struct qa_intake *m = r->message;
	struct qa_record_head head = {.message = m->size, .fields = r->fields.n, .digest = m->digest};

	if (m->large || r->fields.n > QA_DOOR_PACKET_MAX - QA_DOOR_HEADER)
		return -1;
	int sock = qa_door_connect(r->home, NULL);
	if (sock >= 0 && qa_door_send(sock, &head, QA_DOOR_STORE, qa_buf_span(&r->fields), m->memfd, NULL))
		qa_close(&sock);
	r->sent = qa_tick();
	return sock;
}

/* Without md_journal there must at least be a place for a direct file, else the message is refused while that is
 * still possible with a good answer. */
static void
offer(struct door *d)
{
	struct qa_release *r = &d->release;
	struct qa_direct probe;

	r->sock = send_record(r);
	if (r->sock >= 0 || r->message->large)
		return;
	if (qa_direct_begin(&probe, d->home, NULL) == 0) {
		qa_direct_close(&probe);
		return;
	}
	if (!r->fail_open)
		refuse(qa_refuse_for_now(d->home, d->errfd));
	qa_refuse_passed_open(d->home, "no md_journal, and journal/direct cannot be written");
	qa_release_count(d->home, qa_buf_span(&r->fields), d->message.size);
	pass(d);
}

static void QA_NORETURN
run(struct door *d)
{
	struct qa_release *r = &d->release;
	int message, envelope;
	uint64_t at;

	if (pipe2(r->envelope_pipe, O_CLOEXEC) || (r->message->large && pipe2(r->message_pipe, O_CLOEXEC)))
		refuse(qa_refuse_for_now(d->home, d->errfd));
	message = r->message_pipe[0];
	envelope = r->envelope_pipe[0];
	if (!r->message->large) {
		message = qa_intake_fd(&d->message, &at);
		if (d->message.large && lseek(message, (off_t)at, SEEK_SET) < 0)
			refuse(QA_EXIT_READ);
	}
	if (qa_release_start(r))
		refuse(qa_refuse_for_now(d->home, d->errfd));
	qa_next_exec(&d->next, message, envelope);
	refuse(QA_EXIT_EXEC);
}

int
main(void)
{
	static struct door d = {
		.envelope = QA_ENVELOPE_INIT,
		.release = {.fields = QA_BUF(QA_JOURNAL_FIELDS_MAX), .sock = -1, .message_pipe = {-1, -1}, .envelope_pipe = {-1, -1}},
	};

	if (qa_start_descriptors(&d.errfd))
		refuse(QA_EXIT_READ);
	qa_start_signals();
	d.home = d.release.home = qa_start_home();
	d.release.envelope = &d.envelope;
	d.release.pid = (unsigned)getpid();
	int found = qa_next_find(&d.next, d.home, NULL);
	if (found)
		refuse(found > 0 ? QA_EXIT_EXEC : QA_EXIT_CONTROL);
	read_all(&d);
	if (d.envelope.state != QA_ENVELOPE_WHOLE)
		pass(&d);
	make_fields(&d);
	decide(&d);
	offer(&d);
	run(&d);
}
