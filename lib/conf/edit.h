/*
 * Editing the text of H/etc/domains as a careful person would: one rule changes, comments, blank lines and
 * order stay. Pure text; whether the result is a valid table is qa_domains_parse's to say.
 *
 * DOMAIN is as in the text: "example.com", ".example.com", "default"; any case. Pairs are "key=value". Each function
 * appends the new text to out; -1 with EPROTO when a domain or pair cannot stand in a line, or errno of qa_buf.
 */
#ifndef QA_CONF_EDIT_H
#define QA_CONF_EDIT_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* A new rule at the end. Does not look whether there is one already. */
int qa_edit_add(qa_span text, const char *domain, const char *const *pairs, size_t n, struct qa_buf *out,
		struct qa_err *err) QA_MUST;

/* The domain's rules taken out: 1, or 0 when there is none (out is then the old text). */
int qa_edit_remove(qa_span text, const char *domain, struct qa_buf *out, struct qa_err *err) QA_MUST;

/* Keys of the domain's rule set anew; "key=" takes the key out, so that its default holds again: 1, or 0 when there is no
 * rule. The line's comment stays. */
int qa_edit_set(qa_span text, const char *domain, const char *const *pairs, size_t n, struct qa_buf *out,
		struct qa_err *err) QA_MUST;

#endif
