/* Any bytes as the head of a message, and as what TCPREMOTEIP says (the part before the first line feed): what is found must lie
 * inside. */
#include "qmail-archive/claims.h"
#include "qmail-archive/delivery.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	const unsigned char *lf = n ? memchr(p, '\n', n) : NULL;
	qa_span ip = qa_span_of(p, lf ? (size_t)(lf - p) : 0), found;
	qa_span head = lf ? qa_span_of(lf + 1, n - ip.n - 1) : qa_span_of(p, n);
	size_t above = qa_delivery_above(head);

	if (above > head.n || (above && head.p[above - 1] != '\n'))
		abort();
	if (qa_claims_helo(head, ip, &found) && found.n &&
	    (found.p < head.p || found.p + found.n > head.p + head.n || found.n > QA_CLAIM_MAX))
		abort();
	return 0;
}
