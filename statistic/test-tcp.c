#include "statistic/tcp.h"
#include "tests/tap.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[1 << 16];

/* A connection over loopback. */
static void
join(int *server, int *client)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	*client = socket(AF_INET, SOCK_STREAM, 0);
	*server = -1;
	if (bind(s, (struct sockaddr *)&a, n) == 0 && listen(s, 1) == 0 && getsockname(s, (struct sockaddr *)&a, &n) == 0 &&
	    connect(*client, (struct sockaddr *)&a, n) == 0)
		*server = accept(s, NULL, NULL);
	close(s);
}

/* Waits until IN bytes came, or the other side ended or broke it. */
static struct qa_tcp
count(int fd, uint64_t in, bool open, bool broken)
{
	struct qa_tcp t = {0};

	for (int i = 0; i < 1000; i++) {
		if (qa_tcp_count(fd, &t))
			return (struct qa_tcp){.in = UINT64_MAX};
		if (t.in >= in && t.open == open && t.broken == broken)
			break;
		usleep(10000);
	}
	return t;
}

static void
kinds(int server, int client)
{
	int two[2], copy = dup(server);

	OK(qa_tcp_both(server, server) && qa_tcp_both(server, copy));
	OK(!qa_tcp_both(server, client) && !qa_tcp_both(server, -1) && !qa_tcp_both(-1, server));
	close(copy);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, two) == 0) {
		struct qa_tcp t;

		OK(!qa_tcp_both(two[0], two[0]) && qa_tcp_count(two[0], &t) == -1);
		close(two[0]);
		close(two[1]);
	}
	if (pipe(two) == 0) {
		OK(!qa_tcp_both(two[0], two[1]) && !qa_tcp_both(two[0], two[0]));
		close(two[0]);
		close(two[1]);
	}
}

/* Both ways, more than the client takes, to an end in order. */
static void
in_order(void)
{
	int server, client;
	uint64_t out = 0;
	struct qa_tcp t;
	ssize_t r;

	join(&server, &client);
	kinds(server, client);
	t = count(server, 0, true, false);
	OK(t.in == 0 && t.out == 0 && t.open && !t.broken);
	OK(send(client, bytes, 1000, 0) == 1000);
	t = count(server, 1000, true, false);
	OK(t.in == 1000 && t.out == 0);
	while ((r = send(server, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		out += (uint64_t)r;
	t = count(server, 1000, true, false);
	OKF(t.out == out, "%llu bytes written, some of them still here: %llu", (unsigned long long)out, (unsigned long long)t.out);
	shutdown(client, SHUT_WR);
	t = count(server, 1000, false, false);
	OK(t.in == 1000 && t.out == out && !t.open && !t.broken);
	for (uint64_t got = 0; got < out && (r = recv(client, bytes, sizeof bytes, 0)) > 0;)
		got += (uint64_t)r;
	t = count(server, 1000, false, false);
	OK(t.in == 1000 && t.out == out);
	close(server);
	close(client);
}

static void
reset(void)
{
	const struct linger now = {1, 0};
	uint64_t out = 0;
	int server, client;
	struct qa_tcp t;
	ssize_t r;

	join(&server, &client);
	OK(send(client, bytes, 10, 0) == 10);
	while ((r = send(server, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
		out += (uint64_t)r;
	count(server, 10, true, false);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(client);
	t = count(server, 10, false, true);
	OK(t.broken && !t.open && t.in == 10 && t.out > 0 && t.out <= out);
	close(server);
}

int
main(void)
{
	in_order();
	reset();
	return done();
}
