/*
 * What md_domain does: the table of domains changed, compiled, and each domain's archive made.
 *
 * All that changes something runs under H/etc/.lock (waiting up to 5 s for another one). The table as it is must be
 * good, and the new one is checked whole before anything is written. Order: folders and key of the domain; the compiled
 * table under a temporary name; the text; the compiled table's own name. So each of the two files is always whole, and
 * only a crash between the last two steps leaves them apart, which qa_admin_update mends.
 *
 * BAD hears of bad lines in the table as it is (conf/domains.h); DOMAIN and pairs are as in conf/edit.h.
 */
#ifndef QA_ARCHIVE_ADMIN_H
#define QA_ARCHIVE_ADMIN_H

#include "conf/domains.h"

/* Makes the instance where there is none, adds the rule and makes the archive it leads to (its folder's name to
 * folder_r): 0, or -1: EEXIST the domain has a rule, EPROTO bad input. */
int qa_admin_add(const char *home, const char *domain, const char *const *pairs, size_t n, qa_domains_bad *bad,
		 void *ctx, char folder_r[QA_DOMAIN_MAX + 1], struct qa_err *err) QA_MUST;

/* The same for many domains (at least one) with the same pairs, in one change: all or none. */
int qa_admin_add_all(const char *home, const char *const *domain, size_t domains, const char *const *pairs, size_t n,
		     qa_domains_bad *bad, void *ctx, char (*folder_r)[QA_DOMAIN_MAX + 1], struct qa_err *err) QA_MUST;

/* Changes keys of a rule: 1, 0 there is no such rule, -1. */
int qa_admin_set(const char *home, const char *domain, const char *const *pairs, size_t n, qa_domains_bad *bad,
		 void *ctx, struct qa_err *err) QA_MUST;

/* Takes a rule out; folder_r is where its archive stays: 1, 0 there is no such rule, -1. */
int qa_admin_remove(const char *home, const char *domain, qa_domains_bad *bad, void *ctx,
		    char folder_r[QA_DOMAIN_MAX + 1], struct qa_err *err) QA_MUST;

/* After an edit by hand, or a crash: makes the archives that rules need, compiles; n_r: how many rules. */
int qa_admin_update(const char *home, qa_domains_bad *bad, void *ctx, size_t *n_r, struct qa_err *err) QA_MUST;

/* The rules as they are; free(*lines_r). */
int qa_admin_read(const char *home, qa_domains_bad *bad, void *ctx, struct qa_domain_line **lines_r, size_t *n_r,
		  struct qa_err *err) QA_MUST;

#endif
