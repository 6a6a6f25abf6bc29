/*
 * Which domains are archived, how: H/etc/domains and its compiled form (doc/format-domains.md).
 */
#ifndef QA_CONF_DOMAINS_H
#define QA_CONF_DOMAINS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { QA_ARCHIVE_IN = 1, QA_ARCHIVE_OUT = 2 };
enum { QA_DOMAIN_MAX = 253 };

struct qa_rule {
	unsigned archive;  /* QA_ARCHIVE_ bits */
	bool fail_open;
	bool over_head;
	uint64_t limit;    /* bytes, 0 = none */
	char folder[QA_DOMAIN_MAX + 1];
};

/* One line of the text form. */
struct qa_domain_line {
	unsigned number;
	bool wildcard;
	char name[QA_DOMAIN_MAX + 1];
	char as[QA_DOMAIN_MAX + 1]; /* empty = none */
	struct qa_rule rule;	    /* folder not resolved yet */
};

/* All rules of a text, in order; every bad line is reported through bad(ctx, number, why) and makes the result -1
 * (EPROTO). free(*lines_r) when done. */
typedef void qa_domains_bad(void *ctx, unsigned number, const char *why);
int qa_domains_parse(qa_span text, struct qa_domain_line **lines_r, size_t *n_r, qa_domains_bad *bad, void *ctx,
		     struct qa_err *err) QA_MUST;

/* Checks H/etc/domains and publishes H/etc/domains.cdb; with bad lines -1 and the old one stays. */
int qa_domains_update(const char *home, qa_domains_bad *bad, void *ctx, struct qa_err *err) QA_MUST;

/* A valid domain name (syntax above), lower-cased into out: 0 or -1. */
int qa_domain_name(qa_span s, char out[QA_DOMAIN_MAX + 1]) QA_MUST;

/* The compiled table. missing=true (open never fails for that) when it is absent or damaged: everything then
 * goes to default, closed, both ways. */
struct qa_domains {
	bool missing;
	void *cdb; /* private */
	int fd;
};
int qa_domains_open(struct qa_domains *d, const char *home, struct qa_err *err) QA_MUST;
void qa_domains_close(struct qa_domains *d);

/* The rule for a domain name (any case): 1 its own or a wildcard's; 0 the default's. Always fills rule_r. */
int qa_domains_find(const struct qa_domains *d, qa_span domain, struct qa_rule *rule_r);

/* What follows the last '@' of an address, without a trailing dot; empty when there is none. */
qa_span qa_address_domain(qa_span address);

#endif
