/*
 * From a server's reply to a status of the stats file: rules, one a line, the first that fits counts. man 5 smtpstat.conf is the format.
 *
 *	rejspam 5?? *spam*
 *
 * A pattern fits when it is the whole reply (number, blank, words; lines joined by a blank), letters in any case; `*` stands for any bytes,
 * `?` for one. Rules with rejclam, rejspam and badmime look only at mail that was received in full, those with timeout only at sessions that
 * broke.
 */
#ifndef QA_STATISTIC_REPLIES_H
#define QA_STATISTIC_REPLIES_H

#include "base/err.h"
#include "base/span.h"
#include "statistic/dialogue.h"

enum { QA_REPLIES_RULES = 500, QA_REPLIES_PATTERN = 500, QA_REPLIES_STATUS = 32 };

struct qa_replies {
	size_t n;
	struct {
		qa_span status, pattern; /* into the texts */
	} rule[QA_REPLIES_RULES];
};

/* The rules for the servers we know, as text in the same format. */
extern const char qa_replies_builtin[];

/* Adds the rules of TEXT, which must stay: 0; -1 EPROTO for the first bad line (err names it), r is then as before. */
int qa_replies_add(struct qa_replies *r, qa_span text, struct qa_err *err) QA_MUST;

/*
 * The status of a result. Where no rule fits: success with 2yz, defer with 4yz, reject with 5yz; without a reply timeout when the session
 * broke in the mail, defer when the mail was there. `none`: there shall be no line.
 */
qa_span qa_replies_status(const struct qa_replies *r, const struct qa_dialogue_result *e);

#endif
