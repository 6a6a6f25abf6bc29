/* Whatever stands in a head, its dates lie in the years the header promises. */
#include "base/head.h"
#include "base/maildate.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	qa_span s = {p, n};
	struct qa_maildates d;
	struct qa_head h;
	struct qa_field f;
	size_t seen = 0;
	int64_t t = 0;

	if (qa_maildate_parse(s, &t) && (t < INT64_C(-62135683200) || t > INT64_C(253402387200)))
		abort();
	qa_maildate_scan(s, 1700000000, &d);
	if (qa_maildate_best(&d, &t) && !qa_maildate_believable(t, 1700000000))
		abort();
	qa_head_init(&h, s);
	while (qa_head_next(&h, &f)) {
		seen += f.whole.n;
		if (!f.name.n || f.value.n >= f.whole.n || f.whole.p < p || f.whole.p + f.whole.n > p + n)
			abort();
	}
	if (seen > n)
		abort();
	return 0;
}
