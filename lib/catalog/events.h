/*
 * The delivery and outcome events that refer to a message, as the catalogs of its month and the neighbouring ones know them.
 */
#ifndef QA_CATALOG_EVENTS_H
#define QA_CATALOG_EVENTS_H

#include "base/clock.h"
#include "base/err.h"
#include "base/sha256.h"

#include <glib.h>

struct qa_event_ref {
	qa_month month;
	uint64_t n;
};

/* Appends struct qa_event_ref to OUT, in the order of months and numbers. They were found by the first 8 bytes of the digest: whoever
 * shows them compares their field refers. Months without a (usable) catalog give none; *all_r is then false. */
int qa_catalog_events(const char *dir, const char *domain, qa_month m, const struct qa_digest *message, GArray *out,
		      bool *all_r, struct qa_err *err) QA_MUST;

#endif
