/*
 * Header fields: text (RFC 2047), addresses (RFC 5322), parameters (RFC 2045, RFC 2231).
 *
 * Each takes a field's value as it stands in the message. Bytes that are not ASCII, and
 * bare ISO-2022-JP, are first brought to UTF-8 by their looks, so no byte of a two-byte
 * charset is taken for a quote, a comma or a backslash. Results are one line.
 */
#ifndef QA_MESSAGE_FIELD_H
#define QA_MESSAGE_FIELD_H

#include "base/span.h"
#include "message/sink.h"

/* The value as UTF-8, folds become one blank; encoded words still encoded. Returns VALUE
 * itself when it needs no change, else the contents of SCRATCH. */
qa_span qa_field_utf8(qa_span value, struct qa_sink *scratch);

/* Adds the value with its encoded words decoded. Neighbouring words of one charset are
 * joined before conversion, as many programs split characters between them. */
void qa_field_text(qa_span value, struct qa_sink *out);

/* The same for a value that came from qa_field_utf8. */
void qa_word_text(qa_span utf8, struct qa_sink *out);

/* One mailbox of an address list; both are spans of UTF-8, the name still encoded. */
struct qa_mailbox {
	qa_span name; /* display name, else the comment */
	qa_span addr; /* "local@domain" without blanks and comments */
};

/*
 * Reads mailboxes from a value that came from qa_field_utf8, groups and obsolete routes
 * included; what is no address at all comes as a name without addr. For each one:
 *
 *	struct qa_mailboxes m = {.rest = value};
 *	while (qa_mailbox_next(&m, &box)) ...
 *
 * The spans live until the next call.
 */
struct qa_mailboxes {
	qa_span rest;
	struct qa_sink name, comment, addr;
};
bool qa_mailbox_next(struct qa_mailboxes *m, struct qa_mailbox *box_r);
void qa_mailboxes_end(struct qa_mailboxes *m);

/* The part in front of the first ';', without blanks and comments: "text/plain". */
qa_span qa_param_value(qa_span utf8);

/*
 * The parameter NAME of a value that came from qa_field_utf8, decoded: RFC 2231 with its
 * charset and its numbered pieces, else plain, and then also encoded words, which are wrong
 * there and common. Adds to OUT; false when there is none.
 */
bool qa_param_get(qa_span utf8, const char *name, struct qa_sink *out);

/* Message ids: the next one of *rest without its angle brackets: false when there is none. */
bool qa_msgid_next(qa_span *rest, qa_span *id_r);

#endif
