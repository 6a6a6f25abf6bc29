/*
 * What a process brings along from whoever started it, and should not keep: privileges, open descriptors,
 * signal settings.
 */
#ifndef QA_SYS_PRIV_H
#define QA_SYS_PRIV_H

#include "base/attr.h"
#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Becomes UID and GID for good, without any other group, and makes sure that there is no way back. A process that is not root
 * can only become what it is already, real and effective: that is 0, anything else fails with EPERM. UID 0 is refused with EINVAL:
 * nothing would be dropped. After -1 the process must end. */
int qa_priv_drop(uid_t uid, gid_t gid, struct qa_err *err) QA_MUST;

/* Gives up a set-user-id or set-group-id program's extra identity: real, effective and saved become the real one. */
int qa_priv_forget(struct qa_err *err) QA_MUST;

/* Closes every descriptor from FROM on but the N in KEEP (in any order; those below FROM do not matter). */
int qa_priv_fds(int from, const int *keep, size_t n, struct qa_err *err) QA_MUST;

/* Every signal to its default, none blocked. An ignored SIGCHLD or a blocked SIGTERM is inherited otherwise. */
void qa_priv_signals(void);

#endif
