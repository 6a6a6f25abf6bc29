/*
 * Who gets an entry of a record (doc/format-domains.md, "Who gets an entry"): shared by the
 * door, which asks how to fail, and md_import, which files.
 */
#ifndef QA_JOURNAL_ROUTE_H
#define QA_JOURNAL_ROUTE_H

#include "conf/domains.h"
#include "journal/record.h"

struct qa_route {
	struct qa_rule rule;  /* rule.folder names the archive */
	bool all;	      /* lists every recipient (outbound, or default) */
	uint64_t listed, withheld;
};

struct qa_routes {
	struct qa_route *v;
	size_t n;
	bool fail_open;	 /* no folder asks for closed */
	uint64_t limit;	 /* smallest, 0 = none */
	bool over_head;	 /* what to do above it: all of the folders that limit say head */
};

/* Folders in bytewise order, each once; n = 0 means nobody wants it. -1: ENOMEM, EPROTO. */
int qa_route(const struct qa_domains *d, qa_span fields, struct qa_routes *r_r, struct qa_err *err) QA_MUST;
void qa_routes_free(struct qa_routes *r);

/* The fields as folder R's entry shows them: recipients of other folders left out and counted in
 * `withheld`, everything else verbatim and in order. */
int qa_route_fields(const struct qa_domains *d, const struct qa_route *r, qa_span fields, struct qa_buf *out,
		    struct qa_err *err) QA_MUST;

#endif
