/*
 * The program behind us: qmail's own bin/qmail-queue, or the one that HOME/etc/next-queue names.
 * That file: line 1 a path; line 2 the word `final` when it is the last one, that is, the real
 * qmail-queue under another name. Otherwise it may still refuse, and mail is marked as offered.
 */
#ifndef QA_ARCHIVE_NEXT_H
#define QA_ARCHIVE_NEXT_H

#include "qmail-archive/control.h"

#include <stdbool.h>

struct qa_next {
	char path[QA_CONTROL_MAX];
	bool offered;
};

/* 0; 1 when the next program cannot be run, or is this one again: nothing is to be archived that could then not be
 * queued; -1 when the control file cannot be read. */
int qa_next_find(struct qa_next *next, const char *home, struct qa_err *err) QA_MUST;

/* Whether PATH is the file that this process was started from, under any name. */
bool qa_next_is_self(const char *path) QA_MUST;

/* Becomes it, with MESSAGE on 0 and ENVELOPE on 1 (-1: as they are) and the caller's group; returns only
 * on failure. */
void qa_next_exec(const struct qa_next *next, int message, int envelope);

#endif
