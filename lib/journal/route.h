/*
 * Who gets an entry of a record (doc/format-domains.md, "Who gets an entry"): shared by the
 * door, which asks how to fail, and md_import, which files.
 */
#ifndef QA_JOURNAL_ROUTE_H
#define QA_JOURNAL_ROUTE_H

#include "conf/domains.h"
#include "journal/record.h"

struct qa_route {
	struct qa_rule rule; /* rule.folder names the archive; the strictest of the rules that led here */
	bool all;	     /* lists every recipient (outbound, default, events) */
	uint64_t listed, withheld;
};

struct qa_routes {
	struct qa_route *v;
	size_t n;
	bool fail_open; /* no folder asks for closed */
};

/* Folders in bytewise order, each once; n = 0 means nobody wants it. -1: ENOMEM, EPROTO (fields that
 * qa_facts_get refuses). */
int qa_route(const struct qa_domains *d, qa_span fields, struct qa_routes *r_r, struct qa_err *err) QA_MUST;
void qa_routes_free(struct qa_routes *r);

/* What to do with a message of SIZE bytes: refuse it for good (a folder whose limit it exceeds says so), archive
 * only its head (it exceeds the limits of all folders), or archive it whole. */
enum qa_over { QA_OVER_NOT, QA_OVER_HEAD, QA_OVER_REFUSE };
enum qa_over qa_routes_over(const struct qa_routes *r, uint64_t size);

/* The fields as folder R's entry shows them, appended to out: recipients of other folders left out and counted in
 * `withheld` at the end, everything else verbatim and in order. */
int qa_route_fields(const struct qa_domains *d, const struct qa_route *r, qa_span fields, struct qa_buf *out,
		    struct qa_err *err) QA_MUST;

#endif
