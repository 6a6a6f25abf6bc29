/*
 * md_journal's side of the door's socket: one packet with at most one descriptor, checked before
 * anything of it is used (doc/format-journal.md, "The door's socket").
 *
 * libowfat's io_receivefd takes a descriptor that travels alone; here header, fields and descriptor
 * are one packet, so this is recvmsg.
 */
#ifndef QA_ARCHIVE_REQUEST_H
#define QA_ARCHIVE_REQUEST_H

#include "journal/door.h"

enum { QA_REQUEST_PEER = 18 }; /* bytes of the field peer */

struct qa_peer {
	uint32_t uid, gid, pid;
};

struct qa_request {
	unsigned what; /* QA_DOOR_STORE, QA_DOOR_SEEN or QA_DOOR_COUNT */
	struct qa_record_head head;
	struct qa_id id;    /* zeros when the packet did not get that far */
	bool message_whole; /* a message record that holds all of it */
	qa_span fields;	    /* with peer; in a buffer of this module, valid until the next call */
	int fd;		    /* the message, checked; -1 when there is none. The caller closes it */
};

/*
 * Takes one packet from SOCK without waiting: 1; 0 with errno EAGAIN nothing there, or ECONNRESET the peer has closed;
 * -1: EINVAL malformed, EAGAIN no descriptor to spare here (r->id is filled as far as known, so it can be
 * answered), or a socket's error.
 */
int qa_request_receive(int sock, const struct qa_peer *peer, struct qa_request *r, struct qa_err *err) QA_MUST;

/* Who is at the other end. */
int qa_request_peer(int sock, struct qa_peer *peer_r) QA_MUST;

#endif
