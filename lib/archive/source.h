/*
 * Messages in files: .eml files and folders, Maildir and Maildir++ trees, mboxes. For onboarding.
 *
 * A path is looked at once, deterministically (names in bytewise order), and each message found is a place: a file, an offset, a
 * length. A file named .eml, or in cur or new of a Maildir, is one message, byte for byte, whatever its first line; any other
 * that begins with a From_ line is an mbox.
 *
 * In an mbox a message starts at a line `From ` at the file's start or behind an empty line, with a time of day and a year in
 * it (unless the file's first one has none either). The empty line in front of the next From_ line belongs to the mbox. Lines of one or more `>` and `From ` lose
 * one `>` when read (mboxrd; for mboxo that is the same where it quoted anything).
 */
#ifndef QA_ARCHIVE_SOURCE_H
#define QA_ARCHIVE_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct qa_place {
	const char *path;
	uint64_t offset, length; /* of the message in the file, without a From_ line, before unquoting */
	bool mbox;
	int64_t mtime; /* of the file, seconds */
};

/* Called for each message with its bytes as they are in the file (before unquoting). 0 to go on, 1 to stop, -1 trouble. */
typedef int qa_source_each(void *ctx, const struct qa_place *place, qa_span raw, struct qa_err *err);

/* Called for what cannot be read or is no mail; the walk goes on. */
typedef void qa_source_trouble(void *ctx, const char *path, const char *why);

/* Walks a path: 0, 1 stopped, -1 (the path itself cannot be read, or each said so). */
int qa_source_walk(const char *path, qa_source_each *each, qa_source_trouble *trouble, void *ctx, struct qa_err *err) QA_MUST;

/* The next message of an mbox held in memory from *at on: 1 and its span (without the From_ line), 0 at the end. */
int qa_mbox_next(qa_span mbox, size_t *at, qa_span *raw_r);

/* Whether bytes begin like an mbox. */
bool qa_mbox_is(qa_span head);

/* Whether raw has a quoted From_ line; and the message without the quotes, appended to b. */
bool qa_mbox_quoted(qa_span raw);
int qa_mbox_unquote(qa_span raw, struct qa_buf *b) QA_MUST;

/* The message at a place, read again: the span is the mapped file's part, or b's contents. Keep the mapping for the
 * next place of the same file; close it at the end. EBADMSG when the file has changed its size. */
struct qa_source_map {
	char path[4096];
	const unsigned char *p;
	size_t n;
};
int qa_source_read(struct qa_source_map *m, const struct qa_place *place, struct qa_buf *b, qa_span *message_r,
		   struct qa_err *err) QA_MUST;
void qa_source_close(struct qa_source_map *m);

#endif
