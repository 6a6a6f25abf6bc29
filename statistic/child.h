/*
 * The program that one of ours stands in front of: it gets the caller's ids, signal settings, environment and descriptors, as if we
 * were not there; and whoever waits for us sees it end as it did.
 *
 *	qa_child_low();
 *	if (qa_child_start(&child, path, argv, fds, false)) ...errno: nothing runs
 *	poll child.signals and what else matters; when it is readable, qa_child_news(&child)
 *	until child.ended
 *	qa_child_leave(&child);
 *
 * One at a time: signals belong to the process.
 */
#ifndef QA_STATISTIC_CHILD_H
#define QA_STATISTIC_CHILD_H

#include "base/attr.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct qa_child {
	pid_t pid;
	int signals; /* readable when qa_child_news has something to do */
	bool ended;
	int status;  /* as of waitpid(2), when it has ended */
};

/* Puts something under those of the descriptors 0, 1 and 2 that are closed, so that nothing we open lands there. The next program finds
 * them closed again. */
void qa_child_low(void);

/*
 * Starts PROGRAM (looked for along PATH when it has no slash). FDS are what becomes its 0, 1 and 2; -1: ours, as it is. KILL: it is killed
 * when we are. From here on SIGPIPE is ignored in this process, and HUP, INT, QUIT, TERM, ALRM, USR1 and USR2 go to the child.
 * -1 with errno: nothing was started, and all is as it was.
 */
int qa_child_start(struct qa_child *c_r, const char *program, char *const argv[], const int fds[3], bool kill) QA_MUST;

/* Passes on the signals that came; notes the child's end. */
void qa_child_news(struct qa_child *c);

/* Ends as it ended: with its exit code, or by its signal (111 where that is not to be had). */
void qa_child_leave(const struct qa_child *c) QA_NORETURN;

/* Becomes PROGRAM, without the rights of a set-id program; returns only on failure, with errno. */
void qa_child_become(const char *program, char *const argv[]);

#endif
