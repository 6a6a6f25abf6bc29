#include "qmail-archive/delivery.h"
#include "tests/tap.h"

#include <stdlib.h>

static void
environment(void)
{
	clearenv();
	setenv("SENDER", "friend@example.org", 1);
	setenv("RECIPIENT", "example.com-Dave-Ext.X@Example.NET", 1);
	setenv("LOCAL", "example.com-Dave-Ext.X", 1);
	setenv("HOST", "Example.NET", 1);
	setenv("USER", "example.com", 1);
	setenv("EXT", "Dave-Ext.X", 1);
	setenv("DTLINE", "Delivered-To: example.com-Dave-Ext.X@Example.NET\n", 1);
	setenv("RPLINE", "Return-Path: <friend@example.org>\n", 1);
}

static void
mailbox(void)
{
	static const char *const needed[] = {"SENDER", "RECIPIENT", "LOCAL", "HOST", "USER", "EXT", "DTLINE", "RPLINE"};
	struct qa_delivery d;
	struct qa_err err;

	environment();
	OK(qa_delivery_get(&d, NULL, &err) == 0);
	OK(strcmp(d.mailbox, "dave-ext.x@example.com") == 0 && strcmp(d.domain, "example.com") == 0);
	OK(qa_delivery_get(&d, "Shared@Other.example", &err) == 0);
	OK(strcmp(d.mailbox, "shared@other.example") == 0 && strcmp(d.domain, "other.example") == 0);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		environment();
		unsetenv(needed[i]);
		OKF(qa_delivery_get(&d, NULL, &err) == -1 && strstr(err.text, needed[i]), "%s is needed", needed[i]);
	}
	environment();
	setenv("USER", "dave", 1); /* a system user */
	setenv("LOCAL", "dave-Lists", 1);
	OK(qa_delivery_get(&d, NULL, &err) == 0 && strcmp(d.mailbox, "dave-lists@example.net") == 0);
	OK(qa_delivery_get(&d, "nobody", &err) == -1 && strstr(err.text, "nobody"));
	OK(qa_delivery_get(&d, "a@../../etc", &err) == -1);
	char longer[3000];
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = 0;
	OK(qa_delivery_get(&d, longer, &err) == -1);
}

static size_t
above(const char *head)
{
	return qa_delivery_above(qa_span_str(head));
}

static void
lines_above(void)
{
	static const char received[] = "Received: (qmail 12 invoked from network); 22 Nov 2026 11:04:19 -0000\n";
	static const char both[] = "Return-Path: <a@b>\nDelivered-To: c@d\nReceived: (qmail 1 invoked by uid 0); x\n";
	char head[1000];

	OK(above("") == 0 && above("Subject: x\n") == 0 && above("Received: from x\n") == 0);
	snprintf(head, sizeof head, "%sSubject: x\n", received);
	OK(above(head) == sizeof received - 1);
	snprintf(head, sizeof head, "%s%sSubject: x\n", received, received);
	OK(above(head) == sizeof received - 1); /* an older hop's line was seen by the door */
	snprintf(head, sizeof head, "%sDelivered-To: x\n", both);
	OK(above(head) == sizeof both - 1);
	OK(above("Return-Path: <a@b>") == 0); /* no whole line */
}

static void
ids(void)
{
	struct qa_delivery d, e;
	struct qa_digest file = {{1}}, other = {{2}};
	struct qa_id a, b;

	environment();
	OK(qa_delivery_get(&d, NULL, NULL) == 0);
	a = qa_delivery_id(&d, &file);
	b = qa_delivery_id(&d, &file);
	OK(memcmp(&a, &b, sizeof a) == 0);
	b = qa_delivery_id(&d, &other);
	OK(memcmp(&a, &b, sizeof a) != 0);
	e = d;
	e.recipient = "example.com-other@Example.NET";
	b = qa_delivery_id(&e, &file);
	OK(memcmp(&a, &b, sizeof a) != 0);
	e = d;
	e.dtline = "Delivered-To: x\n";
	b = qa_delivery_id(&e, &file);
	OK(memcmp(&a, &b, sizeof a) != 0);
}

static void
fields(void)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_delivery d;
	struct qa_digest refers = {{9}};
	qa_span v;

	environment();
	OK(qa_delivery_get(&d, NULL, NULL) == 0 && qa_delivery_fields(&d, &refers, &b) == 0);
	OK(qa_field_find(qa_buf_span(&b), QA_F_MAILBOX, &v) == 1 && qa_span_is(v, "dave-ext.x@example.com"));
	OK(qa_field_find(qa_buf_span(&b), QA_F_RCPT_ENV, &v) == 1 &&
	   qa_span_is(v, "example.com-Dave-Ext.X@Example.NET"));
	OK(qa_field_find(qa_buf_span(&b), QA_F_FOR_DOMAIN, &v) == 1 && qa_span_is(v, "example.com"));
	OK(qa_field_find(qa_buf_span(&b), QA_F_REFERS, &v) == 1 && v.n == 32 && v.p[0] == 9);
	qa_buf_free(&b);
}

int
main(void)
{
	mailbox();
	lines_above();
	ids();
	fields();
	return done();
}
