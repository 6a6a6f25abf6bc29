/*
 * Messages in files: .eml files and folders, Maildir and Maildir++ trees, mboxes. For onboarding.
 *
 * A path is looked at once, deterministically (names in bytewise order), and each message found is a place: a file, an offset, a
 * length. A file named .eml, or in cur or new of a Maildir, is one message, byte for byte, whatever its first line; any other
 * that begins with a From_ line is an mbox.
 *
 * In an mbox a message starts at a line `From ` at the file's start, behind an empty line, or, as some wrote them, behind any line
 * when a header field follows; with a time of day and a year in it, unless the file's first one has none either. The empty line
 * in front of the next From_ line belongs to the mbox. Lines of one or more `>` and `From ` lose
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

/* Called for each message with its bytes as they are in the file (before unquoting); of a file that is one message, perhaps only
 * the first QA_SOURCE_HEAD of them. They stay until it returns. 0 to go on, 1 to stop, -1 trouble. */
enum { QA_SOURCE_HEAD = 1 << 20 };
typedef int qa_source_each(void *ctx, const struct qa_place *place, qa_span raw, struct qa_err *err);

/* Called for what cannot be read or is no mail; the walk goes on. */
typedef void qa_source_trouble(void *ctx, const char *path, const char *why);

/* Walks a path: 0, 1 stopped, -1 (the path itself cannot be read, or each said so). Files are read with pread, never mapped: one
 * that is cut short meanwhile is told to trouble, and is no more than that. Memory is bounded by the largest message, at most
 * QA_MESSAGE_MAX. */
int qa_source_walk(const char *path, qa_source_each *each, qa_source_trouble *trouble, void *ctx, struct qa_err *err) QA_MUST;

/* Whether bytes begin like an mbox; and whether the From_ line at its start has a date, so that all must have one. */
bool qa_mbox_is(qa_span head);
bool qa_mbox_dated(qa_span head);

/* The message at the start of a piece of an mbox, which begins at a From_ line: 1, where it starts and ends in it, and where
 * the next From_ line is; 0 the piece does not hold its end (never when last: nothing follows the piece). */
int qa_mbox_cut(qa_span piece, bool dated, bool last, size_t *start_r, size_t *end_r, size_t *next_r);

/* The next message of an mbox held in memory from *at on: 1 and its span (without the From_ line), 0 at the end. */
int qa_mbox_next(qa_span mbox, size_t *at, qa_span *raw_r);

/* Whether what stands before and behind a place still makes it a message: a From_ line; the end or the next From_ line. */
bool qa_mbox_framed(qa_span before, qa_span behind);

/* Whether raw has a quoted From_ line; and the message without the quotes, appended to b. */
bool qa_mbox_quoted(qa_span raw);
int qa_mbox_unquote(qa_span raw, struct qa_buf *b) QA_MUST;

/* The message at a place, read again: valid until the next call. EBADMSG: the file has changed since (another size, for an
 * mbox other lines around the place); EFBIG. The file stays open for the next place; close it at the end. */
struct qa_source_file {
	char path[4096];
	int fd;
	struct qa_buf raw, message;
};
void qa_source_init(struct qa_source_file *f);
int qa_source_read(struct qa_source_file *f, const struct qa_place *place, qa_span *message_r, struct qa_err *err) QA_MUST;
void qa_source_close(struct qa_source_file *f);

#endif
