/*
 * An instance: the home folder H with all that programs expect in it, made where it is missing. What is
 * there is left as it is, owner and mode too.
 *
 *	H 0755, etc 0755 (maildepot.conf, domains), domain 0750, var 0750 (failopen 0660),
 *	journal 0750, journal/direct 0770: the doors are set-gid to the group of these two
 *
 * Root makes an instance at conf-home for the user and group of conf-users; any other instance belongs
 * to whoever makes it.
 */
#ifndef QA_CONF_INSTANCE_H
#define QA_CONF_INSTANCE_H

#include "base/attr.h"
#include "base/err.h"

int qa_instance_init(const char *home, struct qa_err *err) QA_MUST;

/*
 * Root steps back into the owner of H/domain, who runs the daemons, so that what it makes there is theirs; for
 * anybody else, and where root is that owner, nothing happens. qa_instance_return goes back.
 */
int qa_instance_become(const char *home, struct qa_err *err) QA_MUST;
int qa_instance_return(struct qa_err *err) QA_MUST;

#endif
