/*
 * inject: starts a queue program the way qmail-smtpd does (pipes on 0, 1 and 6, pieces of 1 KB, reads 6 to its end, then
 * waits), and says what became of it. Also the load of the bench: many at once, with latencies.
 *
 *	inject [options] PROGRAM
 *	-f SENDER -r RCPT	envelope (RCPT repeats; -R N makes N of them)
 *	-m FILE | -s SIZE	message (SIZE bytes are made up, each different)
 *	-c N			hang up after N bytes of the message: no envelope
 *	-e N			stop after N bytes of the envelope
 *	-E FILE			send FILE as the envelope, as it is
 *	-w MS			wait so long before each piece
 *	-6 -2			no descriptor 6; descriptor 2 closed
 *	-x			more descriptors open, as qmail-send has them (3, 4, 5, 7, 8)
 *	-b			SIGCHLD blocked, SIGPIPE, TERM and HUP ignored
 *	-n N -p N		N messages by each of N injectors at once; prints rate and latencies
 *	-t SECONDS		instead of -n: as many as it can in this time
 *	-l FILE			a line for each: Message-ID, its injector, begin and end in ms, status of wait (0 = accepted)
 *
 * One message: prints "exit=N" or "signal=N", "write=ok|failed", "pid=N", "text=..." and exits 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1024, TEXT = 1024 };

struct bytes {
	char *p;
	size_t n, size;
};

static struct {
	char *program;
	struct bytes message, envelope;
	size_t size;
	long cut, cut_envelope;
	int wait_ms, no6, no2, extra, block;
	int count, parallel, seconds, log;
} o = {.cut = -1, .cut_envelope = -1, .count = 1, .parallel = 1, .log = -1};

enum { MOST_A_SECOND = 2000 }; /* messages of one injector with -t */

struct result {
	pid_t pid;
	int status, write_failed;
	char text[TEXT];
	size_t text_n;
};

static void __attribute__((noreturn))
die(const char *what)
{
	perror(what);
	exit(111);
}

static void
append(struct bytes *b, const void *p, size_t n)
{
	if (b->n + n + 1 > b->size) {
		b->size = (b->n + n + 1) * 2;
		b->p = realloc(b->p, b->size);
	}
	if (!b->p)
		die("inject");
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static struct bytes
slurp(const char *file)
{
	struct bytes b = {NULL, 0, 0};
	char piece[65536];
	int fd = open(file, O_RDONLY);
	ssize_t r;

	if (fd < 0)
		die(file);
	append(&b, "", 0);
	while ((r = read(fd, piece, sizeof piece)) > 0)
		append(&b, piece, (size_t)r);
	close(fd);
	return b;
}

/* Not SIZE bytes of one letter: lines of text that differ from message to message. */
static struct bytes
make_message(size_t size, unsigned long number)
{
	struct bytes b = {NULL, 0, 0};
	char line[80];
	int n = snprintf(line, sizeof line, "Message-ID: <%lu.%d@inject>\n", number, (int)getpid());
	uint64_t x = number * 0x9e3779b97f4a7c15u + (uint64_t)getpid();

	append(&b, line, (size_t)n);
	n = snprintf(line, sizeof line, "Subject: injected\n\n");
	append(&b, line, (size_t)n);
	while (b.n < size) {
		for (int i = 0; i < 63; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			line[i] = (char)('a' + (x >> 59) % 26);
		}
		line[63] = '\n';
		append(&b, line, b.n + 64 > size ? size - b.n : 64);
	}
	b.n = size < b.n ? size : b.n;
	return b;
}

static void __attribute__((noreturn))
child(int message[2], int envelope[2], int text[2])
{
	/* to high numbers first, so that nothing is overwritten on its way down */
	int m = fcntl(message[0], F_DUPFD, 20), e = fcntl(envelope[0], F_DUPFD, 20);
	int t = o.no6 ? -1 : fcntl(text[1], F_DUPFD, 20);
	char *argv[2];

	dup2(m, 0);
	dup2(e, 1);
	for (int fd = 3; fd < 64; fd++)
		if (fd != m && fd != e && fd != t)
			close(fd);
	if (t >= 0)
		dup2(t, 6);
	for (int fd = 20; fd < 64; fd++)
		close(fd);
	if (o.extra)
		for (int fd = 3; fd <= 8; fd++)
			if (fd != 6) {
				int null = open("/dev/null", O_RDWR);

				if (null != fd) {
					dup2(null, fd);
					close(null);
				}
			}
	if (o.no2)
		close(2);
	if (o.block) {
		sigset_t s;

		sigemptyset(&s);
		sigaddset(&s, SIGCHLD);
		sigprocmask(SIG_BLOCK, &s, NULL);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	}
	argv[0] = o.program;
	argv[1] = NULL;
	execv(o.program, argv);
	_exit(120);
}

/* vfork, as qmail does: its cost is part of what is measured. */
static pid_t
start(int message[2], int envelope[2], int text[2])
{
	pid_t pid = vfork();

	if (pid == 0)
		child(message, envelope, text);
	return pid;
}

static int
send_bytes(int fd, const char *p, size_t n)
{
	while (n) {
		size_t some = n < PIECE ? n : PIECE;
		ssize_t r;

		if (o.wait_ms) {
			struct timespec t = {o.wait_ms / 1000, o.wait_ms % 1000 * 1000000L};

			nanosleep(&t, NULL);
		}
		r = write(fd, p, some);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static void
inject(const struct bytes *m, struct result *r)
{
	int message[2], envelope[2], text[2];
	size_t n = o.cut >= 0 && (size_t)o.cut < m->n ? (size_t)o.cut : m->n, e = o.envelope.n;

	if (pipe2(message, O_CLOEXEC) || pipe2(envelope, O_CLOEXEC) || pipe2(text, O_CLOEXEC))
		die("inject: pipe");
	r->pid = start(message, envelope, text);
	if (r->pid < 0)
		die("inject: fork");
	close(message[0]);
	close(envelope[0]);
	close(text[1]);
	r->write_failed = send_bytes(message[1], m->p, n) != 0;
	close(message[1]);
	if (o.cut >= 0)
		e = 0;
	if (o.cut_envelope >= 0 && (size_t)o.cut_envelope < e)
		e = (size_t)o.cut_envelope;
	if (send_bytes(envelope[1], o.envelope.p, e))
		r->write_failed = 1;
	close(envelope[1]);
	for (r->text_n = 0; r->text_n < TEXT - 1;) {
		ssize_t got = read(text[0], r->text + r->text_n, TEXT - 1 - r->text_n);

		if (got <= 0)
			break;
		r->text_n += (size_t)got;
	}
	r->text[r->text_n] = 0;
	close(text[0]);
	while (waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
		;
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One injector: its latencies go to ms; the number that failed. */
static int
injector(double *ms, unsigned long first)
{
	double until = now_ms() + o.seconds * 1e3;
	int failed = 0;

	for (int i = 0; i < o.count && (!o.seconds || now_ms() < until); i++) {
		struct bytes m = o.message.p ? o.message : make_message(o.size, first + (unsigned long)i);
		struct result r;
		double start = now_ms();

		inject(&m, &r);
		ms[i] = now_ms() - start;
		if (r.status || r.write_failed)
			failed++;
		if (o.log >= 0)
			dprintf(o.log, "%lu.%d@inject %d %.3f %.3f %d\n", first + (unsigned long)i, (int)getpid(), (int)getpid(),
				start, start + ms[i], r.status);
		if (!o.message.p)
			free(m.p);
	}
	return failed;
}

static int
load(void)
{
	size_t all = (size_t)o.count * (size_t)o.parallel;
	double *ms = mmap(NULL, all * sizeof *ms, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct rusage u;
	int status, failed = 0;

	if (ms == MAP_FAILED)
		die("inject: mmap");
	double start = now_ms();
	for (int i = 0; i < o.parallel; i++)
		switch (fork()) {
		case -1:
			die("inject: fork");
		case 0: {
			int bad = injector(ms + (size_t)i * (size_t)o.count, (unsigned long)i * 1000000);
			_exit(bad > 100 ? 100 : bad);
		}
		default:
			break;
		}
	while (wait(&status) > 0)
		failed += WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	double took = now_ms() - start;
	if (o.seconds) { /* what was not used of each part is 0 */
		size_t used = 0;

		for (size_t i = 0; i < all; i++)
			if (ms[i] > 0)
				ms[used++] = ms[i];
		all = used ? used : 1;
	}
	qsort(ms, all, sizeof *ms, by_size);
	getrusage(RUSAGE_CHILDREN, &u);
	double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
		     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
	printf("messages=%zu failed=%d seconds=%.2f rate=%.0f p50=%.2f p90=%.2f p99=%.2f max=%.2f cpu=%.3f faults=%ld\n", all, failed,
	       took / 1e3, (double)all / took * 1e3, ms[all / 2], ms[all * 9 / 10], ms[all * 99 / 100], ms[all - 1],
	       cpu / (double)all, u.ru_minflt / (long)all);
	return failed ? 1 : 0;
}

static void
one(void)
{
	struct bytes m = o.message.p ? o.message : make_message(o.size, 1);
	struct result r;

	inject(&m, &r);
	if (WIFSIGNALED(r.status))
		printf("signal=%d", WTERMSIG(r.status));
	else
		printf("exit=%d", WEXITSTATUS(r.status));
	printf(" write=%s pid=%d text=%s\n", r.write_failed ? "failed" : "ok", (int)r.pid, r.text);
	if (!o.message.p)
		free(m.p);
}

static int
number(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

int
main(int argc, char **argv)
{
	struct bytes rcpt = {NULL, 0, 0};
	const char *sender = "sender@example.com", *raw = NULL;
	int c;

	o.size = 4096;
	while ((c = getopt(argc, argv, "f:r:R:m:s:c:e:E:w:62xbn:p:t:l:")) != -1)
		switch (c) {
		case 'f': sender = optarg; break;
		case 'r':
			append(&rcpt, "T", 1);
			append(&rcpt, optarg, strlen(optarg) + 1);
			break;
		case 'R':
			for (int i = 0; i < number(optarg); i++) {
				char t[64];
				int n = snprintf(t, sizeof t, "Tuser%d@example.com", i);
				append(&rcpt, t, (size_t)n + 1);
			}
			break;
		case 'm': o.message = slurp(optarg); break;
		case 's': o.size = (size_t)strtoul(optarg, NULL, 10); break;
		case 'c': o.cut = strtol(optarg, NULL, 10); break;
		case 'e': o.cut_envelope = strtol(optarg, NULL, 10); break;
		case 'E': raw = optarg; break;
		case 'w': o.wait_ms = number(optarg); break;
		case '6': o.no6 = 1; break;
		case '2': o.no2 = 1; break;
		case 'x': o.extra = 1; break;
		case 'b': o.block = 1; break;
		case 'n': o.count = number(optarg); break;
		case 't':
			o.seconds = number(optarg);
			o.count = o.seconds * MOST_A_SECOND;
			break;
		case 'l':
			o.log = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
			if (o.log < 0)
				die(optarg);
			break;
		case 'p': o.parallel = number(optarg); break;
		default: return 111;
		}
	if (optind != argc - 1) {
		fprintf(stderr, "usage: inject [options] PROGRAM\n");
		return 111;
	}
	o.program = argv[optind];
	signal(SIGPIPE, SIG_IGN);
	if (raw) {
		o.envelope = slurp(raw);
	} else {
		append(&o.envelope, "F", 1);
		append(&o.envelope, sender, strlen(sender) + 1);
		if (rcpt.n)
			append(&o.envelope, rcpt.p, rcpt.n);
		append(&o.envelope, "", 1);
	}
	int rc = 0;
	if (o.count > 1 || o.parallel > 1)
		rc = load();
	else
		one();
	free(rcpt.p);
	free(o.envelope.p);
	free(o.message.p);
	return rc;
}
