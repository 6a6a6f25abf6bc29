/* The door's protocol against journals that answer late, wrongly, or die; and direct files. */
#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "journal/door.h"
#include "journal/scan.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

static char home[600];
static const struct qa_id id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static struct qa_buf fields = QA_BUF(0);

static void
codec(void)
{
	struct qa_record_head h = {5, 3, qa_sha256_of(qa_span_str("hello"))}, g;
	unsigned char p[QA_DOOR_HEADER + 3], a[QA_DOOR_ANSWER];
	unsigned request, bad = 0;
	struct qa_id got;
	int status;
	qa_span f;

	qa_door_request_put(&h, QA_DOOR_STORE, p);
	memcpy(p + QA_DOOR_HEADER, "abc", 3);
	OK(qa_door_request_get(qa_span_of(p, sizeof p), &g, &request, &f, NULL) == 0 && request == QA_DOOR_STORE &&
	   g.message == 5 && qa_digest_eq(&g.digest, &h.digest) && qa_span_is(f, "abc"));
	for (size_t n = 0; n < sizeof p; n++)
		bad += qa_door_request_get(qa_span_of(p, n), &g, &request, &f, NULL) == 0;
	for (unsigned i = 0; i < 8; i++) /* magic, version, request */
		for (int bit = 0; bit < 8; bit++) {
			p[i] ^= (unsigned char)(1 << bit);
			bad += qa_door_request_get(qa_span_of(p, sizeof p), &g, &request, &f, NULL) == 0;
			p[i] ^= (unsigned char)(1 << bit);
		}
	p[64] = 1;
	bad += qa_door_request_get(qa_span_of(p, sizeof p), &g, &request, &f, NULL) == 0;
	p[64] = 0;
	qa_le64_put(p + 8, QA_DOOR_MESSAGE_MAX + 1);
	bad += qa_door_request_get(qa_span_of(p, sizeof p), &g, &request, &f, NULL) == 0;
	OKF(bad == 0, "bad requests are refused (%u)", bad);
	h.message = UINT64_C(1) << 40;
	qa_door_request_put(&h, QA_DOOR_COUNT, p);
	OK(qa_door_request_get(qa_span_of(p, sizeof p), &g, &request, &f, NULL) == 0 && request == QA_DOOR_COUNT && g.message == h.message);

	qa_door_answer_put(ENOSPC, &id, a);
	OK(qa_door_answer_get(qa_span_of(a, sizeof a), &status, &got) == 0 && status == ENOSPC &&
	   memcmp(got.b, id.b, 16) == 0);
	OK(qa_door_answer_get(qa_span_of(a, sizeof a - 1), &status, &got) == -1);
	a[4] = 2;
	OK(qa_door_answer_get(qa_span_of(a, sizeof a), &status, &got) == -1);
}

static int
listen_at(const char *path, int backlog)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	unlink(path);
	if (s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) || listen(s, backlog))
		exit(2);
	return s;
}

enum behaviour { FINE, LATE, DIES, HANGS_UP, WRONG_MAGIC, WRONG_ID, LONG, TWO_LATE };

/* A journal for one connection. */
static void
fake(int listener, enum behaviour how)
{
	unsigned char packet[QA_DOOR_PACKET_MAX], answer[64] = {0};
	char space[256];
	struct iovec v = {packet, sizeof packet};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
	int c = accept(listener, NULL, NULL);
	struct qa_record_head h;
	struct qa_facts f;
	struct qa_err err = {0, ""};
	unsigned request;
	qa_span fs;
	int fd = -1, status = EINVAL;

	ssize_t n = recvmsg(c, &m, MSG_CMSG_CLOEXEC);
	if (n < 0 || how == DIES)
		_exit(1);
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
	if (cm && cm->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cm), sizeof fd);
	if (qa_door_request_get(qa_span_of(packet, (size_t)n), &h, &request, &fs, &err) == 0 &&
	    (request == QA_DOOR_SEEN || qa_facts_get(fs, &f, &err) == 0)) {
		static unsigned char body[QA_DOOR_MESSAGE_MAX];
		qa_span msg = {body, (size_t)h.message};

		if (request == QA_DOOR_SEEN)
			status = ENOENT, memset(f.id.b, 0, 16);
		else if (h.message == 0 || (fd >= 0 && pread(fd, body, sizeof body, 0) == (ssize_t)h.message)) {
			struct qa_digest d = qa_sha256_of(msg);
			status = qa_digest_eq(&d, &h.digest) ? 0 : EBADMSG;
		}
	}
	if (how == LATE)
		usleep(300000);
	if (how == HANGS_UP) {
		shutdown(c, SHUT_RDWR);
		_exit(0);
	}
	qa_door_answer_put(status, &f.id, answer);
	if (how == WRONG_MAGIC)
		answer[0] = 'x';
	if (how == WRONG_ID)
		answer[20] ^= 1;
	send(c, answer, how == LONG ? 33 : QA_DOOR_ANSWER, MSG_NOSIGNAL);
	_exit(0);
}

static int
sealed(qa_span s)
{
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || write(fd, s.p, s.n) != (ssize_t)s.n ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		exit(2);
	return fd;
}

static void
on_alarm(int sig)
{
	(void)sig;
}

/* One conversation: what qa_door_wait says; status in *status. */
static int
talk(enum behaviour how, qa_span message, unsigned request, uint64_t wait_ms, int *status, struct qa_err *err)
{
	char path[700];
	struct qa_record_head h = {message.n, request == QA_DOOR_SEEN ? 0 : fields.n, qa_sha256_of(message)};
	int rc = -9;

	snprintf(path, sizeof path, "%s/journal/.socket", home);
	int l = listen_at(path, 5);
	pid_t pid = fork();
	if (pid == 0)
		fake(l, how);
	close(l);
	int s = qa_door_connect(home, err);
	int fd = message.n ? sealed(message) : -1;
	if (request == QA_DOOR_SEEN)
		h.message = 0;
	if (s >= 0 && qa_door_send(s, &h, request, request == QA_DOOR_SEEN ? (qa_span){NULL, 0} : qa_buf_span(&fields),
				   fd, err) == 0)
		rc = qa_door_wait(s, qa_tick() + wait_ms * 1000000, request == QA_DOOR_SEEN ? NULL : &id, status, err);
	if (s >= 0)
		close(s);
	if (fd >= 0)
		close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return rc;
}

static void
conversations(void)
{
	static unsigned char big[QA_DOOR_MESSAGE_MAX];
	qa_span m = qa_span_str("a message\n");
	struct qa_err err;
	int status = -1;

	OK(qa_door_connect(home, &err) == -1 && err.num == ENOENT);
	OK(talk(FINE, m, QA_DOOR_STORE, 10000, &status, &err) == 1 && status == 0);
	OK(talk(FINE, (qa_span){NULL, 0}, QA_DOOR_STORE, 10000, &status, &err) == 1 && status == 0);
	OK(talk(FINE, qa_span_of(big, sizeof big), QA_DOOR_STORE, 10000, &status, &err) == 1 && status == 0);
	OK(talk(FINE, m, QA_DOOR_SEEN, 10000, &status, &err) == 1 && status == ENOENT);
	OK(talk(LATE, m, QA_DOOR_STORE, 50, &status, &err) == 0);
	OK(talk(LATE, m, QA_DOOR_STORE, 0, &status, &err) == 0);
	OK(talk(DIES, m, QA_DOOR_STORE, 10000, &status, &err) == -1 && err.num == ECONNRESET);
	OK(talk(HANGS_UP, m, QA_DOOR_STORE, 10000, &status, &err) == -1 && err.num == ECONNRESET);
	OK(talk(WRONG_MAGIC, m, QA_DOOR_STORE, 10000, &status, &err) == -1 && err.num == EPROTO);
	OK(talk(WRONG_ID, m, QA_DOOR_STORE, 10000, &status, &err) == -1 && err.num == EPROTO);
	OK(talk(LONG, m, QA_DOOR_STORE, 10000, &status, &err) == -1 && err.num == EPROTO);
	/* signals do not shorten or lengthen the wait */
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval every = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}};
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
	OK(talk(LATE, m, QA_DOOR_STORE, 10000, &status, &err) == 1 && status == 0);
	setitimer(ITIMER_REAL, &off, NULL);

	struct qa_record_head h = {0, 0, qa_sha256_of(m)};
	OK(qa_door_send(-1, &h, QA_DOOR_STORE, qa_span_of(big, QA_DOOR_PACKET_MAX), -1, &err) == -1 &&
	   err.num == EMSGSIZE);
}

/* Nobody accepts: neither connect nor send may hang; and a listener that is gone refuses. */
static void
stuck(void)
{
	char path[700];
	struct qa_err err;
	int socks[16], n = 0;

	snprintf(path, sizeof path, "%s/journal/.socket", home);
	int l = listen_at(path, 1);
	while (n < 16 && (socks[n] = qa_door_connect(home, &err)) >= 0)
		n++;
	OKF(n >= 1 && n < 16 && err.num == EAGAIN, "connect to a full journal does not wait (%d)", n);
	struct qa_record_head h = {0, fields.n, qa_sha256_of((qa_span){NULL, 0})};
	int rc = 0, sent = 0;
	while (sent < 100000 && (rc = qa_door_send(socks[0], &h, QA_DOOR_STORE, qa_buf_span(&fields), -1, &err)) == 0)
		sent++;
	OK(rc == -1 && err.num == EAGAIN);
	close(l);
	OK(qa_door_connect(home, &err) == -1 && err.num == ECONNREFUSED);
	OK(qa_door_send(socks[0], &h, QA_DOOR_STORE, qa_buf_span(&fields), -1, &err) == -1 &&
	   (err.num == EPIPE || err.num == ECONNRESET));
	while (n)
		close(socks[--n]);
}

static unsigned
entries(void)
{
	char path[700];
	struct qa_names names;

	snprintf(path, sizeof path, "%s/journal/direct", home);
	if (qa_listdir(AT_FDCWD, path, &names, NULL))
		exit(2);
	unsigned n = (unsigned)names.n;
	qa_names_free(&names);
	return n;
}

/* The message in the one direct file equals s. */
static bool
holds(qa_span want)
{
	char path[700], hex[QA_ID_TEXT];
	struct qa_scan s;
	struct qa_scanned rec;
	struct qa_facts f;
	struct stat st;

	qa_hex(id.b, 16, hex);
	snprintf(path, sizeof path, "%s/journal/direct/%s", home, hex);
	if (qa_scan_open(&s, AT_FDCWD, path, path, NULL))
		return false;
	bool good = qa_scan_claim(&s, NULL) == 1 && qa_scan_next(&s, true, &rec, NULL) == 1 &&
		    qa_span_eq(rec.message, want) && qa_facts_get(rec.fields, &f, NULL) == 0 &&
		    memcmp(f.id.b, id.b, 16) == 0 && fstat(s.fd, &st) == 0 && (st.st_mode & 07777) == 0444 &&
		    qa_scan_next(&s, true, &rec, NULL) == 0 && s.at == (uint64_t)st.st_size && !s.torn;
	qa_scan_close(&s);
	unlink(path);
	return good;
}

static void
direct(void)
{
	static unsigned char m[300000];
	struct qa_direct d;
	struct qa_err err;

	for (size_t i = 0; i < sizeof m; i++)
		m[i] = (unsigned char)(i * 31 + i / 77);
	umask(077);
	OK(qa_direct_begin(&d, home, &err) == 0);
	for (size_t i = 0, n; i < sizeof m; i += n) {
		n = sizeof m - i < 7001 ? sizeof m - i : 7001;
		if (qa_direct_add(&d, qa_span_of(m + i, n), &err))
			exit(2);
	}
	OK(entries() == (d.temp[0] ? 1 : 0)); /* no name before commit */
	OK(qa_direct_commit(&d, qa_buf_span(&fields), &err) == 0);
	qa_direct_close(&d);
	OK(entries() == 1 && holds(qa_span_of(m, sizeof m)));

	for (size_t n = 0; n < 20; n++) { /* all paddings */
		if (qa_direct_begin(&d, home, &err) || qa_direct_add(&d, qa_span_of(m, n), &err) ||
		    qa_direct_commit(&d, qa_buf_span(&fields), &err))
			exit(2);
		qa_direct_close(&d);
		if (!holds(qa_span_of(m, n)))
			OKF(0, "a direct file of %zu bytes is read back", n);
	}

	OK(qa_direct_begin(&d, home, &err) == 0 && qa_direct_add(&d, qa_span_of(m, 100000), &err) == 0 &&
	   qa_direct_head(&d, &err) == 0 && qa_direct_commit(&d, qa_buf_span(&fields), &err) == 0);
	qa_direct_close(&d);
	OK(holds(qa_span_of(m, QA_DIRECT_HEAD)));
	OK(qa_direct_begin(&d, home, &err) == 0 && qa_direct_add(&d, qa_span_of(m, 100), &err) == 0 &&
	   qa_direct_head(&d, &err) == 0 && qa_direct_commit(&d, qa_buf_span(&fields), &err) == 0);
	qa_direct_close(&d);

	/* the same id again: done already, the first one stays */
	OK(qa_direct_begin(&d, home, &err) == 0 && qa_direct_add(&d, qa_span_of(m, 5), &err) == 0 &&
	   qa_direct_commit(&d, qa_buf_span(&fields), &err) == 0);
	qa_direct_close(&d);
	OK(entries() == 1 && holds(qa_span_of(m, 100)));

	OK(qa_direct_begin(&d, home, &err) == 0 && qa_direct_add(&d, qa_span_of(m, 5), &err) == 0);
	qa_direct_close(&d);
	OK(entries() == 0);
	OK(qa_direct_begin(&d, home, &err) == 0 && qa_direct_commit(&d, qa_span_str("nonsense"), &err) == -1);
	qa_direct_close(&d);
	OK(entries() == 0);
	OK(qa_direct_begin(&d, "/nonexistent", &err) == -1 && err.num == ENOENT);
}

/* Where the file system has no O_TMPFILE. */
static int
no_tmpfile(int dirfd, const char *path, int flags, mode_t mode)
{
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return openat(dirfd, path, flags, mode);
}

static int sync_calls, sync_fails_at;

static int
failing_fsync(int fd)
{
	if (++sync_calls == sync_fails_at) {
		errno = EIO;
		return -1;
	}
	return fsync(fd);
}

static void
sick_disk(void)
{
	struct qa_sys sick = qa_sys_real;
	struct qa_direct d;
	struct qa_err err;

	sick.openat = no_tmpfile;
	qa_sys = &sick;
	direct();
	sick.openat = qa_sys_real.openat;
	sick.fsync = failing_fsync;
	for (int i = 1; i <= 2; i++) {
		sync_calls = 0;
		sync_fails_at = i;
		OK(qa_direct_begin(&d, home, &err) == 0 && qa_direct_commit(&d, qa_buf_span(&fields), &err) == -1 &&
		   err.num == EIO && sync_calls == i);
		qa_direct_close(&d);
	}
	OK(holds((qa_span){NULL, 0})); /* the folder's sync failed: there, but never promised */
	qa_sys = &qa_sys_real;
}

int
main(void)
{
	char path[700];

	snprintf(home, sizeof home, "%s", tmp_make());
	snprintf(path, sizeof path, "%s/journal", home);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/journal/direct", home);
	mkdir(path, 0700);
	if (qa_field_add(&fields, QA_F_ID, qa_span_of(id.b, 16)) || qa_field_add_u8(&fields, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(&fields, QA_F_CAPTURED, 1) || qa_field_add_u8(&fields, QA_F_SOURCE, QA_QUEUE) ||
	    qa_field_add_str(&fields, QA_F_SENDER, "x@example.com"))
		return 2;
	codec();
	conversations();
	stuck();
	direct();
	sick_disk();

	/* a folder elsewhere in direct's place, which only md_journal's user could have put there */
	char aside[700];
	struct qa_direct d;
	snprintf(path, sizeof path, "%s/journal/direct", home);
	snprintf(aside, sizeof aside, "%s/aside", home);
	if (rename(path, aside) || symlink(aside, path))
		return 2;
	OK(qa_direct_begin(&d, home, NULL) == -1);

	/* a home whose socket does not fit into a socket's address */
	char deep[1200];
	snprintf(deep, sizeof deep, "%s/%0100d", home, 7);
	mkdir(deep, 0700);
	snprintf(path, sizeof path, "%s/journal", home);
	char link[1400];
	snprintf(link, sizeof link, "%s/journal", deep);
	if (symlink(path, link))
		return 2;
	snprintf(path, sizeof path, "%s/journal/.socket", home);
	int l = listen_at(path, 5), s = qa_door_connect(deep, NULL);
	OK(s >= 0);
	close(s);
	close(l);
	qa_buf_free(&fields);
	return done();
}
