/*
 * qmail-send's log into lines of the stats file: each report of a delivery is joined with its start (recipient) and with the message
 * (sender, bytes), by the life of a message between "new msg" and "end msg" and of a delivery number between its
 * start and its report. Log files go in as bytes, stats lines come out by a call each:
 *
 *	struct qa_qjoin_opt o = {.host = "mx1.example.net", .line = sum_up, .arg = &sums};
 *	struct qa_qjoin *j = qa_qjoin_new(&o);
 *
 *	while (there are bytes)
 *		qa_qjoin_feed(j, whole lines);
 *	qa_qjoin_free(j);
 *
 * Events and lines (stats(5)). One line for each delivery whose report is in the log; its time is the report's, attempts tells which
 * delivery of this message to this recipient it was, counted from 1; the pid is qmail's qp.
 *
 *	to local, success      in   success     the message's bytes
 *	to local, failure      in   reject      the message's bytes: it had come in, and bounces. A report of a full
 *	                                        mailbox: mboxoverquota; of a loop: manyhops
 *	to local, deferral     in   defer       0: no byte travels again when the mailbox is tried again
 *	to remote, success     out  success     the message's bytes
 *	to remote, failure     out  reject      0; the message's bytes when it was refused after it had been sent.
 *	                                        A partial last line: partial, with its bytes
 *	to remote, deferral    out  defer       0; the message's bytes when it had been sent, or may have been ("Possible
 *	                                        duplicate!"). Nobody answers, or the connection died (#4.4.1, #4.4.2):
 *	                                        timeout. A message or control file that cannot be read, no memory
 *	                                        (#4.3.x, #5.3.5): readerr
 *
 * So the bytes of all lines together are what travelled: a message that a remote host takes all of three times counts three times,
 * a local one once. Bounces are messages of their own, with an empty sender.
 *
 * A sender made for each recipient (list-@host-@[]) is written as qmail-send expands it. The number of a message is that of an inode and comes
 * again; delivery numbers begin anew with each qmail-send. What the log does not say, because it begins or has a gap there, is
 * counted (struct qa_qjoin_counts) and makes no line: a transfer without sender and size cannot be billed.
 */
#ifndef QA_TRAFFIC_QJOIN_H
#define QA_TRAFFIC_QJOIN_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "statline/statline.h"

#include <stdint.h>

struct qa_vdoms;
struct qa_qjoin;

struct qa_qjoin_opt {
	const char *host;		    /* of the stats line where the log names none */
	const char *tag;		    /* only lines of this syslog tag; NULL: of all */
	const struct qa_vdoms *vdoms;	    /* prefixes to take off local recipients; may be NULL */
	size_t memory;			    /* bytes for what is open; 0: 256 MiB */
	int64_t now;			    /* the time of lines without stamp */
	void (*line)(void *arg, const struct qa_statline *s); /* spans are valid during the call */
	void (*said)(void *arg, const char *text);	      /* what an administrator should know; may be NULL */
	void *arg;
};

struct qa_qjoin_counts {
	uint64_t lines;	    /* all */
	uint64_t other;	    /* of other programs, or without an event */
	uint64_t torn;	    /* begin like an event, or a stamp, and do not go on so */
	uint64_t late;	    /* left out: not later than qa_qjoin_after said */
	uint64_t stats;	    /* lines made */
	uint64_t unknown;   /* deliveries of a message that is not known: begun before the log, or dropped */
	uint64_t orphans;   /* reports of a delivery that is not known */
	uint64_t cut;	    /* deliveries without a report: qmail-send was killed, or the log has a gap */
	uint64_t unended;   /* messages whose number came again before their end, or with a gap in the log before it */
	uint64_t dropped;   /* open messages dropped because of the limit of memory */
	uint64_t bounces, triple;
};

struct qa_qjoin *qa_qjoin_new(const struct qa_qjoin_opt *o);
void qa_qjoin_free(struct qa_qjoin *j);

/* Whole lines; a last one without line feed counts as whole. */
void qa_qjoin_feed(struct qa_qjoin *j, qa_span bytes);

/* Takes another table of prefixes. */
void qa_qjoin_vdoms(struct qa_qjoin *j, const struct qa_vdoms *vdoms);
void qa_qjoin_now(struct qa_qjoin *j, int64_t now);

const struct qa_qjoin_counts *qa_qjoin_counts(const struct qa_qjoin *j);
size_t qa_qjoin_open(const struct qa_qjoin *j); /* messages */

/* The stamp of the last line that had one: true, or false when there was none. */
bool qa_qjoin_last(const struct qa_qjoin *j, int64_t *time_r, uint32_t *nano_r);

/* Lines are missing before the next one. All that is open is forgotten, and counted as unended: its end may be among them, and its number may stand
 * for another message by now. */
void qa_qjoin_gap(struct qa_qjoin *j);

/* Leave out all lines that are not later than the last one: until the first that is. For a log whose place was lost. */
void qa_qjoin_after_last(struct qa_qjoin *j);

/* All that is open as text lines, appended to B, and back into a fresh qa_qjoin. -1: no memory, or (load) not such text. */
int qa_qjoin_save(const struct qa_qjoin *j, struct qa_buf *b, struct qa_err *err) QA_MUST;
int qa_qjoin_load(struct qa_qjoin *j, qa_span text, struct qa_err *err) QA_MUST;

#endif
