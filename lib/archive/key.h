/*
 * A domain's signing key and origin: domain/DOMAIN/etc/md_authenticity.conf (doc/format-leaf.md, "Key").
 */
#ifndef QA_ARCHIVE_KEY_H
#define QA_ARCHIVE_KEY_H

#include "base/err.h"
#include "tlog/note.h"

#include <stddef.h>

/* Makes key and origin when there are none, and log/vkey when it is missing; an existing key is left alone, but must be good and
 * the one of log/vkey. An alarm is logged when others than its owner may read it. */
int qa_key_init(const char *home, const char *domain, struct qa_err *err) QA_MUST;

/* For many at once, with few syncs. */
int qa_key_init_all(const char *home, const char *const *domain, size_t n, struct qa_err *err) QA_MUST;

/* The key, whose name is the origin; EPROTO when it is not the one of log/vkey (which may be missing). Wipe it after use with qa_tlog_wipe. */
int qa_key_load(const char *home, const char *domain, struct qa_tlog_signer *key_r, struct qa_err *err) QA_MUST;

/* For programs that hold keys, at their start: no core dumps. */
void qa_key_guard(void);

#endif
