/*
 * Log lines: `event=<area>.<object>.<outcome> key=value ...`, one write to standard error
 * (or LOCAL1 of syslog when a program says so). Registered keys are in doc/log-keys.md; a
 * subject, a body or a password is never a value.
 */
#ifndef QA_BASE_LOG_H
#define QA_BASE_LOG_H

#include "base/attr.h"

enum qa_level { QA_ALERT = 1, QA_ERROR = 3, QA_WARNING = 4, QA_NOTICE = 5, QA_INFO = 6 }; /* as syslog(3) */

enum { QA_LOG_STDERR, QA_LOG_BOTH, QA_LOG_SYSLOG };

/* Names the program for qa_log and qa_die. QA_LOG_BOTH (1) sends lines to LOCAL1 too when their
 * level is QA_NOTICE or more severe; QA_LOG_SYSLOG sends those there and nothing to standard error, for programs
 * whose standard error belongs to somebody else. Keeps the pointer. */
void qa_log_init(const char *program, int syslog);

/* The text: event=... key=value ...; values with blanks or quotes are the caller's to quote
 * by qa_log_quote. Lines over 1000 bytes are cut. */
void qa_log(enum qa_level level, const char *fmt, ...) QA_PRINTF(2, 3);

/* VALUE in a static ring of 4 buffers, quoted and escaped when it is not plain. */
const char *qa_log_quote(const char *value);

#endif
