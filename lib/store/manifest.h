/*
 * The manifest: which segments a partition has (doc/format-segment.md, "Manifest"). It changes by being published anew.
 */
#ifndef QA_STORE_MANIFEST_H
#define QA_STORE_MANIFEST_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

/* Open: frames up to the last good one. Closed: up to a size. Sealed: repacked, with size and digest. */
enum qa_segment_state { QA_SEGMENT_OPEN, QA_SEGMENT_CLOSED, QA_SEGMENT_SEALED };

struct qa_manifest_line {
	uint32_t number, generation;
	enum qa_segment_state state;
	uint64_t size;		 /* closed and sealed */
	struct qa_digest digest; /* sealed */
};

struct qa_manifest {
	struct qa_manifest_line *v;
	size_t n;
};

void qa_manifest_free(struct qa_manifest *m);

/* Adds a line at the end: 0, -1 ENOMEM. */
int qa_manifest_add(struct qa_manifest *m, const struct qa_manifest_line *l) QA_MUST;

/* Whether they name the same files in the same states. */
bool qa_manifest_same(const struct qa_manifest *a, const struct qa_manifest *b);

int qa_manifest_put(const struct qa_manifest *m, const char *domain, qa_month month, struct qa_buf *b) QA_MUST;

/* Numbers rise, only the last segment is open: 0; -1 EBADMSG damaged or of another domain or month, ENOTSUP newer. */
int qa_manifest_get(qa_span text, const char *domain, qa_month month, struct qa_manifest *m_r,
		    struct qa_err *err) QA_MUST;

enum { QA_MANIFEST_LIMIT = 64 << 20 };

#endif
