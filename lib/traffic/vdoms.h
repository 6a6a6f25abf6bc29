/*
 * qmail's control/virtualdomains, backwards: from the recipient that qmail-send's log shows to the address that was written to.
 *
 * qmail-send puts the prefix of the matching line before the address, so `example.com:example.com` makes
 * `example.com-user@example.com` of `user@example.com`. A line is KEY:PREFIX; KEY is user@host, a host, .suffix or nothing;
 * qmail-send looks in that order, the longest suffix first, in any case, and the first of two equal keys counts.
 */
#ifndef QA_TRAFFIC_VDOMS_H
#define QA_TRAFFIC_VDOMS_H

#include "base/err.h"
#include "base/span.h"

struct qa_vdoms;

/* Reads FILE, at most 64 MiB: the table, or NULL. Free with qa_vdoms_free (NULL is allowed). */
struct qa_vdoms *qa_vdoms_open(const char *file, struct qa_err *err) QA_MUST;

/* The same from the file's bytes. */
struct qa_vdoms *qa_vdoms_new(qa_span text);
void qa_vdoms_free(struct qa_vdoms *v);

/* The recipient without the prefix that the table says it has; else as it is. Points into RECIPIENT. */
qa_span qa_vdoms_strip(const struct qa_vdoms *v, qa_span recipient);

#endif
