/*
 * peer: what md_journal may meet at its socket. MAILDEPOT_HOME names the instance.
 *
 *	peer hold N SECONDS	N connections that say nothing; prints how many were not closed at once, waits
 *	peer pairs N		N store requests on one connection, two at a time without waiting; prints the answers
 *	peer deaf N		N store requests, never reads an answer, then waits for SIGTERM
 *	peer bad		a request md_journal must refuse; prints the answer and whether the connection was closed
 *	peer seen HEX		whether a message with this SHA-256 is known
 *	peer big N		N messages of 1 MiB on one connection each, sent at once; prints how many were stored
 *	peer mix N ROUNDS	N processes, each three times so many connections of three kinds by chance: one request, two in
 *				turn, and one that hangs up without hearing; prints how many were treated as they should
 */
#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "journal/door.h"
#include "qmail-archive/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int
join(void)
{
	struct qa_err err;
	int fd = qa_door_connect(getenv("MAILDEPOT_HOME"), &err);

	if (fd < 0) {
		fprintf(stderr, "peer: %s\n", err.text);
		exit(111);
	}
	return fd;
}

static struct qa_id
request(int sock, size_t size, bool good)
{
	struct qa_buf f = QA_BUF(0);
	struct qa_record_head h = {.message = size};
	struct qa_err err;
	struct qa_id id;
	int fd = -1;

	if (qa_random(&id, sizeof id) || qa_claims_capture(&f, &id, QA_MESSAGE, QA_QUEUE, "peer") ||
	    qa_field_add_str(&f, QA_F_SENDER, "") || (!good && qa_field_add_str(&f, QA_F_SENDER, "")))
		exit(111);
	if (size) {
		unsigned char *p = calloc(1, size);

		fd = memfd_create("peer", MFD_ALLOW_SEALING | MFD_CLOEXEC);
		if (!p || fd < 0 || write(fd, p, size) != (ssize_t)size ||
		    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
			exit(111);
		h.digest = qa_sha256_of(qa_span_of(p, size));
		free(p);
	} else {
		h.digest = qa_sha256_of(qa_span_of("", 0));
	}
	h.fields = f.n;
	if (qa_door_send(sock, &h, QA_DOOR_STORE, qa_buf_span(&f), fd, &err)) {
		fprintf(stderr, "peer: %s\n", err.text);
		exit(111);
	}
	if (fd >= 0)
		close(fd);
	qa_buf_free(&f);
	return id;
}

/* The status of the answer; 1000 closed, 1001 none in ten seconds. */
static int
answer(int sock)
{
	unsigned char packet[QA_DOOR_ANSWER];
	struct pollfd p = {.fd = sock, .events = POLLIN};
	struct qa_id id;
	int status;

	if (poll(&p, 1, 10000) != 1)
		return 1001;
	ssize_t n = recv(sock, packet, sizeof packet, 0);
	if (n <= 0)
		return 1000;
	return qa_door_answer_get(qa_span_of(packet, (size_t)n), &status, &id) ? 1002 : status;
}

static void
hold(long count, unsigned seconds)
{
	long open = 0;
	int *fd = calloc((size_t)count, sizeof *fd);

	for (long i = 0; fd && i < count; i++)
		fd[i] = join();
	usleep(200000);
	for (long i = 0; fd && i < count; i++)
		open += recv(fd[i], &(char){0}, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
	printf("%ld\n", open);
	fflush(stdout);
	sleep(seconds);
	free(fd);
}

static void
pairs(long count)
{
	int sock = join();

	for (long i = 0; i < count; i += 2) {
		request(sock, 10, true);
		request(sock, 10, true);
		printf("%d ", answer(sock));
		printf("%d ", answer(sock));
	}
	putchar('\n');
}

static void
deaf(long count)
{
	for (long i = 0; i < count; i++)
		request(join(), 10, true);
	pause();
}

static void
bad(void)
{
	int sock = join();

	request(sock, 10, false);
	int status = answer(sock);
	printf("%s %s\n", status == EINVAL ? "EINVAL" : "?", answer(sock) == 1000 ? "closed" : "open");
}

static void
seen(const char *hex)
{
	struct qa_record_head h = {0};
	int sock = join(), status;
	struct qa_err err;

	if (qa_unhex(qa_span_str(hex), h.digest.b, sizeof h.digest.b) ||
	    qa_door_send(sock, &h, QA_DOOR_SEEN, qa_span_of(NULL, 0), -1, &err) ||
	    qa_door_wait(sock, qa_tick() + 5 * QA_SECOND, NULL, &status, &err) != 1)
		exit(111);
	puts(status == 0 ? "seen" : status == ENOENT ? "not" : "?");
}

static void
big(long count)
{
	int *fd = calloc((size_t)count, sizeof *fd);
	long stored = 0;

	for (long i = 0; fd && i < count; i++) {
		fd[i] = join();
		request(fd[i], QA_DOOR_MESSAGE_MAX, true);
	}
	for (long i = 0; fd && i < count; i++)
		stored += answer(fd[i]) == 0;
	printf("%ld\n", stored);
	free(fd);
}

static bool
ask(int sock)
{
	struct qa_record_head h = {0};
	struct qa_err err;

	return qa_door_send(sock, &h, QA_DOOR_SEEN, qa_span_of(NULL, 0), -1, &err) == 0 && answer(sock) == ENOENT;
}

/* Exits with how many were not served. */
static void
mix_one(long rounds, unsigned seed)
{
	int bad = 0;

	srandom(seed);
	for (long i = 0; i < 3 * rounds; i++) {
		long kind = random() % 3;
		int sock = join();

		if (kind == 1)
			bad += !ask(sock);
		request(sock, 10, true);
		if (kind < 2)
			bad += answer(sock) != 0;
		close(sock);
		if (bad > 100)
			break;
	}
	exit(bad < 100 ? bad : 100);
}

static void
mix(long count, long rounds)
{
	long good = 0;
	int status;

	for (long i = 0; i < count; i++)
		if (fork() == 0)
			mix_one(rounds, (unsigned)i);
	while (wait(&status) > 0)
		good += WIFEXITED(status) && WEXITSTATUS(status) <= 100 ? 3 * rounds - WEXITSTATUS(status) : 0;
	printf("%ld\n", good);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

	if (strcmp(what, "hold") == 0 && argc == 4)
		hold(n, (unsigned)strtoul(argv[3], NULL, 10));
	else if (strcmp(what, "pairs") == 0)
		pairs(n);
	else if (strcmp(what, "deaf") == 0)
		deaf(n);
	else if (strcmp(what, "bad") == 0)
		bad();
	else if (strcmp(what, "seen") == 0 && argc == 3)
		seen(argv[2]);
	else if (strcmp(what, "big") == 0)
		big(n);
	else if (strcmp(what, "mix") == 0 && argc == 4)
		mix(n, strtol(argv[3], NULL, 10));
	else
		return 111;
	return 0;
}
