/*
 * What the text formats of this module share: lines, numbers without leading zeros, digests in
 * base64, and buffers on the stack.
 */
#ifndef QA_TLOG_LINE_PRIVATE_H
#define QA_TLOG_LINE_PRIVATE_H

#include "base/buf.h"
#include "base/num.h"
#include "base/sha256.h"
#include "base/span.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* A struct qa_buf over an array: its limit lies below its size, so it never asks for memory. */
#define QA_TLOG_STACK_BUF(array) {(array), 0, sizeof(array), sizeof(array) - 1}

/* Takes the next line, without its end, off rest; false when rest holds no line feed. */
static inline bool
qa_tlog_line(qa_span *rest, qa_span *line_r)
{
	const unsigned char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;

	if (!end)
		return false;
	*line_r = qa_span_of(rest->p, (size_t)(end - rest->p));
	*rest = qa_span_cut(*rest, line_r->n + 1, rest->n);
	return true;
}

/* UTF-8 without control characters; with lines, line feeds are fine. */
static inline bool
qa_tlog_plain(qa_span s, bool lines)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = qa_utf8_len(qa_span_cut(s, i, s.n));

		if (n == 0 || (s.p[i] < ' ' && !(lines && s.p[i] == '\n')))
			return false;
		i += n;
	}
	return true;
}

/* A decimal number with one spelling: 0, or -1. */
static inline int
qa_tlog_scan_number(qa_span s, uint64_t *v_r)
{
	if (s.n > 1 && s.p[0] == '0')
		return -1;
	return qa_scan_u64(s, v_r);
}

/* Base64 of exactly 32 bytes: 0, or -1. */
static inline int
qa_tlog_scan_digest(qa_span s, struct qa_digest *d_r)
{
	unsigned char space[QA_SHA256_SIZE + 2];
	struct qa_buf b = QA_TLOG_STACK_BUF(space);

	if (qa_unbase64_add(&b, s) || b.n != sizeof d_r->b)
		return -1;
	memcpy(d_r->b, b.p, sizeof d_r->b);
	return 0;
}

/* Base64 and a line feed. */
static inline int
qa_tlog_add_digest(struct qa_buf *b, const struct qa_digest *d)
{
	return qa_base64_add(b, qa_span_of(d->b, sizeof d->b)) || qa_buf_addc(b, '\n') ? -1 : 0;
}

#endif
