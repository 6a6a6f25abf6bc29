/*
 * The folder and the socket of the doors. Called with the working folder at H.
 */
#ifndef QA_ARCHIVE_LISTEN_H
#define QA_ARCHIVE_LISTEN_H

#include "base/attr.h"
#include "base/err.h"

/* Makes journal/ and journal/direct/ where they are missing (the set-gid doors write in the second). */
int qa_listen_folders(struct qa_err *err) QA_MUST;

/* Removes what doors that were killed have left in journal/direct under a temporary name (journal/door.h), once it
 * is two days old: no door lives longer than one. */
void qa_listen_sweep(void);

/*
 * journal/.socket, SOCK_SEQPACKET, mode 0660, with the group of journal/direct, which is conf-users line 1 where the
 * instance was installed as root. It takes the place of a dead one in one step. Only for the holder of the journal's lock.
 * The descriptor does not block.
 */
int qa_listen(struct qa_err *err) QA_MUST;

#endif
