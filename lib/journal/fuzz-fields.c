/* Fields from a door, and the door's packets. */
#include "journal/door.h"
#include "journal/record.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_record_head h;
	struct qa_facts f;
	struct qa_err err;
	struct qa_id id;
	unsigned request, type;
	qa_span fields = qa_span_of(p, n), v, part;
	size_t at = 0, count = 0, recipients = 0;
	int rc, status;

	while ((rc = qa_field_next(fields, &at, &type, &v)) > 0) {
		if (v.n && (v.p < p || v.p + v.n > p + n))
			abort();
		recipients += type == QA_F_RECIPIENT;
		count++;
	}
	if (rc == 0 && at != n)
		abort();
	if (qa_facts_get(fields, &f, &err) == 0 && (rc || f.recipients != recipients || count < 4))
		abort();
	if (qa_door_request_get(fields, &h, &request, &part, &err) == 0 && part.n != n - QA_DOOR_HEADER)
		abort();
	if (qa_door_answer_get(fields, &status, &id) == 0 && status < 0)
		abort();
	return 0;
}
