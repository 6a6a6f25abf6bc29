/*
 * The stats file: one line for each transfer of a mail to or from one recipient, and for each POP3 or IMAP session.
 *
 *	Mar  4 05:06:07 mx1.example.net in[4242]: 1709528767|a@example.org|b@example.net|1834|success|1
 *	date (local)    host            dir[pid]: time (UTC)|sender|recipient|bytes|status[|attempts]
 *
 * Everything from the date to ": " may be missing. Format, statuses, and which program writes which event: stats(5).
 *
 * In addresses `|`, `%`, control characters (0 to 31, 127) and blanks at the ends are written as %XX, two upper-case hexadecimal
 * digits; everything else stands as it is. A line is below 4096 bytes with its line feed, so that one write(2) to a file
 * opened with O_APPEND is never mixed with another's: an address whose written form is longer than QA_STATLINE_ADDRESS
 * loses the end of its local part, which is marked by `%7E%7E`; its domain is kept.
 *
 * Both families use this module; it allocates nothing. The file itself: statline/file.h.
 */
#ifndef QA_STATLINE_STATLINE_H
#define QA_STATLINE_STATLINE_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum {
	QA_STATLINE_MAX = 4095,	    /* bytes of a line with its line feed */
	QA_STATLINE_ADDRESS = 1700, /* bytes of an address as written */
	QA_STATLINE_NAME = 255,	    /* bytes of host and status */
};

/* What a line stands for. The sender's pseudo address tells sessions and web posts: `pop3@ACCOUNT`,
 * `imap@ACCOUNT` (ACCOUNT is USER@DOMAIN; direction out), `web@maillist` (direction in). With another direction, or without a
 * DOMAIN, it is the sender of a mail who calls himself so. A line without prefix may be of either direction. */
enum qa_stat_kind { QA_STAT_IN, QA_STAT_OUT, QA_STAT_POP3, QA_STAT_IMAP, QA_STAT_LIST };

/* A line, or what is to become one. Spans of a parsed line point into it; addresses are still as written
 * there (qa_statline_decode). */
struct qa_statline {
	qa_span date;	   /* "Mar  4 05:06:07"; empty: the line has no prefix */
	qa_span host;	   /* empty: likewise */
	bool out;	   /* false without prefix */
	uint32_t pid;	   /* 0 without prefix */
	int64_t time;	   /* seconds since 1970 UTC */
	qa_span sender;	   /* empty: a bounce */
	qa_span recipient;
	uint64_t bytes;
	qa_span status;
	uint32_t attempts; /* data transfers in the session; 0: the field is missing */
};

/*
 * Parses one line, with or without its CR LF. 0; or -1 and a few words in *why_r ("no status"), which are static. Wrong are:
 * control characters, more than QA_STATLINE_MAX bytes, a missing field or a seventh one, a number that is none or does not fit, a
 * direction other than in and out. An unknown status is not wrong. An empty line is ("empty"), but readers skip it and do not count it: two writers
 * may leave one behind a torn line (statline/file.h).
 */
int qa_statline_get(qa_span line, struct qa_statline *s_r, const char **why_r) QA_MUST;

enum qa_stat_kind qa_statline_kind(const struct qa_statline *s);

/* The account of a POP3 or IMAP line: what follows `pop3@` or `imap@`. */
qa_span qa_statline_account(const struct qa_statline *s);

/* The domain of an address as written, without a trailing dot: what follows the last '@', empty where there is none. Letters are
 * left as they are. */
qa_span qa_statline_domain(qa_span address);

/* An address as it was, to OUT of at least s.n bytes: its length. A `%` that no two digits follow stands for itself. */
size_t qa_statline_decode(qa_span s, unsigned char *out);

/*
 * Makes the line of S, whose addresses are bytes as in the envelope, with its line feed: its length, at most QA_STATLINE_MAX. The date is made from
 * time in the local zone with English month names; s->date is not looked at. An empty host, or one or a status with bytes that are not
 * letters, digits, '.', '-' or '_', or longer than QA_STATLINE_NAME: those bytes become '_', an empty one `localhost` or `unknown`.
 */
size_t qa_statline_put(const struct qa_statline *s, unsigned char out[QA_STATLINE_MAX + 1]);

#endif
