/* Any bytes as the report of qmail-remote: whole and in two pieces it must say the same. The first byte is the number of recipients, the second
 * where it is cut. */
#include "statistic/report.h"

#include <stdlib.h>

enum { MOST = 8 };

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void
compare(struct qa_outcome a, struct qa_outcome b)
{
	static const char *const known[] = {"success", "reject", "defer", "timeout", "partial", "readerr"};
	bool found = false;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		found |= strcmp(a.status, known[i]) == 0;
	if (!found || strcmp(a.status, b.status) != 0 || a.sent != b.sent)
		abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	char letters[2][MOST];
	struct qa_report whole, cut;

	if (n < 2)
		return 0;
	size_t most = p[0] % (MOST + 1), at = p[1];
	qa_span report = qa_span_of(p + 2, n - 2);

	qa_report_init(&whole, letters[0], most);
	qa_report_init(&cut, letters[1], most);
	qa_report_add(&whole, report);
	qa_report_add(&cut, qa_span_cut(report, 0, at));
	qa_report_add(&cut, qa_span_cut(report, at, report.n));
	if (whole.n > most || whole.tail_n > QA_REPORT_TAIL)
		abort();
	for (size_t i = 0; i < most + 1; i++) {
		compare(qa_report_outcome(&whole, i, 0), qa_report_outcome(&cut, i, 0));
		if (qa_report_outcome(&whole, i, 111 << 8).sent)
			abort();
	}
	return 0;
}
