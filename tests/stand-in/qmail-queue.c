/*
 * A stand-in for qmail's own qmail-queue, for machines without qmail: the same contract, files, syncs,
 * buffer sizes and user look-ups, hence about the same cost. Nothing delivers what it queues.
 *
 *	QA_STANDIN_QUEUE	the queue folder (has pid, mess/0..22, intd, todo, lock); needed
 *	QA_STANDIN_SYNC_MS	each sync takes so much longer
 *	QA_STANDIN_LOG		a file that gets a line about what this program was started with
 *	QA_STANDIN_EXIT		reads everything, queues nothing, exits so
 *	QA_STANDIN_EARLY	with QA_STANDIN_EXIT: exits so without reading
 *	QA_STANDIN_SIGNAL	reads everything, then kills itself with that signal
 */
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SPLIT = 23, ADDRESS = 1003, BUFFER = 2048, DAY = 86400 };

struct stream {
	int fd;
	size_t at, n;
	char b[BUFFER];
};

static char pid_name[64], mess_name[64], intd_name[64], todo_name[64];
static unsigned long inode;
static const char *queue;

static void
cleanup(void)
{
	if (intd_name[0])
		unlink(intd_name);
	if (mess_name[0])
		unlink(mess_name);
}

static void __attribute__((noreturn))
die(int code)
{
	_exit(code);
}

static void __attribute__((noreturn))
die_clean(int code)
{
	cleanup();
	_exit(code);
}

static void
on_alarm(int sig)
{
	(void)sig;
	_exit(52);
}

static void
on_fault(int sig)
{
	(void)sig;
	_exit(81);
}

/* One line: descriptors, ids, umask, signals, before anything of it is changed here. */
static void
report(const char *file)
{
	char line[4096];
	size_t n = 0;
	sigset_t blocked;
	struct sigaction sa;
	mode_t mask = umask(0);
	int out = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);

	n += (size_t)snprintf(line + n, sizeof line - n, "pid=%d uid=%d gid=%d egid=%d umask=%03o fds=", (int)getpid(),
			      (int)getuid(), (int)getgid(), (int)getegid(), (unsigned)mask);
	for (int fd = 0; fd < 1024; fd++)
		if (fd != out && fcntl(fd, F_GETFD) >= 0)
			n += (size_t)snprintf(line + n, sizeof line - n, "%d,", fd);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	n += (size_t)snprintf(line + n, sizeof line - n, " blocked=");
	for (int sig = 1; sig < 32; sig++)
		if (sigismember(&blocked, sig) == 1)
			n += (size_t)snprintf(line + n, sizeof line - n, "%d,", sig);
	n += (size_t)snprintf(line + n, sizeof line - n, " ignored=");
	for (int sig = 1; sig < 32; sig++)
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			n += (size_t)snprintf(line + n, sizeof line - n, "%d,", sig);
	n += (size_t)snprintf(line + n, sizeof line - n, " home=%s\n", getenv("MAILDEPOT_HOME") ? "set" : "unset");
	if (write(out, line, n) < 0)
		die(91);
	close(out);
	umask(mask);
}

static int
get(struct stream *s)
{
	if (s->at == s->n) {
		ssize_t r;

		do {
			r = read(s->fd, s->b, sizeof s->b);
		} while (r < 0 && errno == EINTR);
		if (r < 0)
			die_clean(54);
		if (r == 0)
			return -1;
		s->at = 0;
		s->n = (size_t)r;
	}
	return (unsigned char)s->b[s->at++];
}

static void
flush(struct stream *s)
{
	size_t done = 0;

	while (done < s->n) {
		ssize_t r = write(s->fd, s->b + done, s->n - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			die_clean(53);
		done += (size_t)r;
	}
	s->n = 0;
}

static void
put(struct stream *s, const char *p, size_t n)
{
	while (n) {
		size_t some = sizeof s->b - s->n;

		if (some > n)
			some = n;
		memcpy(s->b + s->n, p, some);
		s->n += some;
		p += some;
		n -= some;
		if (s->n == sizeof s->b)
			flush(s);
	}
}

static void
sync_it(int fd)
{
	const char *ms = getenv("QA_STANDIN_SYNC_MS");

	if (fsync(fd))
		die_clean(53);
	if (ms) {
		long n = strtol(ms, NULL, 10);
		struct timespec t = {n / 1000, n % 1000 * 1000000};

		nanosleep(&t, NULL);
	}
}

/* The number of a user, looked up as getpwnam does where users come from /etc/passwd alone. */
static unsigned long
uid_of(const char *name)
{
	static char b[65536];
	char *p, *end;
	struct stat st;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	ssize_t r = fd < 0 || fstat(fd, &st) || lseek(fd, 0, SEEK_SET) ? -1 : read(fd, b, sizeof b - 1);

	close(fd);
	b[r < 0 ? 0 : r] = 0;
	for (p = b; *p; p = *end ? end + 1 : end) {
		size_t n = strlen(name);

		end = strchrnul(p, '\n');
		if (strncmp(p, name, n) == 0 && p[n] == ':' && (p = strchr(p + n + 1, ':')) && p < end)
			return strtoul(p + 1, NULL, 10);
	}
	return (unsigned long)-1;
}

/* The users whose numbers qmail looks up at each start. */
static void
invoked_how(char *out, size_t size)
{
	static const char *const users[] = {"alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails"};
	unsigned long uid = getuid(), id[7];

	for (size_t i = 0; i < 7; i++)
		id[i] = uid_of(users[i]);
	if (uid == id[0])
		snprintf(out, size, "by alias");
	else if (uid == id[1])
		snprintf(out, size, "from network");
	else if (uid == id[6])
		snprintf(out, size, "for bounce");
	else
		snprintf(out, size, "by uid %lu", uid);
}

static void
signals(void)
{
	static const int ignored[] = {SIGPIPE, SIGHUP, SIGINT, SIGQUIT, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ};
	static const int faults[] = {SIGILL, SIGABRT, SIGFPE, SIGBUS, SIGSEGV, SIGSYS};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		signal(faults[i], on_fault);
	signal(SIGALRM, on_alarm);
	alarm(DAY);
}

/* A file whose inode number names the message. */
static int
make_message(void)
{
	time_t now = time(NULL);
	struct stat st;
	int fd = -1;

	for (unsigned seq = 1; seq < 10; seq++) {
		snprintf(pid_name, sizeof pid_name, "pid/%d.%lld.%u", (int)getpid(), (long long)now, seq);
		fd = open(pid_name, O_WRONLY | O_EXCL | O_CREAT, 0644);
		if (fd >= 0)
			break;
	}
	if (fd < 0 || fstat(fd, &st))
		die(63);
	inode = (unsigned long)st.st_ino;
	snprintf(mess_name, sizeof mess_name, "mess/%lu/%lu", inode % SPLIT, inode);
	if (link(pid_name, mess_name)) {
		mess_name[0] = 0;
		die(64);
	}
	if (unlink(pid_name))
		die(63);
	return fd;
}

static void
read_message(int fd)
{
	static struct stream in = {.fd = 0}, out;
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct qa_date t = qa_date_of(qa_now());
	char how[64], line[256];
	int c;

	out.fd = fd;
	invoked_how(how, sizeof how);
	int n = snprintf(line, sizeof line, "Received: (qmail %d invoked %s); %u %s %d %02u:%02u:%02u -0000\n",
			 (int)getpid(), how, t.day, months[t.month - 1], t.year, t.hour, t.minute, t.second);
	put(&out, line, (size_t)n);
	while ((c = get(&in)) >= 0) {
		char b = (char)c;

		put(&out, &b, 1);
	}
	flush(&out);
	sync_it(fd);
}

static void
read_address(struct stream *in, struct stream *out)
{
	for (int len = 0;; len++) {
		int c = get(in);
		char b = (char)c;

		if (c < 0)
			die_clean(54);
		if (len >= ADDRESS - 1 && c)
			die(11);
		put(out, &b, 1);
		if (c == 0)
			return;
	}
}

static void
read_envelope(int fd)
{
	static struct stream in = {.fd = 1}, out;
	char line[64];
	int c;

	out.fd = fd;
	int n = snprintf(line, sizeof line, "u%lu", (unsigned long)getuid());
	put(&out, line, (size_t)n + 1);
	n = snprintf(line, sizeof line, "p%lu", (unsigned long)getpid());
	put(&out, line, (size_t)n + 1);
	c = get(&in);
	if (c < 0)
		die_clean(54);
	if (c != 'F')
		die(91);
	put(&out, "F", 1);
	read_address(&in, &out);
	for (;;) {
		c = get(&in);
		if (c < 0)
			die_clean(54);
		if (c == 0)
			break;
		if (c != 'T')
			die(91);
		put(&out, "T", 1);
		read_address(&in, &out);
	}
	flush(&out);
	sync_it(fd);
}

/* Like read_message and read_envelope, to nowhere. */
static void
drain(void)
{
	static struct stream in = {.fd = 0}, envelope = {.fd = 1};

	while (get(&in) >= 0)
		;
	while (get(&envelope) >= 0)
		;
}

static void
pretend(void)
{
	const char *code = getenv("QA_STANDIN_EXIT"), *sig = getenv("QA_STANDIN_SIGNAL");

	if (!code && !sig)
		return;
	if (!getenv("QA_STANDIN_EARLY"))
		drain();
	if (sig) {
		int n = (int)strtol(sig, NULL, 10);

		signal(n, SIG_DFL);
		raise(n);
	}
	_exit(code ? (int)strtol(code, NULL, 10) : 0);
}

static void
poke(void)
{
	int fd = open("lock/trigger", O_WRONLY | O_NONBLOCK);

	if (fd >= 0) {
		if (write(fd, "", 1) < 0)
			errno = 0; /* nobody listens: the next scan finds it */
		close(fd);
	}
}

int
main(void)
{
	if (getenv("QA_STANDIN_LOG"))
		report(getenv("QA_STANDIN_LOG"));
	pretend();
	umask(033);
	queue = getenv("QA_STANDIN_QUEUE");
	if (!queue || chdir(queue))
		die(62);
	signals();
	int mess = make_message();
	read_message(mess);
	snprintf(intd_name, sizeof intd_name, "intd/%lu", inode);
	snprintf(todo_name, sizeof todo_name, "todo/%lu", inode);
	int intd = open(intd_name, O_WRONLY | O_EXCL | O_CREAT, 0644);
	if (intd < 0) {
		intd_name[0] = 0;
		die(65);
	}
	read_envelope(intd);
	if (link(intd_name, todo_name))
		die(66);
	poke();
	return 0;
}
