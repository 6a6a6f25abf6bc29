/* An entry's bytes, and its fields' id. What is accepted is written back the same. */
#include "store/entry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_entry_body e;
	struct qa_buf b = QA_BUF(0);

	if (!qa_entry_get(qa_span_of(p, n), &e))
		return 0;
	if (qa_entry_put(&e, &b) || b.n != n || memcmp(b.p, p, n) != 0)
		abort();
	qa_buf_free(&b);
	return 0;
}
