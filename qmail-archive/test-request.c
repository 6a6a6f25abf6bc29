#include "qmail-archive/request.h"
#include "base/num.h"
#include "qmail-archive/claims.h"
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int sock[2];
static const struct qa_peer peer = {1, 2, 3};
#define BYTES(s) qa_span_of(s, sizeof(s) - 1)
static const int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

static int
memory(const char *text, int seals)
{
	int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || (seals && fcntl(fd, F_ADD_SEALS, seals)))
		return -1;
	return fd;
}

/* Good fields of a record. */
static void
fields(struct qa_buf *b)
{
	struct qa_id id = {{7}};

	qa_buf_clear(b);
	if (qa_claims_capture(b, &id, QA_MESSAGE, QA_QUEUE, "host") ||
	    qa_field_add(b, QA_F_SENDER, qa_span_str("a@b")) || qa_field_add(b, QA_F_RECIPIENT, qa_span_str("c@d")))
		b->n = 0;
}

/* What arrives of a packet with these bytes and up to two descriptors. */
static int
packet(qa_span bytes, const int *fds, size_t n, struct qa_request *r, struct qa_err *err)
{
	union {
		struct cmsghdr c;
		char space[CMSG_SPACE(2 * sizeof(int))];
	} control = {.space = {0}};
	struct iovec v = {(void *)(uintptr_t)bytes.p, bytes.n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	if (n) {
		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.c.cmsg_level = SOL_SOCKET;
		control.c.cmsg_type = SCM_RIGHTS;
		control.c.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.c), fds, n * sizeof(int));
	}
	if (sendmsg(sock[0], &m, 0) < 0)
		return -2;
	return qa_request_receive(sock[1], &peer, r, err);
}

/* A request with head H and these fields. */
static int
request(const struct qa_record_head *h, unsigned what, const struct qa_buf *f, const int *fds, size_t n,
	struct qa_request *r, struct qa_err *err)
{
	static unsigned char bytes[QA_DOOR_PACKET_MAX + 1];

	qa_door_request_put(h, what, bytes);
	if (f->n)
		memcpy(bytes + QA_DOOR_HEADER, f->p, f->n);
	return packet(qa_span_of(bytes, QA_DOOR_HEADER + f->n), fds, n, r, err);
}

static bool
refused(int rc, const struct qa_request *r, const struct qa_err *err, const char *why)
{
	return rc == -1 && err->num == EINVAL && r->fd == -1 && strstr(err->text, why);
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
good(struct qa_buf *f)
{
	struct qa_record_head h = {5, f->n, {{0}}};
	struct qa_request r;
	struct qa_err err;
	struct qa_facts facts;
	char text[6] = "";
	qa_span v;
	int fd = memory("hello", all_seals);

	OK(request(&h, QA_DOOR_STORE, f, &fd, 1, &r, &err) == 1);
	OK(r.what == QA_DOOR_STORE && r.id.b[0] == 7 && r.message_whole && r.head.message == 5);
	OK(r.fd >= 0 && pread(r.fd, text, 5, 0) == 5 && strcmp(text, "hello") == 0);
	OK(r.fields.n == f->n + QA_REQUEST_PEER && qa_facts_get(r.fields, &facts, NULL) == 0);
	OK(qa_field_find(r.fields, QA_F_PEER, &v) == 1 && v.n == 12 && qa_le32_get(v.p) == 1 && qa_le32_get(v.p + 8) == 3);
	close(r.fd);
	h.message = 0;
	OK(request(&h, QA_DOOR_STORE, f, NULL, 0, &r, &err) == 1 && r.fd == -1);
	struct qa_buf none = QA_BUF(0);
	h.fields = 0;
	OK(request(&h, QA_DOOR_SEEN, &none, NULL, 0, &r, &err) == 1 && r.what == QA_DOOR_SEEN);
	h = (struct qa_record_head){.message = UINT64_C(5) << 30, .fields = f->n};
	OK(request(&h, QA_DOOR_COUNT, f, NULL, 0, &r, &err) == 1 && r.what == QA_DOOR_COUNT && r.head.message == UINT64_C(5) << 30);
	OK(refused(request(&h, QA_DOOR_COUNT, f, &fd, 1, &r, &err), &r, &err, "descriptors"));
	close(fd);
}

static void
bad_message(struct qa_buf *f)
{
	struct qa_record_head h = {5, f->n, {{0}}};
	struct qa_request r;
	struct qa_err err;
	int fd = memory("hello", all_seals), two[2] = {fd, fd}, loose, file;

	OK(refused(request(&h, QA_DOOR_STORE, f, NULL, 0, &r, &err), &r, &err, "descriptors"));
	OK(refused(request(&h, QA_DOOR_STORE, f, two, 2, &r, &err), &r, &err, "descriptors"));
	h.message = 4;
	OK(refused(request(&h, QA_DOOR_STORE, f, &fd, 1, &r, &err), &r, &err, "length"));
	h.message = 0;
	OK(refused(request(&h, QA_DOOR_STORE, f, &fd, 1, &r, &err), &r, &err, "descriptors"));
	h.message = 5;
	for (int i = 0; i < 4; i++) {
		static const int one[] = {F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SEAL};

		loose = memory("hello", all_seals & ~one[i]);
		OK(refused(request(&h, QA_DOOR_STORE, f, &loose, 1, &r, &err), &r, &err, "sealed"));
		close(loose);
	}
	file = open("/dev/zero", O_RDONLY);
	OK(refused(request(&h, QA_DOOR_STORE, f, &file, 1, &r, &err), &r, &err, "sealed"));
	close(file);
	h.message = QA_DOOR_MESSAGE_MAX + 1;
	OK(refused(request(&h, QA_DOOR_STORE, f, &fd, 1, &r, &err), &r, &err, ""));
	close(fd);
}

static void
bad_packet(struct qa_buf *f)
{
	static unsigned char big[QA_DOOR_PACKET_MAX + 100];
	struct qa_record_head h = {0, f->n, {{0}}};
	struct qa_request r;
	struct qa_err err;
	int fd = memory("hello", all_seals);

	OK(refused(packet(BYTES("x"), NULL, 0, &r, &err), &r, &err, ""));
	OK(refused(packet(BYTES("x"), &fd, 1, &r, &err), &r, &err, ""));
	OK(refused(packet(qa_span_of(big, sizeof big), &fd, 1, &r, &err), &r, &err, "too long"));
	h.fields = f->n + 1;
	OK(refused(request(&h, QA_DOOR_STORE, f, NULL, 0, &r, &err), &r, &err, ""));
	h.fields = f->n;
	OK(refused(request(&h, 9, f, NULL, 0, &r, &err), &r, &err, ""));
	OK(refused(request(&h, QA_DOOR_SEEN, f, NULL, 0, &r, &err), &r, &err, ""));
	OK(qa_claims_peer(f, 1) == 0);
	h.fields = f->n;
	OK(refused(request(&h, QA_DOOR_STORE, f, NULL, 0, &r, &err), &r, &err, "peer"));
	OK(r.id.b[0] == 7); /* known well enough to be answered */
	fields(f);
	f->n--;
	h.fields = f->n;
	OK(refused(request(&h, QA_DOOR_STORE, f, NULL, 0, &r, &err), &r, &err, "fields"));
	close(fd);
}

int
main(void)
{
	struct qa_buf f = QA_BUF(0);
	struct qa_request r;
	struct qa_err err;
	struct qa_peer me;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return 1;
	OK(qa_request_peer(sock[1], &me) == 0 && me.pid == (uint32_t)getpid() && me.uid == getuid());
	OK(qa_request_receive(sock[1], &peer, &r, &err) == 0 && errno == EAGAIN);
	int before = open_fds();
	fields(&f);
	good(&f);
	bad_message(&f);
	bad_packet(&f);
	OK(open_fds() == before);
	close(sock[0]);
	OK(qa_request_receive(sock[1], &peer, &r, &err) == 0 && errno == ECONNRESET);
	qa_buf_free(&f);
	return done();
}
