/*
 * Dates of mail, without parsing MIME: what onboarding sorts by and the catalog shows.
 *
 * A date is UTC seconds since 1970 (negative before). It is believable when it lies between
 * 1990-01-01 and a day from now; what is not believable is kept, shown and not sorted by.
 */
#ifndef QA_BASE_MAILDATE_H
#define QA_BASE_MAILDATE_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

struct qa_maildates {
	bool has_received, received_believable;
	bool has_date, date_believable;
	int64_t received; /* of the topmost Received field that carries a date */
	int64_t date;	  /* of the first Date field */
};

/*
 * The value of a Date field, or what stands after the last ';' of a Received field: 1 and
 * the time, or 0 when it is no date. Reads RFC 5322 section 3.3, the obsolete forms of 4.3
 * (years of 2 or 3 digits, named zones, comments; an unknown zone counts as UTC) and what
 * old programs wrote: ctime, ISO 8601, "1-Jan-98", AM and PM, no zone. Years 1 to 9999.
 */
int qa_maildate_parse(qa_span value, int64_t *seconds_r) QA_MUST;

/* The date of a Received field's value: 1 or 0. */
int qa_maildate_received(qa_span value, int64_t *seconds_r) QA_MUST;

bool qa_maildate_believable(int64_t seconds, int64_t now);

/* Both dates of a message (or of its head alone). NOW is the present in seconds. Reads no
 * further than the head, and of that at most 1 MiB. */
void qa_maildate_scan(qa_span message, int64_t now, struct qa_maildates *out_r);

/* The one to sort by: Received when believable, else Date when believable: 1, else 0. */
int qa_maildate_best(const struct qa_maildates *d, int64_t *seconds_r) QA_MUST;

#endif
