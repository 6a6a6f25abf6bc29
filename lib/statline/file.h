/*
 * The stats file: where it is, and adding lines to it. What every writer needs:
 *
 *	struct qa_stats stats;
 *	if (qa_stats_find(&stats, NULL, f_option, &err) == 1 && qa_stats_write(&stats, &line, &err))
 *		log it; the mail goes on
 *
 * A line is one write(2) to a file that was opened with O_APPEND for it, so lines of many writers are never mixed, and a file that
 * was rotated is left at once. No lock, no sync, no signal (SIGPIPE and SIGXFSZ become errors), and no waiting but for the disk.
 *
 * Only a full disk (or a limit of size) can cut a line. The next writer sees that the file does not end in a line feed and
 * begins with one, so that the torn line ruins no other. When two see it at once there is an empty line: readers skip those.
 */
#ifndef QA_STATLINE_FILE_H
#define QA_STATLINE_FILE_H

#include "statline/statline.h"

enum { QA_STATS_PATH = 1024 };

struct qa_stats {
	char path[QA_STATS_PATH];
	char host[QA_STATLINE_NAME + 1]; /* this host as it names itself in mail */
};

/*
 * Finds file and host. FILE is what an option -f says, NULL without: then the first line of HOME/etc/stats (below HOME when it
 * does not begin with a slash; `-` for none), else conf-stats if its folder exists. HOME NULL: the instance of this process
 * ($MAILDEPOT_HOME where the program is not set-id, else conf-home). The host is HOME/etc/me, else qmail's control/me, else the
 * kernel's name.
 *
 * 1; 0 nobody is to write (path is conf-stats, or empty after `-`); -1: EPERM a set-id program with FILE or HOME, or etc/stats cannot be
 * read.
 */
int qa_stats_find(struct qa_stats *s_r, const char *home, const char *file, struct qa_err *err) QA_MUST;

/* Adds the line of S. Where it is missing, time is now, pid this process, host the one found. */
int qa_stats_write(const struct qa_stats *to, const struct qa_statline *s, struct qa_err *err) QA_MUST;

/*
 * Adds the lines in BYTES (whole ones, made by qa_statline_put) to FILE, which is made with mode 0660, whatever the umask, when it is
 * missing. A FIFO with a reader is good too. -1: could not; *added_r (may be NULL) is how many lines were added before.
 */
int qa_stats_append(const char *file, qa_span bytes, size_t *added_r, struct qa_err *err) QA_MUST;

#endif
