/*
 * Which domains are archived, how: H/etc/domains and its compiled form (doc/format-domains.md).
 *
 * Programs that serve mail only open the compiled table and ask qa_domains_find; parsing and
 * compiling is md_domain's. The table is replaced by rename: an open one stays as it was.
 */
#ifndef QA_CONF_DOMAINS_H
#define QA_CONF_DOMAINS_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QA_ARCHIVE_IN = 1, QA_ARCHIVE_OUT = 2 };
enum { QA_DOMAIN_MAX = 253, QA_DOMAINS_LINE = 1000, QA_DOMAINS_RULES = 100000 };

struct qa_rule {
	unsigned archive; /* QA_ARCHIVE_ bits */
	bool fail_open;
	bool over_head;
	uint64_t limit; /* bytes, 0 = none */
	char folder[QA_DOMAIN_MAX + 1]; /* the domain whose archive takes it */
};

/* One rule of the text form; `as` and wildcards are resolved in rule. */
struct qa_domain_line {
	unsigned number; /* of the line, from 1 */
	bool wildcard;
	char name[QA_DOMAIN_MAX + 1]; /* lower case; without the wildcard's dot */
	char as[QA_DOMAIN_MAX + 1];   /* empty = none */
	struct qa_rule rule;
};

/* All rules of a text, in order; every bad line is reported through bad(ctx, number, why), which may be NULL, and makes
 * the result -1 (EPROTO, err names the first). free(*lines_r) when done; nothing to free at -1. */
typedef void qa_domains_bad(void *ctx, unsigned number, const char *why);
int qa_domains_parse(qa_span text, struct qa_domain_line **lines_r, size_t *n_r, qa_domains_bad *bad, void *ctx,
		     struct qa_err *err) QA_MUST;

/* The start of a line that is a rule, cut at its comment: its domain as written (1), or 0 for a line without
 * a rule. For programs that edit the text. */
int qa_domains_line(qa_span line, qa_span *domain_r, qa_span *rest_r) QA_MUST;

/* Checks H/etc/domains and publishes H/etc/domains.cdb (mode 0644); with bad lines -1 and the old one stays. */
int qa_domains_update(const char *home, qa_domains_bad *bad, void *ctx, struct qa_err *err) QA_MUST;

/* The compiled table of these rules appended to out. */
int qa_domains_compile(const struct qa_domain_line *lines, size_t n, struct qa_buf *out, struct qa_err *err) QA_MUST;

/* A valid domain name (the page's syntax), lower-cased into out: 0, or -1. */
int qa_domain_name(qa_span s, char out[QA_DOMAIN_MAX + 1]) QA_MUST;

/* The compiled table. When it is absent or damaged, missing is true and everything goes to default, closed, both
 * ways. -1: it may be there but cannot be opened (no descriptors, no memory, no permission); d is then usable
 * as a missing one, and err says why. Needs qa_domains_close in every case. */
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
