/*
 * Any charset to UTF-8, believing the label as far as the bytes do.
 *
 * Labels are looked up in a list of what mail really uses (so no mail can make iconv load
 * an odd table), and widened as programs do: iso-8859-1 is windows-1252, shift_jis is cp932,
 * gb2312 is gb18030. ISO-2022-JP is read by own code, for the parts of it that no table has:
 * NEC's circled digits, half-width kana, JIS X 0212.
 *
 * When the label is missing, unknown, or the bytes break its rules, the first of these that
 * fits is taken: UTF-8; ISO-2022-JP, if there are its escapes; EUC-JP or Shift_JIS, if all
 * bytes fit and kana or enough Han are among them; the label after all, where few bytes
 * break it; windows-1252. What stays unreadable becomes U+FFFD.
 */
#ifndef QA_MESSAGE_CHARSET_H
#define QA_MESSAGE_CHARSET_H

#include "base/span.h"
#include "message/sink.h"

/* True when BYTES under this label are UTF-8 (or ASCII) as they stand. */
bool qa_charset_plain(qa_span label, qa_span bytes);

/* Adds BYTES as UTF-8 to OUT, characters as they are (controls too). LABEL may be empty. */
void qa_charset_add(struct qa_sink *out, qa_span label, qa_span bytes);

/* The charset that qa_charset_add would take, for tests and logs. */
const char *qa_charset_name(qa_span label, qa_span bytes);

void qa_charset_init(void);

#endif
