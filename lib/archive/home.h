/*
 * Where things are in an instance: the one place that knows the names below H.
 */
#ifndef QA_ARCHIVE_HOME_H
#define QA_ARCHIVE_HOME_H

#include "base/attr.h"
#include "base/err.h"

#include <stddef.h>

enum { QA_PATH_MAX = 768 };

/* H + "/" + the formatted rest; ENAMETOOLONG when it does not fit. */
int qa_home_path(char out[QA_PATH_MAX], const char *home, struct qa_err *err, const char *fmt, ...)
    QA_MUST QA_PRINTF(4, 5);

/* The folders of a domain below H/domain/DOMAIN. */
#define QA_HOME_DEPOT "domain/%s/depot"
#define QA_HOME_LOG "domain/%s/log"
#define QA_HOME_VAR "domain/%s/var"
#define QA_HOME_KEY "domain/%s/etc/md_authenticity.conf"

/* Makes the folders of a domain that are missing: etc (0700), depot, log, var, var/pending (0750). Needs a valid domain
 * name. Their names are durable then. Whoever makes a domain calls this before qa_key_init, which writes log/vkey: where that
 * is, the folders were synced, and nothing is left to do but to see that they are all there. */
int qa_home_domain(const char *home, const char *domain, struct qa_err *err) QA_MUST;

/* For many at once, with few syncs. */
int qa_home_domains(const char *home, const char *const *domain, size_t n, struct qa_err *err) QA_MUST;

#endif
