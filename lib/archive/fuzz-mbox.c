/* Any bytes as an mbox: messages lie inside it, in order, and quoting never grows. */
#include "archive/source.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	qa_span mbox = qa_span_of(p, n), raw;
	struct qa_buf b = QA_BUF(0);
	size_t at = 0, last = 0;

	(void)qa_mbox_is(mbox);
	while (qa_mbox_next(mbox, &at, &raw)) {
		if (at <= last && at < n)
			abort();
		if (raw.n && (raw.p < p + last || raw.p + raw.n > p + at))
			abort();
		last = at;
		qa_buf_clear(&b);
		if (qa_mbox_unquote(raw, &b))
			abort();
		if (b.n > raw.n || (b.n < raw.n) != qa_mbox_quoted(raw))
			abort();
	}
	if (at < n)
		abort();
	qa_buf_free(&b);
	return 0;
}
