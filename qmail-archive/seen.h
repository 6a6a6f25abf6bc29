/*
 * The SHA-256 of the last 65,536 messages that became durable: lets the .qmail agent send a delivery without
 * the message the door has sent already. About 2.5 MiB; forgets the oldest first, and everything at a restart,
 * which costs a second copy on the way and nothing in the archive.
 */
#ifndef QA_ARCHIVE_SEEN_H
#define QA_ARCHIVE_SEEN_H

#include "base/sha256.h"

#include <stdbool.h>

enum { QA_SEEN_MAX = 65536 };

struct qa_seen;

/* NULL: no memory. */
struct qa_seen *qa_seen_new(void);
void qa_seen_free(struct qa_seen *s);

void qa_seen_add(struct qa_seen *s, const struct qa_digest *d);
bool qa_seen_has(const struct qa_seen *s, const struct qa_digest *d);

#endif
