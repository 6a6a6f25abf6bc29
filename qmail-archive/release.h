/*
 * The helper beside the next queue program: gets the record durable, and only then lets go of the
 * envelope's last NUL. Whatever stops it before that leaves a cut envelope: exit 54, nothing queued.
 */
#ifndef QA_ARCHIVE_RELEASE_H
#define QA_ARCHIVE_RELEASE_H

#include "qmail-archive/envelope.h"
#include "qmail-archive/intake.h"

struct qa_release {
	const char *home;
	struct qa_envelope *envelope;
	struct qa_intake *message; /* what is archived: the whole message or its head */
	struct qa_buf fields;	   /* of the record, without peer */
	struct qa_id id;
	unsigned pid;	   /* the one qmail knows the message by */
	bool fail_open;
	int sock;	   /* the request went there, or -1: write a direct file */
	uint64_t sent;	   /* when (qa_tick) */
	/* [0] is the next program's end, [1] the helper's */
	int message_pipe[2];  /* its fd 0, fed from message->direct, or -1 */
	int envelope_pipe[2]; /* its fd 1 */
};

/* Limits in seconds: for md_journal's answer, for everything, and for everything when it is a bounce
 * (qmail-send waits for it and does nothing else). */
enum { QA_RELEASE_ANSWER = 2, QA_RELEASE_ALL = 20, QA_RELEASE_BOUNCE = 5 };

/*
 * Starts the helper: 0, or -1. It runs in this process's memory until that execs (as with vfork, but nobody waits): neither
 * page tables nor pages are copied, which is a third of what the door costs. So between this and exec the caller
 * may make system calls and leave all memory that is not its stack alone.
 */
int qa_release_start(struct qa_release *r) QA_MUST;

/* For mail that goes without a record: tells md_journal whom to count it for (man 5 stats). Waits for nothing; where that is
 * away nobody counts it. */
void qa_release_count(const char *home, qa_span fields, uint64_t size);

#endif
