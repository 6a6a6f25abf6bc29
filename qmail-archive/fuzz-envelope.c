/* Any bytes as an envelope, in one part and in two; a whole one must become fields that say the same. */
#include "qmail-archive/envelope.h"
#include "journal/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
check_fields(const struct qa_envelope *e)
{
	struct qa_buf fields = QA_BUF(0), again = QA_BUF(0);
	size_t at = 0;
	unsigned type;
	qa_span v;

	if (qa_envelope_fields(e, &fields))
		abort();
	while (qa_field_next(qa_buf_span(&fields), &at, &type, &v) == 1)
		if (qa_buf_addc(&again, type == QA_F_SENDER ? 'F' : 'T') || qa_buf_addspan(&again, v) ||
		    qa_buf_addc(&again, 0))
			abort();
	if (qa_buf_addc(&again, 0) || !qa_span_eq(qa_buf_span(&again), qa_buf_span(&e->raw)))
		abort();
	qa_buf_free(&fields);
	qa_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct qa_envelope e = QA_ENVELOPE_INIT, two = QA_ENVELOPE_INIT;
	size_t cut = n ? p[0] % n : 0, used = qa_envelope_scan(&e, qa_span_of(p, n));

	if (used > n || (used < n && e.state != QA_ENVELOPE_WHOLE && e.state != QA_ENVELOPE_REFUSED))
		abort();
	if (qa_envelope_scan(&two, qa_span_of(p, cut)) == cut)
		qa_envelope_scan(&two, qa_span_of(p + cut, n - cut));
	if (two.state != e.state || two.recipients != e.recipients || two.address != e.address)
		abort();
	if (e.state == QA_ENVELOPE_WHOLE) {
		if (qa_buf_add(&e.raw, p, used))
			abort();
		qa_envelope_bounce(&e);
		check_fields(&e);
	}
	qa_envelope_free(&e);
	return 0;
}
