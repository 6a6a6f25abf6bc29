/*
 * md_journal's loop: takes records from every door at once, writes all that wait as one batch with one
 * sync, and answers them. It never waits for a peer.
 */
#ifndef QA_ARCHIVE_JOURNALD_H
#define QA_ARCHIVE_JOURNALD_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { QA_JOURNALD_CONNECTIONS = 1000, QA_JOURNALD_MOST = 100000, QA_JOURNALD_IDLE = 60 /* seconds */ };

struct qa_journald {
	const char *home;
	int ready_fd;		/* gets a line feed when doors may come, then is closed; -1 = none */
	unsigned connections;	/* most at a time, unless etc/journal-connections says otherwise */
	uint64_t preallocate;
	bool sandbox;		/* shut everything but journal/ and etc/ away, as etc/sandbox says */
};

/* Runs until SIGTERM or SIGINT: 0; -1 when it could not start. Changes the working folder to home. */
int qa_journald_run(const struct qa_journald *conf, struct qa_err *err) QA_MUST;

#endif
