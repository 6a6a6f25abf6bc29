/*
 * Header fields: text (RFC 2047), addresses (RFC 5322), parameters (RFC 2045, RFC 2231).
 *
 * Each takes a field's value as it stands in the message. Bytes that are not ASCII, and
 * bare ISO-2022-JP, are first brought to UTF-8 by their looks, so no byte of a two-byte
 * charset is taken for a quote, a comma or a backslash. Results are one line. GMime reads
 * addresses and parameters; charsets are ours (charset.h).
 */
#ifndef QA_MESSAGE_FIELD_H
#define QA_MESSAGE_FIELD_H

#include "base/attr.h"
#include "base/span.h"
#include "message/sink.h"

#include <gmime/gmime.h>

/* The value as UTF-8, folds become one blank; encoded words still encoded. Returns VALUE
 * itself when it needs no change, else the contents of SCRATCH. */
qa_span qa_field_utf8(qa_span value, struct qa_sink *scratch);

/* Adds the value with its encoded words decoded. Neighbouring words of one charset are
 * joined before conversion, as many programs split characters between them. */
void qa_field_text(qa_span value, struct qa_sink *out);

/* The same for a value that came from qa_field_utf8. */
void qa_word_text(qa_span utf8, struct qa_sink *out);

/*
 * GMime converts charsets by itself when it meets encoded words (RFC 2047) or
 * "charset'language'%41" (RFC 2231): by the label alone, and with whatever table of iconv that
 * names. So these marks are hidden from it: qa_field_hide adds UTF-8 with each of MARKS as a
 * character no mail has, and a NUL behind; qa_field_show takes what GMime made of it and adds it
 * with the marks as they were. A '.' among MARKS means only dots that it would refuse in an
 * address.
 */
const char *qa_field_hide(qa_span utf8, const char *marks, struct qa_sink *out);
void qa_field_show(const char *hidden, struct qa_sink *out);

/* One mailbox of an address list; both are spans of UTF-8, the name still encoded. */
struct qa_mailbox {
	qa_span name; /* display name, else the comment */
	qa_span addr; /* "local@domain" without blanks and comments */
};
typedef bool qa_mailbox_take(void *arg, const struct qa_mailbox *box); /* false: enough */

/*
 * Calls TAKE for each mailbox of a value that came from qa_field_utf8, as GMime reads it, members
 * of groups included. What is no address at all comes as a name without addr, so that no word
 * gets lost. GMime sees about a kilobyte at a time, cut at commas, since its time grows with the
 * square of what it cannot make sense of. False: out of memory.
 */
bool qa_mailbox_each(qa_span utf8, qa_mailbox_take *take, void *arg) QA_MUST;

/*
 * Content-Type or Content-Disposition, as GMime reads them. Both take the field's value as it
 * stands; one longer than QA_PARAMS_MAX is read up to there (cut says so). Of a value that is no
 * type, TYPE is "".
 */
#define QA_PARAMS_MAX ((size_t)8 << 10)

struct qa_params {
	char value[128]; /* "text/plain", "attachment": in lower case */
	bool cut, failed;
	GMimeParamList *list;
	GObject *owner;
	struct qa_sink hidden; /* what GMime was given */
};

void qa_params_type(struct qa_params *p, qa_span field);
void qa_params_disposition(struct qa_params *p, qa_span field);
void qa_params_free(struct qa_params *p);

/*
 * The parameter NAME, decoded: RFC 2231 with its charset and its numbered pieces, else plain, and
 * then also encoded words, which are wrong there and common. Adds to OUT; false when there is
 * none.
 */
bool qa_params_get(struct qa_params *p, const char *name, struct qa_sink *out);

/* Message ids: the next one of *rest without its angle brackets: false when there is none. */
bool qa_msgid_next(qa_span *rest, qa_span *id_r);

#endif
