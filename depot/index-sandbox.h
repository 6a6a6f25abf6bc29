/* What programs that take mail apart may reach: the domains there are, or one, and nothing else of the instance. */
#ifndef QA_DEPOT_INDEX_SANDBOX_H
#define QA_DEPOT_INDEX_SANDBOX_H

#include "base/err.h"

#include <glib.h>

/* The domains' folders below H/domain, "DOMAIN", and partitions that lie elsewhere behind a link, "DOMAIN/depot/YYYY-MM"; in an
 * order that stays. NULL: err says why. */
GPtrArray *index_folders(const char *home, struct qa_err *err) QA_MUST;

/* From here on nothing of the instance is in reach but depot, log and var/catalog of these; zone and charset tables of the
 * system are. etc/sandbox may say `required`. */
int index_shut(const char *home, GPtrArray *names, struct qa_err *err) QA_MUST;

/* The same for one domain, for tools: without a word where the kernel has no Landlock and none is required. */
int index_shut_domain(const char *home, const char *domain, struct qa_err *err) QA_MUST;

#endif
