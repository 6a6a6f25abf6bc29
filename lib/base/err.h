/*
 * Errors: a number for programs, a sentence for people.
 *
 * Functions that can fail return 0 or -1 (look-ups 1, 0 or -1) and fill the struct qa_err
 * their caller hands in as last argument; NULL is allowed everywhere and means "errno is
 * enough". The text says what could not be done, to which named thing, and why:
 *
 *	cannot sync domain/example.com/log/edge: Input/output error
 */
#ifndef QA_BASE_ERR_H
#define QA_BASE_ERR_H

#include "base/attr.h"

struct qa_err {
	int num;	/* errno value; EBADMSG = damaged data, EPROTO = bad input, ENOENT = not there */
	char text[500]; /* one line without its end */
};

/* Sets errno and err to NUM and the formatted text; when NUM is not 0 and the text ends in
 * ": ", strerror(NUM) is appended. Returns -1, so that `return qa_fail(...)` reads well. */
int qa_fail(struct qa_err *err, int num, const char *fmt, ...) QA_PRINTF(3, 4);

/* Puts "TEXT: " before what err says already (for callers that know the larger thing). */
int qa_fail_in(struct qa_err *err, const char *fmt, ...) QA_PRINTF(2, 3);

#endif
