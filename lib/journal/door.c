#include "journal/door.h"
#include "base/clock.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const unsigned char request_magic[4] = {'q', 'a', 'd', 'r'};
static const unsigned char answer_magic[4] = {'q', 'a', 'd', 'a'};

enum { PROTOCOL = 1 };

void
qa_door_request_put(const struct qa_record_head *h, unsigned request, unsigned char out[QA_DOOR_HEADER])
{
	memset(out, 0, QA_DOOR_HEADER);
	memcpy(out, request_magic, 4);
	qa_le16_put(out + 4, PROTOCOL);
	qa_le16_put(out + 6, (uint16_t)request);
	qa_le64_put(out + 8, h->message);
	qa_le64_put(out + 16, h->fields);
	memcpy(out + 32, h->digest.b, QA_SHA256_SIZE);
}

static bool
all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

int
qa_door_request_get(qa_span packet, struct qa_record_head *h_r, unsigned *request_r, qa_span *fields_r,
		    struct qa_err *err)
{
	const unsigned char *p = packet.p;
	struct qa_record_head h;

	if (packet.n < QA_DOOR_HEADER || packet.n > QA_DOOR_PACKET_MAX || memcmp(p, request_magic, 4) != 0)
		return qa_fail(err, EPROTO, "not a request to the journal");
	if (qa_le16_get(p + 4) != PROTOCOL)
		return qa_fail(err, EPROTO, "request of protocol version %u", qa_le16_get(p + 4));
	h.message = qa_le64_get(p + 8);
	h.fields = qa_le64_get(p + 16);
	memcpy(h.digest.b, p + 32, QA_SHA256_SIZE);
	if (!all_zero(p + 24, 8) || !all_zero(p + 64, 32))
		return qa_fail(err, EPROTO, "request with unknown parts in its header");
	unsigned request = qa_le16_get(p + 6);
	if (h.fields != packet.n - QA_DOOR_HEADER || (request != QA_DOOR_COUNT && h.message > QA_DOOR_MESSAGE_MAX))
		return qa_fail(err, EPROTO, "request with impossible lengths");
	if (request != QA_DOOR_STORE && request != QA_DOOR_SEEN && request != QA_DOOR_COUNT)
		return qa_fail(err, EPROTO, "unknown request %u", request);
	if (request == QA_DOOR_SEEN && (h.message || h.fields))
		return qa_fail(err, EPROTO, "request seen with a message or fields");
	*h_r = h;
	*request_r = request;
	*fields_r = qa_span_cut(packet, QA_DOOR_HEADER, packet.n);
	return 0;
}

void
qa_door_answer_put(int status, const struct qa_id *id, unsigned char out[QA_DOOR_ANSWER])
{
	memset(out, 0, QA_DOOR_ANSWER);
	memcpy(out, answer_magic, 4);
	qa_le16_put(out + 4, PROTOCOL);
	qa_le32_put(out + 8, (uint32_t)status);
	if (id)
		memcpy(out + 16, id->b, QA_ID_SIZE);
}

int
qa_door_answer_get(qa_span packet, int *status_r, struct qa_id *id_r)
{
	const unsigned char *p = packet.p;

	if (packet.n != QA_DOOR_ANSWER || memcmp(p, answer_magic, 4) != 0 || qa_le16_get(p + 4) != PROTOCOL ||
	    !all_zero(p + 6, 2) || !all_zero(p + 12, 4) || qa_le32_get(p + 8) > INT_MAX) {
		errno = EPROTO;
		return -1;
	}
	*status_r = (int)qa_le32_get(p + 8);
	memcpy(id_r->b, p + 16, QA_ID_SIZE);
	return 0;
}

/* A socket's address holds 107 bytes; a longer path is reached through its folder's fd. */
static int
connect_to(int sock, const char *folder, struct qa_err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int dirfd = -1, rc;

	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s/.socket", folder) >= sizeof a.sun_path) {
		dirfd = qa_open(AT_FDCWD, folder, O_PATH | O_DIRECTORY, 0, err);
		if (dirfd < 0)
			return -1;
		snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/.socket", dirfd);
	}
	do {
		rc = connect(sock, (const struct sockaddr *)&a, sizeof a);
	} while (rc && errno == EINTR);
	if (rc)
		qa_fail(err, errno, "cannot connect to %s/.socket: ", folder);
	qa_close(&dirfd);
	return rc;
}

int
qa_door_connect(const char *home, struct qa_err *err)
{
	char folder[PATH_MAX];

	if ((size_t)snprintf(folder, sizeof folder, "%s/journal", home) >= sizeof folder)
		return qa_fail(err, ENAMETOOLONG, "cannot connect to the journal of %s: ", home);
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return qa_fail(err, errno, "cannot make a socket: ");
	if (connect_to(sock, folder, err)) {
		qa_close(&sock);
		return -1;
	}
	return sock;
}

int
qa_door_send(int sock, const struct qa_record_head *h, unsigned request, qa_span fields, int message_fd,
	     struct qa_err *err)
{
	unsigned char head[QA_DOOR_HEADER];
	union {
		struct cmsghdr c;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec v[2] = {{head, sizeof head}, {(void *)(uintptr_t)fields.p, fields.n}};
	struct msghdr m = {.msg_iov = v, .msg_iovlen = fields.n ? 2 : 1};
	ssize_t r;

	if (fields.n > QA_DOOR_PACKET_MAX - QA_DOOR_HEADER || (request != QA_DOOR_COUNT && h->message > QA_DOOR_MESSAGE_MAX))
		return qa_fail(err, EMSGSIZE, "cannot send to the journal: ");
	qa_door_request_put(h, request, head);
	if (message_fd >= 0) {
		memset(&control, 0, sizeof control);
		m.msg_control = control.space;
		m.msg_controllen = sizeof control.space;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &message_fd, sizeof(int));
	}
	do {
		r = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return qa_fail(err, errno, "cannot send to the journal: ");
	return 0;
}

/* Waits for something to read: 1, 0 at the deadline, -1. */
static int
readable(int sock, uint64_t deadline, struct qa_err *err)
{
	for (;;) {
		struct pollfd p = {.fd = sock, .events = POLLIN};
		uint64_t now = qa_tick();
		uint64_t ms = now < deadline ? (deadline - now + 999999) / 1000000 : 0;
		int r = poll(&p, 1, ms > INT_MAX ? INT_MAX : (int)ms);

		if (r > 0)
			return 1;
		if (r < 0 && errno != EINTR)
			return qa_fail(err, errno, "cannot wait for the journal: ");
		if (qa_tick() >= deadline)
			return 0;
	}
}

int
qa_door_wait(int sock, uint64_t deadline, const struct qa_id *id, int *status_r, struct qa_err *err)
{
	static const struct qa_id none;
	unsigned char packet[QA_DOOR_ANSWER + 1]; /* one more: a longer answer is noticed */
	struct qa_id got;

	for (;;) {
		int rc = readable(sock, deadline, err);

		if (rc <= 0)
			return rc;
		ssize_t r = recv(sock, packet, sizeof packet, MSG_DONTWAIT);
		if (r < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (r < 0)
			return qa_fail(err, errno, "cannot read the journal's answer: ");
		if (r == 0)
			return qa_fail(err, ECONNRESET, "the journal has hung up");
		if (qa_door_answer_get(qa_span_of(packet, (size_t)r), status_r, &got))
			return qa_fail(err, EPROTO, "the journal's answer cannot be understood");
		if (memcmp(got.b, id ? id->b : none.b, QA_ID_SIZE) != 0)
			return qa_fail(err, EPROTO, "the journal's answer is about another record");
		return 1;
	}
}
