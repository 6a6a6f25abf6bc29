#include "qmail-archive/intake.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 65536 };
_Static_assert((int)PIECE >= (int)QA_DIRECT_HEAD, "a head is one piece");

/* One piece of a message at a time; in bss, so a small message touches few pages of it. */
static unsigned char piece[PIECE];

void
qa_intake_init(struct qa_intake *in, const char *home)
{
	in->home = home;
	in->memfd = -1;
	in->large = false;
	in->size = 0;
	in->head_n = 0;
	qa_sha256_init(&in->sha);
}

static int
to_direct(struct qa_intake *in, struct qa_err *err)
{
	if (qa_direct_begin(&in->direct, in->home, err))
		return -1;
	if (qa_intake_copy(in, &in->direct, err)) {
		qa_direct_close(&in->direct);
		return -1;
	}
	qa_close(&in->memfd);
	in->large = true;
	return 0;
}

/* The bytes into whatever holds the message. */
static int
hold(struct qa_intake *in, qa_span bytes, struct qa_err *err)
{
	if (!in->large && in->memfd < 0)
		in->memfd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (!in->large && (in->memfd < 0 || bytes.n > QA_DOOR_MESSAGE_MAX - in->size) && to_direct(in, err))
		return -1;
	if (in->large)
		return qa_direct_add(&in->direct, bytes, err);
	/* pwrite leaves the offset at 0, where the next program starts to read */
	return qa_pwrite_all(in->memfd, bytes.p, bytes.n, in->size, "memory file", err);
}

int
qa_intake_add(struct qa_intake *in, qa_span bytes, struct qa_err *err)
{
	if (bytes.n == 0)
		return 0;
	if (hold(in, bytes, err))
		return -1;
	if (in->head_n < QA_INTAKE_HEAD) {
		size_t n = QA_INTAKE_HEAD - in->head_n;

		if (n > bytes.n)
			n = bytes.n;
		memcpy(in->head + in->head_n, bytes.p, n);
		in->head_n += n;
	}
	if (!in->large) /* a direct file hashes for itself */
		qa_sha256_add(&in->sha, bytes.p, bytes.n);
	in->size += bytes.n;
	return 0;
}

int
qa_intake_end(struct qa_intake *in, struct qa_err *err)
{
	in->digest = qa_sha256_end(&in->sha);
	if (in->memfd >= 0 &&
	    fcntl(in->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return qa_fail(err, errno, "cannot seal the memory file: ");
	return 0;
}

int
qa_intake_read(struct qa_intake *in, int fd, qa_span *unheld_r, struct qa_err *err)
{
	size_t n = 0;
	ssize_t r;

	*unheld_r = qa_span_of(NULL, 0);
	do {
		r = read(fd, piece + n, PIECE - n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return qa_fail(err, errno, "cannot read the message: ");
		n += (size_t)r;
		if (n < PIECE && r)
			continue;
		if (qa_intake_add(in, qa_span_of(piece, n), err)) {
			*unheld_r = qa_span_of(piece, n);
			return -1;
		}
		n = 0;
	} while (r);
	return qa_intake_end(in, err);
}

int
qa_intake_fd(const struct qa_intake *in, uint64_t *at_r)
{
	*at_r = in->large ? QA_JOURNAL_FILE_HEADER + QA_JOURNAL_RECORD_HEADER : 0;
	return in->large ? in->direct.fd : in->memfd;
}

int
qa_intake_feed(const struct qa_intake *in, int fd, struct qa_err *err)
{
	static unsigned char copy[65536]; /* `piece` may hold what comes next */
	uint64_t at, done = 0;
	int from = qa_intake_fd(in, &at);

	while (done < in->size) {
		size_t n = in->size - done < sizeof copy ? (size_t)(in->size - done) : sizeof copy;

		if (qa_pread_all(from, copy, n, at + done, "message", err) != 1 ||
		    qa_write_all(fd, copy, n, "pipe", err))
			return -1;
		done += n;
	}
	return 0;
}

int
qa_intake_head(const struct qa_intake *in, struct qa_intake *head_r, struct qa_err *err)
{
	uint64_t at;
	int fd = qa_intake_fd(in, &at);
	size_t n = QA_DIRECT_HEAD;

	if (n > in->size)
		n = (size_t)in->size;
	qa_intake_init(head_r, in->home);
	if (n && qa_pread_all(fd, piece, n, at, "message", err) != 1)
		return -1;
	if (qa_intake_add(head_r, qa_span_of(piece, n), err) || qa_intake_end(head_r, err)) {
		qa_intake_close(head_r);
		return -1;
	}
	return 0;
}

int
qa_intake_copy(const struct qa_intake *in, struct qa_direct *d, struct qa_err *err)
{
	static unsigned char copy[16384];
	uint64_t at = 0;

	while (at < in->size) {
		size_t n = in->size - at < sizeof copy ? (size_t)(in->size - at) : sizeof copy;

		if (qa_pread_all(in->memfd, copy, n, at, "memory file", err) != 1 ||
		    qa_direct_add(d, qa_span_of(copy, n), err))
			return -1;
		at += n;
	}
	return 0;
}

void
qa_intake_close(struct qa_intake *in)
{
	qa_close(&in->memfd);
	if (in->large)
		qa_direct_close(&in->direct);
	in->large = false;
}
