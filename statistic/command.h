/*
 * One line that an SMTP client sends, taken apart as qmail-smtpd does: a word in any case, then its argument.
 */
#ifndef QA_STATISTIC_COMMAND_H
#define QA_STATISTIC_COMMAND_H

#include "base/span.h"

#include <stdint.h>

enum qa_command_kind {
	QA_COMMAND_OTHER, /* one reply, no meaning here */
	QA_COMMAND_HELLO, /* HELO, EHLO */
	QA_COMMAND_LHLO,
	QA_COMMAND_MAIL,
	QA_COMMAND_RCPT,
	QA_COMMAND_DATA,
	QA_COMMAND_BDAT,
	QA_COMMAND_RSET,
	QA_COMMAND_AUTH,
	QA_COMMAND_STARTTLS,
	QA_COMMAND_QUIT,
};

struct qa_command {
	enum qa_command_kind kind;
	qa_span argument; /* without blanks before it */
};

/* LINE has no CR LF. The argument points into it. */
struct qa_command qa_command_of(qa_span line);

/*
 * The address of MAIL or RCPT as it goes into the envelope: what stands in <>, or behind the colon; without a source route, quotes and
 * backslashes taken off. Written to OUT of at least argument.n bytes; the length is returned, 0 when there is none.
 */
size_t qa_command_address(qa_span argument, unsigned char *out);

/* "SIZE [LAST]" of BDAT (RFC 3030): 0, or -1. */
int qa_command_chunk(qa_span argument, uint64_t *size_r, bool *last_r);

#endif
