/* Any bytes as a leaf: what is taken is what would be written. */
#include "archive/read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_leaf l;
	char text[QA_LEAF_MAX];

	if (qa_leaf_parse(qa_span_of(p, n), &l, NULL) == 0 &&
	    !qa_span_eq(qa_span_of(text, qa_leaf_text(&l, text)), qa_span_of(p, n)))
		abort();
	return 0;
}
