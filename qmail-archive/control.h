/*
 * Control files, djb style: one value a line, blanks at its end do not count.
 */
#ifndef QA_ARCHIVE_CONTROL_H
#define QA_ARCHIVE_CONTROL_H

#include "base/attr.h"
#include "base/err.h"

#include <stddef.h>

enum { QA_CONTROL_MAX = 1024, QA_PATH_MAX = 1024, QA_HOST_MAX = 256 };

/* FOLDER/NAME in out, which has QA_PATH_MAX bytes; -1 ENAMETOOLONG. */
int qa_control_path(const char *folder, const char *name, char *out) QA_MUST;

/*
 * Reads up to COUNT lines of FOLDER/NAME into buf and points line[i] at each (missing lines are
 * empty). 1; 0 no such file; -1 unreadable or longer than QA_CONTROL_MAX - 1 bytes.
 */
int qa_control_lines(const char *folder, const char *name, char buf[QA_CONTROL_MAX], char **line, size_t count,
		    struct qa_err *err) QA_MUST;

/* This host as it names itself in mail: HOME/etc/me, else qmail's control/me, else the kernel's name. */
void qa_control_host(const char *home, char out[QA_HOST_MAX]);

#endif
