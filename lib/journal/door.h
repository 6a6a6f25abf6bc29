/*
 * The door's side of the journal: hand one captured record over and learn whether it is
 * durable. Used by qmail-queue, the .qmail agent, and later LMTP and fetching.
 * Protocol and files: doc/format-journal.md.
 */
#ifndef QA_JOURNAL_DOOR_H
#define QA_JOURNAL_DOOR_H

#include "journal/record.h"

enum { QA_DOOR_PACKET_MAX = 128 << 10, QA_DOOR_MESSAGE_MAX = 1 << 20, QA_DOOR_HEADER = 96, QA_DOOR_ANSWER = 32 };

enum { QA_DOOR_STORE = 1, QA_DOOR_SEEN = 2 };

/* Request and answer as bytes; both sides use these. */
void qa_door_request_put(const struct qa_record_head *h, unsigned request, unsigned char out[QA_DOOR_HEADER]);
int qa_door_request_get(qa_span packet, struct qa_record_head *h_r, unsigned *request_r, qa_span *fields_r,
			struct qa_err *err) QA_MUST;
void qa_door_answer_put(int status, const struct qa_id *id, unsigned char out[QA_DOOR_ANSWER]);
int qa_door_answer_get(qa_span packet, int *status_r, struct qa_id *id_r) QA_MUST;

/* Connects to HOME/journal/.socket without waiting: the fd, or -1 (ENOENT, ECONNREFUSED, EACCES, EAGAIN). */
int qa_door_connect(const char *home, struct qa_err *err) QA_MUST;

/* Sends one request; message_fd is a sealed memfd or -1. Does not wait for the answer. */
int qa_door_send(int sock, const struct qa_record_head *h, unsigned request, qa_span fields, int message_fd,
		 struct qa_err *err) QA_MUST;

/* Waits until DEADLINE (qa_tick) for the answer: 1 and status, 0 too late, -1 the journal is gone. */
int qa_door_wait(int sock, uint64_t deadline, const struct qa_id *id, int *status_r, struct qa_err *err) QA_MUST;

/*
 * A direct file in the making: HOME/journal/direct/ID. The message is written in pieces as it comes
 * (qa_direct_add), then fields and header, then it is made durable and gets its name.
 * Also the way out when md_journal does not answer: the same record id is used again.
 */
struct qa_direct {
	int fd, dirfd;
	uint64_t at;
	struct qa_sha256 sha;
	unsigned char salt[QA_JOURNAL_SALT];
};
int qa_direct_begin(struct qa_direct *d, const char *home, struct qa_err *err) QA_MUST;
int qa_direct_add(struct qa_direct *d, qa_span bytes, struct qa_err *err) QA_MUST;
/* Fields must hold an id. Syncs file and folder. An existing file with that id counts as done. */
int qa_direct_commit(struct qa_direct *d, qa_span fields, struct qa_err *err) QA_MUST;
void qa_direct_close(struct qa_direct *d); /* after commit or instead of it */

#endif
