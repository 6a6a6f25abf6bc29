/*
 * qmail-archive: a line of a .qmail file, `|qmail-archive`. Tells the archive that this message was delivered to
 * this mailbox, and sends the message along when the queue's door has not seen it.
 */
#include "base/clock.h"
#include "journal/route.h"
#include "qmail-archive/claims.h"
#include "qmail-archive/control.h"
#include "qmail-archive/delivery.h"
#include "qmail-archive/intake.h"
#include "qmail-archive/start.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER = 2 /* seconds that md_journal gets */ };

struct agent {
	const char *home, *mailbox;
	int good, bad; /* exit codes */
	struct qa_delivery delivery;
	struct qa_rule rule;
	bool filed_here;	  /* what the door saw of it, it gave to this domain */
	uint64_t size;		  /* of the file on 0 */
	size_t above;		  /* its bytes that the door did not see */
	struct qa_digest file, message;
	struct qa_intake copy;
	struct qa_buf fields;
	struct qa_id id;
	int sock;
};

/* One line for the log of qmail-send, and into the bounce if there is one. */
static void QA_NORETURN
leave(int code, const char *text)
{
	char line[600];
	size_t n = strlen(text);
	static const char prefix[] = "qmail-archive: ";

	if (n > sizeof line - sizeof prefix)
		n = sizeof line - sizeof prefix;
	memcpy(line, prefix, sizeof prefix - 1);
	memcpy(line + sizeof prefix - 1, text, n);
	line[sizeof prefix - 1 + n] = '\n';
	(void)!write(2, line, sizeof prefix + n);
	_exit(code);
}

static void QA_NORETURN
usage(void)
{
	leave(111, "usage: qmail-archive [-o 0|99] [-e 111|100|0] [-m MAILBOX]");
}

static void
options(struct agent *a, int argc, char **argv)
{
	int c;

	a->good = 0;
	a->bad = 111;
	opterr = 0;
	while ((c = getopt(argc, argv, "o:e:m:")) != -1)
		if (c == 'o' && (strcmp(optarg, "0") == 0 || strcmp(optarg, "99") == 0))
			a->good = *optarg == '0' ? 0 : 99;
		else if (c == 'e' && strcmp(optarg, "111") == 0)
			a->bad = 111;
		else if (c == 'e' && strcmp(optarg, "100") == 0)
			a->bad = 100;
		else if (c == 'e' && strcmp(optarg, "0") == 0)
			a->bad = 0;
		else if (c == 'm')
			a->mailbox = optarg;
		else
			usage();
	if (optind != argc)
		usage();
}

/* One pass over the file: its digest, and that of the part the door saw. Only pread: the offset is shared
 * with qmail-local and the other lines. */
static int
digest_file(struct agent *a, struct qa_err *err)
{
	static unsigned char piece[QA_DELIVERY_HEAD];
	struct qa_sha256 all, seen;

	qa_sha256_init(&all);
	qa_sha256_init(&seen);
	for (;;) {
		ssize_t r = qa_sys->pread(0, piece, sizeof piece, (off_t)a->size);

		if (r < 0)
			return qa_fail(err, errno, "cannot read the message (descriptor 0 must be a file): ");
		if (r == 0)
			break;
		size_t skip = a->size ? 0 : qa_delivery_above(qa_span_of(piece, (size_t)r));
		if (a->size == 0)
			a->above = skip;
		qa_sha256_add(&all, piece, (size_t)r);
		qa_sha256_add(&seen, piece + skip, (size_t)r - skip);
		a->size += (size_t)r;
	}
	a->file = qa_sha256_end(&all);
	a->message = qa_sha256_end(&seen);
	return 0;
}

static bool
door_saw_it(struct agent *a)
{
	struct qa_record_head head = {.digest = a->message};
	int status;

	if (a->sock < 0)
		return false;
	if (qa_door_send(a->sock, &head, QA_DOOR_SEEN, qa_span_of(NULL, 0), -1, NULL) ||
	    qa_door_wait(a->sock, qa_tick() + ANSWER * QA_SECOND, NULL, &status, NULL) != 1) {
		qa_close(&a->sock);
		return false;
	}
	return status == 0;
}

static int
copy_message(struct agent *a, struct qa_err *err)
{
	static unsigned char piece[65536];
	uint64_t at = a->above;

	for (;;) {
		ssize_t r = qa_sys->pread(0, piece, sizeof piece, (off_t)at);

		if (r < 0)
			return qa_fail(err, errno, "cannot read the message: ");
		if (r == 0)
			return qa_intake_end(&a->copy, err);
		if (qa_intake_add(&a->copy, qa_span_of(piece, (size_t)r), err))
			return -1;
		at += (size_t)r;
	}
}

static int
make_fields(struct agent *a, struct qa_err *err)
{
	char host[QA_HOST_MAX];

	qa_control_host(a->home, host);
	a->id = qa_delivery_id(&a->delivery, &a->file);
	if (qa_claims_capture(&a->fields, &a->id, QA_DELIVERY, QA_AGENT, host) ||
	    qa_delivery_fields(&a->delivery, &a->message, &a->fields))
		return qa_fail(err, errno, "cannot describe the delivery: ");
	return 0;
}

static bool
journal_took_it(struct agent *a)
{
	struct qa_record_head head = {a->copy.size, a->fields.n, a->copy.digest};
	int status;

	return a->sock >= 0 && !a->copy.large &&
	       qa_door_send(a->sock, &head, QA_DOOR_STORE, qa_buf_span(&a->fields), a->copy.memfd, NULL) == 0 &&
	       qa_door_wait(a->sock, qa_tick() + ANSWER * QA_SECOND, &a->id, &status, NULL) == 1 && status == 0;
}

static int
write_direct(struct agent *a, struct qa_err *err)
{
	struct qa_direct own, *d = &a->copy.direct;
	int rc = 0;

	if (!a->copy.large) {
		d = &own;
		if (qa_direct_begin(d, a->home, err))
			return -1;
		rc = qa_intake_copy(&a->copy, d, err);
	}
	if (rc == 0 && qa_claims_peer(&a->fields, (unsigned)getpid()))
		rc = qa_fail(err, errno, "cannot describe the delivery: ");
	if (rc == 0)
		rc = qa_direct_commit(d, qa_buf_span(&a->fields), err);
	if (d == &own)
		qa_direct_close(d);
	return rc;
}

/*
 * Whether the domain wants what comes in: 1, 0, -1. The door goes by the recipient's domain as typed; where that is an alias
 * which the table does not know as one, this domain has no message yet, though the door may have seen it for others.
 */
static int
wanted(struct agent *a, struct qa_err *err)
{
	struct qa_domains table;
	struct qa_rule typed;

	if (qa_domains_open(&table, a->home, err))
		return -1;
	qa_domains_find(&table, qa_span_str(a->delivery.domain), &a->rule);
	qa_domains_find(&table, qa_address_domain(qa_span_str(a->delivery.recipient)), &typed);
	a->filed_here = strcmp(typed.folder, a->rule.folder) == 0 && typed.archive & QA_ARCHIVE_IN;
	qa_domains_close(&table);
	return (a->rule.archive & QA_ARCHIVE_IN) != 0;
}

static int
archive(struct agent *a, struct qa_err *err)
{
	if (digest_file(a, err))
		return -1;
	a->sock = qa_door_connect(a->home, NULL);
	qa_intake_init(&a->copy, a->home);
	/* above the domain's limit the door has decided what becomes of the message itself */
	bool too_large = a->rule.limit && a->size - a->above > a->rule.limit;
	if (too_large || (a->filed_here && door_saw_it(a))) {
		if (qa_intake_end(&a->copy, err))
			return -1;
	} else if (copy_message(a, err)) {
		return -1;
	}
	if (make_fields(a, err))
		return -1;
	return journal_took_it(a) ? 0 : write_direct(a, err);
}

int
main(int argc, char **argv)
{
	static struct agent a = {.fields = QA_BUF(QA_JOURNAL_FIELDS_MAX), .sock = -1};
	struct qa_err err;

	options(&a, argc, argv);
	if (qa_start_agent())
		leave(111, "descriptor 0 is closed");
	a.home = qa_start_home();
	if (qa_delivery_get(&a.delivery, a.mailbox, &err))
		leave(111, err.text);
	int want = wanted(&a, &err);
	if (want < 0 || (want && archive(&a, &err)))
		leave(a.bad, err.text);
	return a.good;
}
