#include "qmail-archive/delivery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *
need(const char *name, struct qa_err *err)
{
	const char *v = getenv(name);

	if (!v)
		qa_fail(err, EPROTO, "%s is not in the environment: this runs from a .qmail file", name);
	return v;
}

static bool
is_mail_domain(const char *s)
{
	char name[QA_DOMAIN_MAX + 1];

	return strchr(s, '.') && qa_domain_name(qa_span_str(s), name) == 0;
}

static int
make_mailbox(struct qa_delivery *d, const char *given, struct qa_err *err)
{
	const char *user, *host, *ext;
	int n;

	if (given)
		n = snprintf(d->mailbox, sizeof d->mailbox, "%s", given);
	else if (!(user = need("USER", err)) || !(host = need("HOST", err)) || !(ext = need("EXT", err)))
		return -1;
	else if (is_mail_domain(user))
		n = snprintf(d->mailbox, sizeof d->mailbox, "%s@%s", ext, user);
	else
		n = snprintf(d->mailbox, sizeof d->mailbox, "%s@%s", d->local, host);
	if (n < 0 || (size_t)n >= sizeof d->mailbox)
		return qa_fail(err, EPROTO, "the mailbox is longer than %zu bytes", sizeof d->mailbox - 1);
	for (char *p = d->mailbox; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	if (qa_domain_name(qa_address_domain(qa_span_str(d->mailbox)), d->domain))
		return qa_fail(err, EPROTO, "%s is not an address with a domain", d->mailbox);
	return 0;
}

int
qa_delivery_get(struct qa_delivery *d, const char *mailbox, struct qa_err *err)
{
	if (!(d->sender = need("SENDER", err)) || !(d->recipient = need("RECIPIENT", err)) ||
	    !(d->local = need("LOCAL", err)) || !(d->dtline = need("DTLINE", err)) ||
	    !(d->rpline = need("RPLINE", err)))
		return -1;
	return make_mailbox(d, mailbox, err);
}

/* Length of the first line with its end, 0 when it does not begin with WORD. */
static size_t
line_of(qa_span s, const char *word)
{
	size_t n = strlen(word);
	const unsigned char *lf = s.n ? memchr(s.p, '\n', s.n) : NULL;

	if (!lf || !qa_span_caseeq(qa_span_cut(s, 0, n), qa_span_str(word)))
		return 0;
	return (size_t)(lf - s.p) + 1;
}

size_t
qa_delivery_above(qa_span head)
{
	size_t n = 0, more;

	do {
		qa_span rest = qa_span_cut(head, n, head.n);

		more = line_of(rest, "Return-Path:");
		if (!more)
			more = line_of(rest, "Delivered-To:");
		n += more;
	} while (more);
	return n + line_of(qa_span_cut(head, n, head.n), "Received: (qmail ");
}

static void
add_string(struct qa_sha256 *c, const char *s)
{
	qa_sha256_add(c, s, strlen(s) + 1);
}

struct qa_id
qa_delivery_id(const struct qa_delivery *d, const struct qa_digest *file)
{
	struct qa_sha256 c;
	struct qa_id id;

	qa_sha256_init(&c);
	add_string(&c, "qmail-archive agent v1");
	add_string(&c, d->dtline);
	add_string(&c, d->recipient);
	add_string(&c, d->local);
	add_string(&c, d->mailbox);
	qa_sha256_add(&c, file->b, sizeof file->b);
	struct qa_digest whole = qa_sha256_end(&c);
	memcpy(id.b, whole.b, sizeof id.b);
	return id;
}

int
qa_delivery_fields(const struct qa_delivery *d, const struct qa_digest *refers, struct qa_buf *fields)
{
	return qa_field_add_str(fields, QA_F_SENDER, d->sender) ||
			       qa_field_add_str(fields, QA_F_MAILBOX, d->mailbox) ||
			       qa_field_add_str(fields, QA_F_RCPT_ENV, d->recipient) ||
			       qa_field_add_str(fields, QA_F_DTLINE, d->dtline) ||
			       qa_field_add_str(fields, QA_F_RPLINE, d->rpline) ||
			       qa_field_add(fields, QA_F_REFERS, qa_span_of(refers->b, sizeof refers->b)) ||
			       qa_field_add_str(fields, QA_F_FOR_DOMAIN, d->domain)
		       ? -1
		       : 0;
}
