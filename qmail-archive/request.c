#include "qmail-archive/request.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* One packet, and room behind it for the field peer. */
static unsigned char packet[QA_DOOR_PACKET_MAX + QA_REQUEST_PEER];

int
qa_request_peer(int sock, struct qa_peer *peer_r)
{
	struct ucred c;
	socklen_t n = sizeof c;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &c, &n))
		return -1;
	*peer_r = (struct qa_peer){c.uid, c.gid, (uint32_t)c.pid};
	return 0;
}

/* The first descriptor of a packet; others, which nobody honest sends, are closed. */
static int
take_fd(struct msghdr *m, size_t *count_r)
{
	int first = -1;

	*count_r = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if ((*count_r)++ == 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

static int
malformed(struct qa_err *err, const char *what)
{
	return qa_fail(err, EINVAL, "malformed request: %s", what);
}

/* A memfd of that size which nobody can change any more. */
static int
check_message(const struct qa_request *r, size_t fds, struct qa_err *err)
{
	const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	struct stat st;

	if (fds != (r->what == QA_DOOR_STORE && r->head.message ? 1U : 0U))
		return malformed(err, "wrong number of descriptors");
	if (!fds)
		return 0;
	int seals = fcntl(r->fd, F_GET_SEALS);
	if (seals < 0 || (seals & all) != all)
		return malformed(err, "the message is not in a sealed memory file");
	if (fstat(r->fd, &st) || (uint64_t)st.st_size != r->head.message)
		return malformed(err, "the message has another length");
	return 0;
}

static int
check_fields(struct qa_request *r, const struct qa_peer *peer, struct qa_err *err)
{
	unsigned char value[12];
	struct qa_facts f;
	qa_span found;

	if (qa_facts_get(r->fields, &f, err))
		return qa_fail(err, EINVAL, "malformed request: fields of the record");
	r->id = f.id;
	if (qa_field_find(r->fields, QA_F_PEER, &found) != 0)
		return malformed(err, "it says itself who the peer is");
	r->message_whole = f.kind == QA_MESSAGE && qa_field_find(r->fields, QA_F_HEADONLY, &found) == 0;
	qa_le32_put(value, peer->uid);
	qa_le32_put(value + 4, peer->gid);
	qa_le32_put(value + 8, peer->pid);
	/* in place: the fields end the packet, and there is room behind it */
	unsigned char *end = packet + QA_DOOR_HEADER + r->fields.n;
	qa_le16_put(end, QA_F_PEER);
	qa_le32_put(end + 2, sizeof value);
	memcpy(end + 6, value, sizeof value);
	r->fields.n += QA_REQUEST_PEER;
	r->head.fields = r->fields.n;
	return 0;
}

static int
check(struct qa_request *r, size_t n, size_t fds, const struct qa_peer *peer, struct qa_err *err)
{
	if (qa_door_request_get(qa_span_of(packet, n), &r->head, &r->what, &r->fields, err)) {
		if (err)
			err->num = EINVAL;
		errno = EINVAL;
		return -1;
	}
	if (r->what != QA_DOOR_SEEN && check_fields(r, peer, err))
		return -1;
	return check_message(r, fds, err);
}

int
qa_request_receive(int sock, const struct qa_peer *peer, struct qa_request *r, struct qa_err *err)
{
	union {
		struct cmsghdr c;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec v = {packet, QA_DOOR_PACKET_MAX};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.space,
			   .msg_controllen = CMSG_LEN(sizeof(int))};
	size_t fds;
	ssize_t n;

	memset(r, 0, sizeof *r);
	r->fd = -1;
	do {
		n = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == ECONNRESET))
		return 0;
	if (n < 0)
		return qa_fail(err, errno, "cannot receive a request: ");
	r->fd = take_fd(&m, &fds);
	if (n == 0 && fds == 0) {
		errno = ECONNRESET;
		return 0;
	}
	int rc = m.msg_flags & MSG_TRUNC ? malformed(err, "too long") : check(r, (size_t)n, fds, peer, err);
	if (m.msg_flags & MSG_CTRUNC) /* two descriptors, or none left in this process */
		rc = fds ? malformed(err, "wrong number of descriptors")
			 : qa_fail(err, EAGAIN, "cannot take a message: no descriptor left");
	if (rc)
		qa_close(&r->fd);
	return rc ? -1 : 1;
}
