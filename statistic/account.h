/*
 * Whose session it is, as the program that checked the password says in the environment.
 */
#ifndef QA_STATISTIC_ACCOUNT_H
#define QA_STATISTIC_ACCOUNT_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>

enum { QA_ACCOUNT_MAX = 1024 };

/*
 * NAME as USER@DOMAIN to OUT, in lower case: `%` stands for `@` where there is none, as in vpopmail; without either DOMAIN follows. False: NAME
 * or DOMAIN is empty, or it is all too long.
 */
bool qa_account_make(const char *name, const char *domain, char out[QA_ACCOUNT_MAX]) QA_MUST;

/* The first of VPOPUSER (vpopmail), AUTHENTICATED (Courier) and USER (checkpassword, Dovecot, mailfront) that is there. */
bool qa_account_find(const char *domain, char out[QA_ACCOUNT_MAX]) QA_MUST;

#endif
