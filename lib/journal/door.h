/*
 * The door's side of the journal: hand one captured record over and learn whether it is
 * durable. Used by qmail-queue, the .qmail agent, and later LMTP and fetching.
 * Protocol and files: doc/format-journal.md.
 *
 *	sock = qa_door_connect(home)          before any fork: the peer's pid is the connecting process
 *	qa_door_send(sock, head, STORE, ...)  one packet, with a sealed memfd when there is a message
 *	qa_door_wait(sock, deadline, ...)     1: the status is the answer
 *
 * Anything else than 1 with status 0 means: not known to be durable. The way out is a direct
 * file with the same record id, so that the record counts once even when both arrive.
 */
#ifndef QA_JOURNAL_DOOR_H
#define QA_JOURNAL_DOOR_H

#include "journal/record.h"

enum {
	QA_DOOR_PACKET_MAX = 128 << 10,
	QA_DOOR_MESSAGE_MAX = 1 << 20,
	QA_DOOR_HEADER = 96,
	QA_DOOR_ANSWER = 32,
	QA_DIRECT_HEAD = 64 << 10, /* what qa_direct_head leaves */
};

enum { QA_DOOR_STORE = 1, QA_DOOR_SEEN = 2, QA_DOOR_COUNT = 4 /* has no answer */ };

/* Request and answer as bytes; both sides use these. _request_get takes a whole packet: -1 with
 * EPROTO says what is wrong with it; fields point into the packet. _answer_get: 0, or -1. */
void qa_door_request_put(const struct qa_record_head *h, unsigned request, unsigned char out[QA_DOOR_HEADER]);
int qa_door_request_get(qa_span packet, struct qa_record_head *h_r, unsigned *request_r, qa_span *fields_r,
			struct qa_err *err) QA_MUST;
void qa_door_answer_put(int status, const struct qa_id *id, unsigned char out[QA_DOOR_ANSWER]);
int qa_door_answer_get(qa_span packet, int *status_r, struct qa_id *id_r) QA_MUST;

/* Connects to HOME/journal/.socket without waiting: the fd (close-on-exec, non-blocking), or -1: ENOENT or
 * ECONNREFUSED nobody listens, EACCES not allowed, EAGAIN too many wait already. */
int qa_door_connect(const char *home, struct qa_err *err) QA_MUST;

/* Sends one request; message_fd is a sealed memfd or -1 (it stays the caller's). Does not wait, neither
 * to send (EAGAIN) nor for the answer. EMSGSIZE: too big for the door, use a direct file. EPIPE,
 * ECONNRESET: gone. */
int qa_door_send(int sock, const struct qa_record_head *h, unsigned request, qa_span fields, int message_fd,
		 struct qa_err *err) QA_MUST;

/* Waits until DEADLINE (qa_tick) for the answer to the record ID (NULL for QA_DOOR_SEEN): 1 and the status, 0 too
 * late, -1 the journal is gone (ECONNRESET) or talks nonsense (EPROTO). After 0 or -1 close the socket: a late
 * answer must not meet the next request. */
int qa_door_wait(int sock, uint64_t deadline, const struct qa_id *id, int *status_r, struct qa_err *err) QA_MUST;

/*
 * A direct file in the making: HOME/journal/direct/ID (direct is a folder, never a link to one). The message is written in pieces as it comes
 * (qa_direct_add), then fields and header, then it is made durable and gets its name. Until then it
 * has none (O_TMPFILE), or, where that or /proc is missing, a temporary one (sys/publish.h).
 *
 * No memory is held but this struct. After any failure only qa_direct_close is allowed. The file is
 * mode 0444 whatever the umask: its folder keeps strangers out, and the reader is another user.
 */
struct qa_direct {
	int fd, dirfd;
	uint64_t message;		/* bytes so far */
	struct qa_sha256 sha, head_sha; /* of all; of the first QA_DIRECT_HEAD bytes */
	unsigned char salt[QA_JOURNAL_SALT];
	char temp[32];			/* empty: the file has no name */
};
int qa_direct_begin(struct qa_direct *d, const char *home, struct qa_err *err) QA_MUST;
int qa_direct_add(struct qa_direct *d, qa_span bytes, struct qa_err *err) QA_MUST;
/* Forgets all of the message but its first QA_DIRECT_HEAD bytes (a domain's rule over=head). */
int qa_direct_head(struct qa_direct *d, struct qa_err *err) QA_MUST;
/* Fields must be whole and hold the id, which gives the name. Syncs file and folder: 0 = durable. An existing
 * file with that id counts as done (the folder is synced all the same). Still needs qa_direct_close. */
int qa_direct_commit(struct qa_direct *d, qa_span fields, struct qa_err *err) QA_MUST;
void qa_direct_close(struct qa_direct *d); /* after commit or instead of it */

#endif
