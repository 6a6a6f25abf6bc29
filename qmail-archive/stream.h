/*
 * The way for a message that nothing here can hold: over 1 MiB, and journal/direct cannot be written. It cannot be
 * archived, but whether that matters only its envelope tells, and that comes last. So the next program starts at once and
 * is fed by a helper, which in the end lets the envelope go if nobody wants a copy or every domain concerned says
 * fail=open, and cuts it otherwise (54).
 */
#ifndef QA_ARCHIVE_STREAM_H
#define QA_ARCHIVE_STREAM_H

#include "qmail-archive/intake.h"
#include "qmail-archive/next.h"

/* UNHELD: bytes read, but not in MESSAGE. Only returns when the next program could not be started; its exit code. */
int qa_stream_run(const struct qa_next *next, const struct qa_intake *message, qa_span unheld) QA_MUST;

#endif
