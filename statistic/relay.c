#include "statistic/relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A descriptor that may be shared with others, so it is not made non-blocking. */
struct end {
	int fd;
	bool socket;
};

/* One way. */
struct way {
	struct end from, to;
	bool from_server;
	bool eof;  /* nothing more comes */
	bool shut; /* the end was passed on */
	bool dead; /* nobody takes it any longer: what comes is only seen */
	size_t at, n;
	uint64_t lost; /* bytes that nobody took */
	unsigned char hold[QA_RELAY_HOLD];
};

struct relay {
	struct qa_child *child;
	qa_relay_seen *seen; /* NULL: need not see more */
	void *ctx;
};

static struct way up, down; /* from the client, from the server */

static bool
is_socket(int fd)
{
	int type;
	socklen_t n = sizeof type;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0;
}

static bool
is_later(int num)
{
	return num == EAGAIN || num == EWOULDBLOCK || num == EINTR;
}

/* A pipe that poll calls writable takes PIPE_BUF bytes without waiting. */
static ssize_t
put(const struct end *e, const void *p, size_t n)
{
	if (e->socket)
		return send(e->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(e->fd, p, n > PIPE_BUF ? PIPE_BUF : n);
}

static ssize_t
get(const struct end *e, void *p, size_t n)
{
	return e->socket ? recv(e->fd, p, n, MSG_DONTWAIT) : read(e->fd, p, n);
}

static void
pass_end(struct way *w)
{
	w->shut = true;
	if (w->to.socket)
		shutdown(w->to.fd, SHUT_WR);
	else if (w->to.fd == 1)
		close(w->to.fd);
}

static void
flush(struct way *w)
{
	if (w->at < w->n && !w->dead) {
		ssize_t r = put(&w->to, w->hold + w->at, w->n - w->at);

		if (r >= 0)
			w->at += (size_t)r;
		else if (!is_later(errno))
			w->dead = true;
	}
	if (w->dead)
		w->lost += w->n - w->at;
	if (w->dead || w->at == w->n)
		w->at = w->n = 0;
	if (w->eof && w->n == 0 && !w->shut && !w->dead)
		pass_end(w);
}

static void
fill(struct way *w, struct relay *r)
{
	ssize_t n = get(&w->from, w->hold, sizeof w->hold);

	if (n < 0 && is_later(errno))
		return;
	if (n <= 0) {
		w->eof = true; /* a connection that was reset has ended too */
		flush(w);
		return;
	}
	w->at = 0;
	w->n = (size_t)n;
	if (r->seen && !r->seen(r->ctx, w->from_server, qa_span_of(w->hold, w->n)))
		r->seen = NULL;
	/* most often it is taken at once; a pipe must be asked first, as it would wait */
	if (w->to.socket || w->dead)
		flush(w);
}

/* Nothing is read before all that was read is passed on: so each way holds one piece. */
static bool
wants_in(const struct way *w)
{
	return !w->eof && w->n == 0;
}

static bool
wants_out(const struct way *w)
{
	return w->n != 0 && !w->dead;
}

static struct pollfd
asked(int fd, bool wanted, short events)
{
	return (struct pollfd){.fd = wanted ? fd : -1, .events = events};
}

/* False: the time is over. */
static bool
wait_for(struct relay *r, bool lingers)
{
	struct pollfd p[] = {
		asked(r->child->signals, true, POLLIN),
		asked(up.from.fd, wants_in(&up), POLLIN),
		asked(up.to.fd, wants_out(&up), POLLOUT),
		asked(down.from.fd, wants_in(&down), POLLIN),
		asked(down.to.fd, wants_out(&down), POLLOUT),
	};
	int n = poll(p, sizeof p / sizeof *p, lingers ? QA_RELAY_LINGER * 1000 : -1);

	if (n <= 0)
		return n < 0;
	if (p[4].revents)
		flush(&down);
	if (p[2].revents)
		flush(&up);
	if (p[3].revents)
		fill(&down, r);
	if (p[1].revents)
		fill(&up, r);
	if (p[0].revents)
		qa_child_news(r->child);
	return true;
}

static bool
is_over(bool ended)
{
	return ended && down.eof && (down.n == 0 || down.dead);
}

uint64_t
qa_relay_run(struct qa_child *child, int fd, qa_relay_seen *seen, void *ctx)
{
	struct relay r = {child, seen, ctx};
	const struct end in = {0, is_socket(0)}, out = {1, is_socket(1)}, server = {fd, true};

	up = (struct way){.from = in, .to = server};
	down = (struct way){.from = server, .to = out, .from_server = true};
	while (!is_over(child->ended)) {
		/* a socket tells by itself that the client is gone, behind the last bytes that came */
		if (down.dead && !down.to.socket && wants_in(&up)) {
			up.eof = true;
			flush(&up);
		}
		if (up.dead)
			up.eof = true;
		if (!wait_for(&r, child->ended && wants_out(&down)))
			break;
	}
	return down.lost + (down.n - down.at);
}
