/*
 * Bytes as text: hexadecimal, base64, JSON strings, and what may be shown on a terminal.
 */
#ifndef QA_BASE_TEXT_H
#define QA_BASE_TEXT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* Writes 2 * n lower-case digits and a NUL to out. */
void qa_hex(const void *p, size_t n, char *out);

/* Exactly 2 * n digits of either case to n bytes: 0, or -1. */
int qa_unhex(qa_span s, unsigned char *out, size_t n) QA_MUST;

/* Standard base64 with padding (RFC 4648 section 4), one line. */
int qa_base64_add(struct qa_buf *b, qa_span s) QA_MUST;

/* Strict: no white space, padding required, unused bits zero. Appends to b; -1 with errno
 * EPROTO when s is not that. */
int qa_unbase64_add(struct qa_buf *b, qa_span s) QA_MUST;

/* Length of the UTF-8 sequence (RFC 3629) at the start of s, 1 to 4; 0 when there is none. */
size_t qa_utf8_len(qa_span s);

/* A JSON string with its quotes, without raw control characters. Bytes that are not UTF-8 become U+FFFD. */
int qa_json_add(struct qa_buf *b, qa_span s) QA_MUST;

/* For a person: control characters, bytes that are not UTF-8, and what breaks lines or turns the direction of writing become '?'. */
int qa_show_add(struct qa_buf *b, qa_span s) QA_MUST;

/* The noun that goes with a number: "1 leaf", "2 leaves". */
static inline const char *
qa_noun(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

#endif
