/*
 * md_journal's share of the stats file: the `in success` lines of what qmail-queue lets go (man 5 stats). Records are put into a queue in
 * memory; a thread of its own gathers them for a fiftieth of a second and adds their lines, so a slow, full or hanging disk
 * under the stats file is felt by nobody, and a line costs no wake-up of its own.
 *
 *	qa_tally_open -> sandbox -> qa_tally_start -> { qa_tally_add, qa_tally_report } -> qa_tally_close
 *
 * All but the open take NULL: then nobody wants lines.
 */
#ifndef QA_ARCHIVE_TALLY_H
#define QA_ARCHIVE_TALLY_H

#include "base/attr.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

enum { QA_TALLY_BYTES = 4 << 20 }; /* of fields that wait; what comes on top is lost, and counted */

struct qa_tally;

/* 1; 0 and NULL: no stats file is kept; -1: it cannot be found out, or no memory. */
int qa_tally_open(const char *home, struct qa_tally **t_r, struct qa_err *err) QA_MUST;

/* The folder of the file, for the sandbox; NULL without one. Valid until close. */
const char *qa_tally_folder(const struct qa_tally *t);

/* Starts the thread, which has the sandbox and the signal mask of the caller. */
int qa_tally_start(struct qa_tally *t, struct qa_err *err) QA_MUST;

/* A record, by its whole fields and the length of its message. Never waits for a disk. */
void qa_tally_add(struct qa_tally *t, qa_span fields, uint64_t bytes);

/* To be called now and then: says in the log what was lost, once a minute, and when lines go through again. */
void qa_tally_report(struct qa_tally *t);

/* Writes what waits, for some seconds at most. */
void qa_tally_close(struct qa_tally *t);

#endif
