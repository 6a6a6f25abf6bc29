/* Dates of mail: what the RFC says, what people send, and what is no date at all. */
#include "base/head.h"
#include "base/maildate.h"
#include "tests/tap.h"

#include <stdlib.h>

#define NO INT64_MIN

static int64_t
parsed(const char *s)
{
	int64_t t = 0;

	return qa_maildate_parse(qa_span_str(s), &t) ? t : NO;
}

static void
dates(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} cases[] = {
	    {"Fri, 21 Nov 1997 09:55:06 -0600", 880127706},
	    {"21 Nov 97 09:55:06 GMT", 880106106},
	    {"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", NO},
	    {"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
	     -27723480},
	    {"Mon, 03 Mar 2003 10:00:00 +0900 (JST)", 1046653200},
	    {"Mon, 03 Mar 2003 10:00:00 JST", 1046653200},
	    {"Mon Mar  3 01:00:00 2003", 1046653200},
	    {"Mon Mar  3 10:00:00 JST 2003", 1046653200},
	    {"2003-03-03T10:00:00+09:00", 1046653200},
	    {"2003-03-03T01:00:00.123Z", 1046653200},
	    {"2003/03/03 01:00:00", 1046653200},
	    {"3-Mar-2003 01:00:00 UT", 1046653200},
	    {"3-Mar-03 01:00:00 K", 1046653200},
	    {"Monday, March 3, 2003 01:00 AM", 1046653200},
	    {"Mon, 3 Mar 103 01:00:00 GMT", 1046653200},
	    {"Mon, 3 Mar 2003 01:00:00 PM +0000", 1046696400},
	    {"Mon, 3 Mar 2003 12:30:00 AM +0000", 1046651400},
	    {"Mon, 3 Mar 2003 10:00:00 GMT+0900", 1046653200},
	    {"Mon, 3 Mar 2003 10:00:00+0900", 1046653200},
	    {"Mon, 3 Mar 2003 01:00:00 +9999", 1046653200},
	    {"Mon, 3 Mar 2003 01:00:00 \"GMT\"", 1046653200},
	    {"Mon, 3 Mar 2003 01:00:00", 1046653200},
	    {"Sat, 29 Feb 2020 00:00:60 +0000", 1582934460},
	    {"Mon, 3 Mar 2003 01:00:00 01800", 1046653200},
	    {"1 Jan 1 00:00:00 +0000", NO},
	    {"1 Jan 0001 00:00:00 +0000", -62135596800},
	    {"31 Dec 9999 23:59:59 +0000", 253402300799},
	    {"Fri, 29 Feb 2019 00:00:00 +0000", NO},
	    {"Mon, 32 Mar 2003 01:00:00 GMT", NO},
	    {"Mon, 3 Mar 2003 24:00:00 GMT", NO},
	    {"Mon, 3 Mar 2003 10:60:00 GMT", NO},
	    {"Mon, 3 Mar 99999 10:00:00 GMT", NO},
	    {"Mon, 3 Foo 2003 10:00:00 GMT", NO},
	    {"10:00:00 GMT", NO},
	    {"yesterday", NO},
	    {"(never \\) closed", NO},
	    {"(((((((3 Mar 2003", NO},
	    {"", NO},
	    {"\\", NO},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t got = parsed(cases[i].text);

		OKF(got == cases[i].want, "date %zu: %lld", i, (long long)got);
	}

	/* every truncation is read or refused; a whole year is never misread */
	static const char whole[] = "Thu, 13 Feb 2003 23:32:10 -0330 (x(y\\)z))";
	for (size_t n = 0; n < sizeof whole; n++) {
		unsigned char *p = malloc(n ? n : 1);
		int64_t t;

		if (!p)
			exit(1);
		memcpy(p, whole, n);
		if (qa_maildate_parse(qa_span_of(p, n), &t) && n > 15 && (t < 1045094400 || t > 1045267200))
			OKF(0, "cut at %zu gives another day", n);
		free(p);
	}
}

static void
received(void)
{
	int64_t t = 0;

	OK(qa_maildate_received(qa_span_str("(qmail 123 invoked by uid 0); 3 Mar 2003 01:00:00 -0000"), &t) &&
	   t == 1046653200);
	OK(qa_maildate_received(qa_span_str("from a (b; c) by d; Mon, 3 Mar 2003 10:00:00 +0900 (JST; summer)"),
				&t) &&
	   t == 1046653200);
	OK(!qa_maildate_received(qa_span_str("from a by b"), &t));
	OK(!qa_maildate_received(qa_span_str(";;;;;;;;;;;;;;;;"), &t));
}

static void
heads(void)
{
	static const char mail[] = "From x@y Mon Mar  3 01:00:00 2003\n"
				   ">From z\n"
				   "Return-Path: <a@b>\n"
				   "junk without colon\n"
				   "Received: from nowhere\n"
				   "RECEIVED : by c;\n\t3 Mar 2003 01:00:01 -0000\n"
				   "Received: by d; 3 Mar 2003 01:00:09 -0000\n"
				   "Date: Mon, 3 Mar 2003 01:00:00 GMT\n"
				   "Date: Mon, 3 Mar 2008 01:00:00 GMT\n"
				   "\n"
				   "Date: in the body\n";
	struct qa_maildates d;
	int64_t best = 0;

	qa_maildate_scan(qa_span_str(mail), 1700000000, &d);
	OK(d.has_received && d.received_believable && d.received == 1046653201);
	OK(d.has_date && d.date_believable && d.date == 1046653200);
	OK(qa_maildate_best(&d, &best) && best == 1046653201);

	/* a clock that is wrong in the future */
	qa_maildate_scan(qa_span_str(mail), 1000000000, &d);
	OK(d.has_date && !d.date_believable && !qa_maildate_best(&d, &best));
	OK(qa_maildate_believable(631152000, 0) == false && qa_maildate_believable(631152000, 631152000));
	OK(!qa_maildate_believable(631151999, 1700000000) && qa_maildate_believable(1700086400, 1700000000));

	/* lines that end in CR, CRLF, or not at all */
	qa_maildate_scan(qa_span_str("Subject: x\rDate: 3 Mar 2003 01:00:00 GMT\r\rDate: no"), 1700000000, &d);
	OK(d.has_date && d.date == 1046653200);
	qa_maildate_scan(qa_span_str("Subject: x\r\nDate: 3 Mar 2003\r\n 01:00:00 GMT\r\n\r\nReceived: ;"),
			 1700000000, &d);
	OK(d.has_date && d.date == 1046653200 && !d.has_received);
	qa_maildate_scan(qa_span_str("Subject: x\r\n\r\nDate: 3 Mar 2003 01:00:00 GMT\r\n"), 1700000000, &d);
	OK(!d.has_date);
	qa_maildate_scan(qa_span_of(NULL, 0), 1700000000, &d);
	OK(!d.has_date && !d.has_received);

	struct qa_head h;
	struct qa_field f;
	qa_head_init(&h, qa_span_str("A:1\n b\nB\t:\n\nbody"));
	OK(qa_head_next(&h, &f) && qa_field_is(&f, "a") && qa_span_is(f.value, "1\n b") &&
	   qa_span_is(f.whole, "A:1\n b\n"));
	OK(qa_head_next(&h, &f) && qa_field_is(&f, "B") && f.value.n == 0);
	OK(!qa_head_next(&h, &f) && h.ended && qa_span_is(h.rest, "body"));
	qa_head_init(&h, qa_span_str("A: 1\nno field \n\n"));
	h.junk = true;
	OK(qa_head_next(&h, &f) && qa_head_next(&h, &f) && !f.name.n && qa_span_is(f.value, "no field"));
	OK(!qa_head_next(&h, &f));
	qa_head_init(&h, qa_span_str("From a Mon\nFrom  : x\n\n"));
	OK(qa_head_next(&h, &f) && qa_field_is(&f, "from") && qa_span_is(f.value, "x"));
	qa_head_init(&h, qa_span_str("A: 1\n \n x\n\t\nB: 2\n  \nbody: no\n"));
	OK(qa_head_next(&h, &f) && qa_span_is(f.value, "1\n \n x") && qa_head_next(&h, &f) &&
	   qa_field_is(&f, "B") && qa_head_next(&h, &f) && qa_field_is(&f, "body"));
	qa_head_init(&h, qa_span_str("A: 1\r\n \r\nbody it is\r\n"));
	OK(qa_head_next(&h, &f) && qa_span_is(f.whole, "A: 1\r\n") && !qa_head_next(&h, &f) && h.ended &&
	   qa_span_is(h.rest, "body it is\r\n"));
}

int
main(void)
{
	dates();
	received();
	heads();
	return done();
}
