/* The part of md_domain that only looks. */
#ifndef QA_DEPOT_DOMAIN_SHOW_H
#define QA_DEPOT_DOMAIN_SHOW_H

#include "base/err.h"
#include "conf/domains.h"

#include <stdbool.h>

/* One line a rule, in the table's order; with JSON one object a line. */
int domain_list(const struct qa_domain_line *lines, size_t n, bool json, struct qa_err *err) QA_MUST;

/* What holds for mail to or from DOMAIN, by the compiled table, and its archive: 1; 0 when no rule speaks for it
 * (default's are then shown); -1. */
int domain_show(const char *home, const char *domain, bool json, struct qa_err *err) QA_MUST;

#endif
