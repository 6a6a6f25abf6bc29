/*
 * What a program started by qmail sets right before it does anything else: descriptors,
 * signals, umask, instance. Callers differ (qmail-smtpd, qmail-send, qmail-local, qmail-inject, PHP), so nothing
 * is taken for granted.
 */
#ifndef QA_ARCHIVE_START_H
#define QA_ARCHIVE_START_H

#include "base/attr.h"

#include <stdbool.h>

enum { QA_ERRFD = 6 }; /* where notqmail and the custom-error patch (v2) read a text */

/*
 * Closes everything from 3 up except 6, which is the next program's to inherit as it came. Free
 * numbers 2 and 6 get /dev/null, so that nothing we open lands there and is taken for the caller's.
 * *errfd_r: 6 is a pipe that can be written, that is, the caller listens for a text.
 * -1: 0 or 1 is closed.
 */
int qa_start_descriptors(bool *errfd_r) QA_MUST;

/*
 * Dispositions and mask as qmail-queue has them: PIPE, HUP, INT, QUIT, VTALRM, PROF, XCPU and XFSZ
 * ignored, ALRM exits 52, all else that would kill, but KILL and the real-time signals, exits 81
 * (death by a signal is success to some callers).
 * An alarm of 24 hours is set; umask is 033.
 */
void qa_start_signals(void);

/* The same for a program in a .qmail file: everything from 3 up is closed, signals are as they come but SIGPIPE and SIGXFSZ,
 * which become errors; umask is 077. -1: 0 is closed. */
int qa_start_agent(void) QA_MUST;

/* The instance: MAILDEPOT_HOME when the program is not set-id, else conf-home. The variable is then
 * removed: it names our instance, not the next program's. */
const char *qa_start_home(void);

#endif
