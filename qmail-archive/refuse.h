/*
 * What happens when the archive cannot take a message: refused for now, with a text where the caller reads
 * one, or, by rule, let through and shouted about.
 */
#ifndef QA_ARCHIVE_REFUSE_H
#define QA_ARCHIVE_REFUSE_H

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

/* Exit codes of qmail-queue that are ours to use; callers' words for them are in qmail-queue(8). */
enum {
	QA_EXIT_TOO_LARGE = 31,	 /* permanent: over the domain's limit */
	QA_EXIT_MEMORY = 51,
	QA_EXIT_WRITE = 53,	 /* what holds the message is full */
	QA_EXIT_READ = 54,
	QA_EXIT_CONTROL = 55,	 /* a control file cannot be read */
	QA_EXIT_ARCHIVE = 71,	 /* temporary: the archive cannot take it */
	QA_EXIT_BUG = 81,
	QA_EXIT_EXEC = 120,
};

/*
 * The exit code for "archive not available": 71. When HOME/etc/errortext exists (line 1: an exit code, 82;
 * line 2: Z or D and a text of printable ASCII, 3 to 255 bytes) and the caller listens on 6, the
 * text goes there and that code is returned.
 */
int qa_refuse_for_now(const char *home, bool errfd);

/* One more message passed without a copy: an ALERT to LOCAL1, and 1 added to the counter in HOME/var/failopen: 8 bytes in the
 * machine's order, which exist since the instance was made, so that a full disk does not stop it. */
void qa_refuse_passed_open(const char *home, const char *why);

#endif
