/*
 * The message, taken from fd 0 to its end before anything is decided: up to 1 MiB in a
 * memfd, which is then sealed and handed around; above that in a direct file that has no name yet
 * (journal/door.h). Hashed on the way.
 */
#ifndef QA_ARCHIVE_INTAKE_H
#define QA_ARCHIVE_INTAKE_H

#include "base/sha256.h"
#include "journal/door.h"

enum { QA_INTAKE_HEAD = 2048 };

struct qa_intake {
	const char *home;
	int memfd;		 /* -1 while empty, and once it is large */
	bool large;		 /* the message is in `direct` */
	struct qa_direct direct;
	uint64_t size;
	struct qa_digest digest; /* once ended, unless large */
	struct qa_sha256 sha;
	unsigned char head[QA_INTAKE_HEAD]; /* how it begins */
	size_t head_n;
};

void qa_intake_init(struct qa_intake *in, const char *home);

/* Adds bytes. -1: neither memory nor direct/ can hold them; what came before is kept. */
int qa_intake_add(struct qa_intake *in, qa_span bytes, struct qa_err *err) QA_MUST;

/* No more will come: fixes the digest and seals the memfd. */
int qa_intake_end(struct qa_intake *in, struct qa_err *err) QA_MUST;

/* Reads FD to its end through the three above: 0; -1 with errno. *unheld_r: bytes of the last, unsuccessful
 * add, which are in no file (empty when reading failed); valid until the next call. */
int qa_intake_read(struct qa_intake *in, int fd, qa_span *unheld_r, struct qa_err *err) QA_MUST;

/* The descriptor that holds the message, and where it begins there; -1 when the message is empty. */
int qa_intake_fd(const struct qa_intake *in, uint64_t *at_r);

/* Writes what is held so far to FD, a pipe as a rule: 0, -1 (EPIPE: nobody reads any more). */
int qa_intake_feed(const struct qa_intake *in, int fd, struct qa_err *err) QA_MUST;

/* The head alone, for rules that archive no more (over=head): the first QA_DIRECT_HEAD bytes become *head_r, an
 * intake of its own. */
int qa_intake_head(const struct qa_intake *in, struct qa_intake *head_r, struct qa_err *err) QA_MUST;

/* Copies a small message to a direct file under way. */
int qa_intake_copy(const struct qa_intake *in, struct qa_direct *d, struct qa_err *err) QA_MUST;

void qa_intake_close(struct qa_intake *in);

#endif
