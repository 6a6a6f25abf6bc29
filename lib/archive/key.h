/*
 * A domain's signing key and origin: domain/DOMAIN/etc/md_authenticity.conf (doc/format-leaf.md).
 */
#ifndef QA_ARCHIVE_KEY_H
#define QA_ARCHIVE_KEY_H

#include "base/err.h"
#include "tlog/note.h"

/* Makes key, origin and log/vkey when there are none; an existing key is left alone. */
int qa_key_init(const char *home, const char *domain, struct qa_err *err) QA_MUST;

#endif
