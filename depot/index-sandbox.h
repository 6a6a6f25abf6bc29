/* What md_index may reach: the domains there are, and nothing else of the instance. */
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

#endif
