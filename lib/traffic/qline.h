/*
 * One line of qmail-send's log (qmail-log(5)), as multilog, splogger and others of their time keep it:
 *
 *	@4000000065e55d3901c9c380 new msg 4711                          multilog t, tai64n
 *	2024-03-04 05:06:07.030000000 new msg 4711                      tai64nlocal (local time)
 *	Mar  4 05:06:07 mx1 qmail: 1709528767.030000 new msg 4711       syslog with splogger
 *	2024-03-04T05:06:07.03+00:00 mx1 qmail: 1709528767.030000 ...   the same in newer syslogs
 *	2024-03-04T05:06:07.03+00:00 mx1 qmail-send[9]: new msg 4711    and without splogger, as under systemd
 *	1709528767.030000 new msg 4711                                  splogger's text alone, accustamp
 *	new msg 4711                                                    no stamp
 *
 * TAI64N: daemontools takes the kernel's UTC seconds plus 10 for TAI, whatever leap seconds there have been, so 10 is what is
 * taken off here. The old date of syslog has no year and is not looked at: splogger's own stamp has seconds since 1970.
 *
 * What is not printable ASCII, and `%`, is '_' in the log, a line feed '/': such addresses cannot be told from others.
 */
#ifndef QA_TRAFFIC_QLINE_H
#define QA_TRAFFIC_QLINE_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

enum qa_qline_event {
	QA_QLINE_NEW,	   /* msg */
	QA_QLINE_INFO,	   /* msg, bytes, address (sender), qp, uid */
	QA_QLINE_START,	   /* delivery, msg, remote, address (recipient) */
	QA_QLINE_SUCCESS,  /* delivery, report */
	QA_QLINE_FAILURE,  /* delivery, report */
	QA_QLINE_DEFERRAL, /* delivery, report; also a report that qmail-send could not read */
	QA_QLINE_BOUNCE,   /* msg, qp of the bounce */
	QA_QLINE_TRIPLE,   /* msg, whose bounce was thrown away */
	QA_QLINE_END,	   /* msg */
	QA_QLINE_STATUS,   /* open: local and remote deliveries under way */
	QA_QLINE_EXIT,	   /* qmail-send has ended */
};

struct qa_qline {
	enum qa_qline_event event;
	bool stamped;
	bool remote;
	int64_t time;	   /* UTC seconds; 0 without stamp */
	uint32_t nano;
	qa_span host, tag; /* of syslog; else empty */
	uint64_t msg, delivery, bytes, qp, uid, open;
	qa_span address, report; /* as they stand in the log */
	size_t text;		 /* bytes of the line after its stamp */
	bool splogger, more;	 /* splogger's stamp; the rest of a line that splogger has cut */
	qa_span rest;		 /* more: that rest */
};

enum { QA_QLINE_CUT = 799 }; /* splogger's pieces; a shorter one is the last of its line */

/* What was looked up last, so that lines of one minute cost one conversion of local time. Zeros at first. */
struct qa_qline_clock {
	char minute[17];
	int64_t seconds;
};

/*
 * The line (without its line feed) into *Q: 1; 0 when it is none of the events, or of another program (stamp and host
 * are filled in all the same); -1 when it begins like one and does not go on so, as a torn line does. Spans point into LINE.
 */
int qa_qline_get(qa_span line, struct qa_qline_clock *clock, struct qa_qline *q_r) QA_MUST;

/* The text alone, as it is without stamp: for a line put together again. Fills what belongs to the event. */
int qa_qline_text(qa_span text, struct qa_qline *q_r) QA_MUST;

#endif
