#include "qmail-archive/journald.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "qmail-archive/lanes.h"
#include "qmail-archive/listen.h"
#include "qmail-archive/seen.h"
#include "qmail-archive/tally.h"
#include "sys/sandbox.h"
#include "sys/sys.h"

#include <errno.h>
#include <libowfat/io.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	TURN = 5000,   /* ms between looks at the clock when nothing happens */
	REST = 500,    /* ms without new doors where there is no descriptor for one */
	WELCOMES = 256, /* new doors between two commits */
	SPARE_FDS = 32,
};

/*
 * A door. It is in the list from accept until it is dropped, newest activity last; then it is dead, and closed at the end of
 * the turn. libowfat keeps chains of descriptors that may be read: one that is closed, and then opened again as
 * something else, while it is in such a chain breaks it. So nothing is closed before they are empty, and what is not read to its
 * end is never left to them (io_eagain_read at once; the kernel tells again).
 */
struct conn {
	int fd;
	struct qa_peer peer;
	uint64_t active; /* qa_tick */
	bool waits;	 /* for the batch */
	bool lost;	 /* to be dropped once the batch is done */
	bool paused;	 /* spoke, or hung up, while it waits: looked at after the answer */
	bool dead;
	struct conn *prev, *next;
};

struct daemon {
	const struct qa_journald *conf;
	int listener, signals;
	unsigned most, connections;
	struct conn list;  /* its head */
	struct conn *dead; /* by next */
	struct qa_lanes *lanes;
	struct qa_seen *seen;
	struct qa_tally *tally; /* NULL: nobody wants lines */
	bool stop, failing;
	bool again;	/* something is to be done without waiting for news */
	uint64_t rests; /* qa_tick until which no new doors are taken, 0 = they are */
	uint64_t records, batches;
};

static void
unlist(struct conn *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
}

static void
enlist(struct daemon *d, struct conn *c)
{
	c->active = qa_tick();
	c->prev = d->list.prev;
	c->next = &d->list;
	c->prev->next = c->next->prev = c;
}

static void
drop(struct daemon *d, struct conn *c)
{
	if (c->waits) {
		c->lost = true; /* the batch still points here */
		return;
	}
	if (c->dead)
		return;
	c->dead = true;
	unlist(c);
	c->next = d->dead;
	d->dead = c;
}

/* Only where io_canread has just said that there is nothing. */
static void
bury(struct daemon *d)
{
	for (struct conn *c; (c = d->dead);) {
		d->dead = c->next;
		io_close(c->fd);
		free(c);
		d->connections--;
	}
}

/* Whether the door can still hear it. */
static bool
answer(struct daemon *d, struct conn *c, int status, const struct qa_id *id)
{
	unsigned char packet[QA_DOOR_ANSWER];

	qa_door_answer_put(status, id, packet);
	if (send(c->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof packet)
		return true;
	drop(d, c);
	return false;
}

/* A batch is durable, or not: everybody in it hears. */
static void
tell(struct daemon *d, struct qa_batch *b, int status, const struct qa_err *err)
{
	if (status)
		qa_log(QA_ALERT, "event=journal.commit.failed count=%zu why=%s", b->n, qa_log_quote(err->text));
	else if (d->failing)
		qa_log(QA_NOTICE, "event=journal.commit.ok count=%zu", b->n);
	d->failing = status != 0;
	d->batches++;
	for (size_t i = 0; i < b->n; i++) {
		struct qa_waiter *w = &b->v[i];
		struct conn *c = w->who;

		c->waits = false;
		if (status == 0) {
			d->records++;
			if (w->message_whole)
				qa_seen_add(d->seen, &w->digest);
		}
		if (c->lost)
			drop(d, c);
		else
			w->told = answer(d, c, status, &w->id);
		if (c->paused && !c->dead) {
			c->paused = false;
			io_wantread(c->fd);
			d->again = true; /* io_waituntil2 does not look whether it knows something already */
		}
	}
	/* behind all answers: nobody waits for these */
	for (size_t i = 0; i < b->n && status == 0; i++)
		if (b->v[i].told)
			qa_tally_add(d->tally, b->v[i].fields, b->v[i].bytes);
}

/* Sends what may go and tells what is done; with WAIT, one batch at least where any is under way. */
static void
commit(struct daemon *d, bool wait)
{
	struct qa_batch *b;
	struct qa_err err;
	int status;

	qa_lanes_send(d->lanes);
	while ((b = qa_lanes_done(d->lanes, wait, &status, &err))) {
		tell(d, b, status, &err);
		qa_lanes_reuse(d->lanes, b);
		qa_lanes_send(d->lanes);
		wait = false;
	}
}

static void
store(struct daemon *d, struct conn *c, struct qa_request *r)
{
	struct qa_err err;
	int rc;

	while ((rc = qa_batch_add(qa_lanes_gathering(d->lanes), r, c, &err)) == 1)
		commit(d, true);
	if (rc == 0) {
		c->waits = true;
		return;
	}
	qa_log(QA_ERROR, "event=journal.record.refused pid=%u why=%s", c->peer.pid, qa_log_quote(err.text));
	(void)answer(d, c, err.num, &r->id);
}

/* A malformed request is answered, then its connection is closed: nothing after it can be trusted. */
static void
reject(struct daemon *d, struct conn *c, const struct qa_request *r, const struct qa_err *err)
{
	unsigned char packet[QA_DOOR_ANSWER];

	qa_log(QA_WARNING, "event=journal.request.malformed uid=%u pid=%u why=%s", c->peer.uid, c->peer.pid,
	       qa_log_quote(err->text));
	qa_door_answer_put(err->num, &r->id, packet);
	(void)!send(c->fd, packet, sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL);
	drop(d, c);
}

/* What a connection has to say: one request, for a door has one under way at a time. */
static void
serve(struct daemon *d, struct conn *c)
{
	struct qa_request r;
	struct qa_err err;

	if (c->dead)
		return;
	if (c->waits) {
		io_dontwantread(c->fd);
		c->paused = true;
		return;
	}
	int got = qa_request_receive(c->fd, &c->peer, &r, &err);
	if (got == 0) {
		if (errno != EAGAIN)
			drop(d, c);
		return;
	}
	unlist(c);
	enlist(d, c);
	if (got < 0)
		reject(d, c, &r, &err);
	else if (r.what == QA_DOOR_SEEN)
		(void)answer(d, c, qa_seen_has(d->seen, &r.head.digest) ? 0 : ENOENT, NULL);
	else if (r.what == QA_DOOR_COUNT)
		qa_tally_add(d->tally, r.fields, r.head.message);
	else
		store(d, c, &r);
	qa_close(&r.fd);
}

static void
welcome(struct daemon *d, int fd)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c || qa_request_peer(fd, &c->peer) || !io_fd_flags(fd, IO_FD_NONBLOCK)) {
		close(fd);
		free(c);
		return;
	}
	c->fd = fd;
	io_setcookie(fd, c);
	d->connections++;
	enlist(d, c);
	io_wantread(fd);
	serve(d, c); /* its request is there already, as a rule */
}

/* No descriptor or no memory for another door: it stays in the queue, and asking again at once is of no use. */
static void
rest(struct daemon *d)
{
	qa_log(QA_ERROR, "event=journal.accept.failed why=%s", qa_log_quote(strerror(errno)));
	io_dontwantread(d->listener);
	d->rests = qa_tick() + REST * (QA_SECOND / 1000);
}

static void
receive_doors(struct daemon *d)
{
	/* above the limit a door is turned away at once, and writes a direct file */
	for (int i = 0; i < WELCOMES; i++) {
		int fd = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno != EAGAIN)
				rest(d);
			return;
		}
		if (d->connections >= d->most)
			close(fd);
		else
			welcome(d, fd);
	}
}

/* The number of connections: HOME/etc/journal-connections, else as the program was told. */
static void
read_settings(struct daemon *d)
{
	struct rlimit files;
	uint64_t n = d->conf->connections;
	struct qa_err err;

	if (qa_control_size(AT_FDCWD, "etc/journal-connections", &n, &err) < 0) {
		qa_log(QA_ERROR, "event=journal.settings.failed why=%s", qa_log_quote(err.text));
	} else if (n < 1 || n > QA_JOURNALD_MOST) {
		qa_log(QA_ERROR, "event=journal.settings.failed file=etc/journal-connections why=\"not a number from 1 to 100000\"");
		n = d->conf->connections;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < n + SPARE_FDS) {
		files.rlim_cur = files.rlim_max < n + SPARE_FDS ? files.rlim_max : n + SPARE_FDS;
		setrlimit(RLIMIT_NOFILE, &files);
		if (files.rlim_cur < n + SPARE_FDS)
			n = files.rlim_cur > SPARE_FDS ? files.rlim_cur - SPARE_FDS : 1;
	}
	d->most = (unsigned)n;
}

static void
take_signal(struct daemon *d)
{
	struct signalfd_siginfo s;

	while (read(d->signals, &s, sizeof s) == sizeof s)
		if (s.ssi_signo == SIGHUP) {
			read_settings(d);
			qa_log(QA_INFO, "event=journal.settings.ok connections=%u", d->most);
		} else {
			d->stop = true;
		}
}

/* Doors leave when they have their answer; one that stays silent is stopped, or not a door. */
static void
drop_idle(struct daemon *d)
{
	uint64_t now = qa_tick();

	for (struct conn *c = d->list.next, *next; c != &d->list; c = next) {
		next = c->next;
		if (now - c->active < QA_JOURNALD_IDLE * QA_SECOND)
			return;
		drop(d, c);
	}
}

static void
await(struct daemon *d)
{
	bool now = d->again || d->dead;

	d->again = false;
	io_waituntil2(now ? 0 : d->rests ? REST : TURN);
	if (d->rests && qa_tick() >= d->rests) {
		d->rests = 0;
		io_wantread(d->listener);
	}
}

static void
turn(struct daemon *d)
{
	int64 fd;

	await(d);
	while ((fd = io_canread()) != -1) {
		io_eagain_read(fd);
		if (fd == d->listener)
			receive_doors(d);
		else if (fd == d->signals)
			take_signal(d);
		else if (fd == qa_lanes_fd(d->lanes))
			qa_lanes_heard(d->lanes);
		else
			serve(d, io_getcookie(fd));
	}
	bury(d);
	commit(d, false);
	qa_lanes_rotate(d->lanes);
	drop_idle(d);
	qa_tally_report(d->tally);
}

static int
watch_signals(struct daemon *d, struct qa_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigprocmask(SIG_SETMASK, &set, NULL);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signals < 0 || !io_fd_flags(d->signals, IO_FD_NONBLOCK))
		return qa_fail(err, errno, "cannot watch for signals: ");
	io_wantread(d->signals);
	return 0;
}

/* The first line of etc/sandbox: `required` refuses to run without one; without the file it is used where the
 * kernel has it. */
static int
shut(const struct daemon *d, struct qa_err *err)
{
	const unsigned add = QA_SANDBOX_READ | QA_SANDBOX_WRITE | QA_SANDBOX_MAKE;
	const struct qa_sandbox_rule rules[] = {
		{"journal", add},
		{"etc", QA_SANDBOX_READ | QA_SANDBOX_MAYBE},
		{qa_tally_folder(d->tally), add | QA_SANDBOX_MAYBE},
	};
	const size_t n = sizeof rules / sizeof *rules - !d->tally;
	struct qa_buf word = QA_BUF(QA_CONTROL_FILE);
	int got = qa_control_text(AT_FDCWD, "etc/sandbox", &word, err);
	bool required = got == 1 && qa_span_is(qa_buf_span(&word), "required");

	qa_buf_free(&word);
	if (got < 0)
		return -1;
	got = qa_sandbox_apply(rules, n, required, err);
	if (got == 0)
		qa_log(QA_NOTICE, "event=journal.sandbox.none why=\"the kernel has no Landlock\"");
	return got < 0 ? -1 : 0;
}

static int
start(struct daemon *d, struct qa_err *err)
{
	if (chdir(d->conf->home))
		return qa_fail(err, errno, "cannot change to %s: ", d->conf->home);
	if (qa_listen_folders(err) || qa_lanes_open("journal", d->conf->preallocate, &d->lanes, err))
		return -1;
	qa_listen_sweep();
	d->seen = qa_seen_new();
	if (!d->seen)
		return qa_fail(err, ENOMEM, "cannot start: ");
	/* statistics are no reason not to take mail */
	if (qa_tally_open(".", &d->tally, err) < 0)
		qa_log(QA_ERROR, "event=journal.stats.failed why=%s", qa_log_quote(err->text));
	if (watch_signals(d, err))
		return -1;
	d->listener = qa_listen(err);
	if (d->listener < 0)
		return -1;
	if (!io_fd_flags(d->listener, IO_FD_NONBLOCK))
		return qa_fail(err, ENOMEM, "cannot watch the socket: ");
	io_wantread(d->listener);
	read_settings(d);
	if (d->conf->sandbox && shut(d, err))
		return -1;
	qa_lanes_start(d->lanes);
	if (qa_tally_start(d->tally, err))
		qa_log(QA_ERROR, "event=journal.stats.failed why=%s", qa_log_quote(err->text));
	if (qa_lanes_fd(d->lanes) >= 0) {
		if (!io_fd_flags(qa_lanes_fd(d->lanes), IO_FD_NONBLOCK))
			return qa_fail(err, ENOMEM, "cannot watch the lanes: ");
		io_wantread(qa_lanes_fd(d->lanes));
	}
	return 0;
}

int
qa_journald_run(const struct qa_journald *conf, struct qa_err *err)
{
	static struct daemon d;

	d.conf = conf;
	d.list.prev = d.list.next = &d.list;
	if (start(&d, err))
		return -1;
	qa_log(QA_INFO, "event=journal.start.ok home=%s connections=%u", qa_log_quote(conf->home), d.most);
	if (conf->ready_fd >= 0) {
		(void)!write(conf->ready_fd, "\n", 1);
		close(conf->ready_fd);
	}
	while (!d.stop)
		turn(&d);
	while (qa_lanes_busy(d.lanes) || qa_lanes_gathering(d.lanes)->n)
		commit(&d, true);
	while (d.list.next != &d.list)
		drop(&d, d.list.next);
	bury(&d);
	qa_lanes_close(d.lanes);
	qa_tally_close(d.tally);
	qa_seen_free(d.seen);
	qa_log(QA_INFO, "event=journal.stop.ok count=%llu batches=%llu", (unsigned long long)d.records,
	       (unsigned long long)d.batches);
	return 0;
}
