#include "qmail-archive/lanes.h"
#include "base/clock.h"
#include "sys/sys.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	SLOW = 1000000,			 /* ns; a sync of a slow disk takes longer */
	MOST = 16 * SLOW,		 /* more than this in one sync is an accident */
	WEIGHT = 8,			 /* of the syncs before in their mean */
	STACK = 256 << 10,
};

enum state { FREE, GATHERING, SENT, DONE };

/* Belongs to the thread from SENT to DONE, else to the caller. */
struct lane {
	struct qa_lanes *all;
	struct qa_batch batch;
	_Atomic enum state state;
	int status;
	struct qa_err err;
	uint64_t began, took; /* qa_tick, ns */
	pthread_t thread;
	bool has_thread;
	sem_t go;
};

struct qa_lanes {
	struct lane lane[QA_LANES];
	struct lane *gathering;
	unsigned sent;	/* SENT or DONE */
	uint64_t usual; /* mean of the last syncs, ns */
	int event;
	_Atomic bool end;
};

static void
write_out(struct lane *n)
{
	n->status = 0;
	if (qa_journal_commit(n->batch.journal, &n->err))
		n->status = n->err.num ? n->err.num : EIO;
	n->took = qa_tick() - n->began;
	atomic_store(&n->state, DONE);
}

static void *
work(void *arg)
{
	struct lane *n = arg;
	const uint64_t one = 1;

	for (;;) {
		while (sem_wait(&n->go))
			;
		if (atomic_load(&n->all->end))
			return NULL;
		write_out(n);
		(void)!write(n->all->event, &one, sizeof one);
	}
}

int
qa_lanes_open(const char *folder, uint64_t preallocate, struct qa_lanes **l_r, struct qa_err *err)
{
	struct qa_lanes *l = calloc(1, sizeof *l);
	struct qa_journal *j;

	if (!l)
		return qa_fail(err, ENOMEM, "cannot start: ");
	l->event = -1;
	for (size_t i = 0; i < QA_LANES; i++) {
		struct lane *n = &l->lane[i];

		if (i == 0 ? qa_journal_open(folder, preallocate, &j, err)
			   : qa_journal_beside(l->lane[0].batch.journal, &j, err))
			goto fail;
		n->all = l;
		if (qa_batch_open(&n->batch, j, err)) {
			qa_journal_close(j);
			n->batch.journal = NULL;
			goto fail;
		}
	}
	l->gathering = l->lane;
	l->lane[0].state = GATHERING;
	*l_r = l;
	return 0;
fail:
	qa_lanes_close(l);
	return -1;
}

void
qa_lanes_start(struct qa_lanes *l)
{
	pthread_attr_t a;

	l->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->event < 0 || pthread_attr_init(&a))
		return;
	pthread_attr_setstacksize(&a, STACK);
	for (size_t i = 0; i < QA_LANES; i++) {
		struct lane *n = &l->lane[i];

		n->has_thread = sem_init(&n->go, 0, 0) == 0 && pthread_create(&n->thread, &a, work, n) == 0;
	}
	pthread_attr_destroy(&a);
}

int
qa_lanes_fd(const struct qa_lanes *l)
{
	return l->event;
}

struct qa_batch *
qa_lanes_gathering(struct qa_lanes *l)
{
	return &l->gathering->batch;
}

bool
qa_lanes_busy(const struct qa_lanes *l)
{
	return l->sent > 0;
}

void
qa_lanes_send(struct qa_lanes *l)
{
	struct lane *n = l->gathering;

	if (n->batch.n == 0 || l->sent == QA_LANES - 1)
		return;
	n->began = qa_tick();
	l->sent++;
	if (!n->has_thread || l->usual <= SLOW) {
		write_out(n);
	} else {
		atomic_store(&n->state, SENT);
		sem_post(&n->go);
	}
	l->gathering = NULL;
	for (size_t i = 0; i < QA_LANES && !l->gathering; i++)
		if (l->lane[i].state == FREE)
			l->gathering = &l->lane[i];
	l->gathering->state = GATHERING; /* at most QA_LANES - 1 are sent */
}

void
qa_lanes_heard(struct qa_lanes *l)
{
	uint64_t count;

	(void)!read(l->event, &count, sizeof count);
}

static void
await(struct qa_lanes *l)
{
	struct pollfd p = {.fd = l->event, .events = POLLIN};

	(void)poll(&p, 1, -1);
	qa_lanes_heard(l);
}

struct qa_batch *
qa_lanes_done(struct qa_lanes *l, bool wait, int *status_r, struct qa_err *err)
{
	while (l->sent) {
		for (size_t i = 0; i < QA_LANES; i++) {
			struct lane *n = &l->lane[i];

			if (atomic_load(&n->state) != DONE)
				continue;
			l->usual = (l->usual * (WEIGHT - 1) + (n->took < MOST ? n->took : MOST)) / WEIGHT;
			*status_r = n->status;
			*err = n->err;
			return &n->batch;
		}
		if (!wait)
			return NULL;
		await(l);
	}
	return NULL;
}

void
qa_lanes_reuse(struct qa_lanes *l, struct qa_batch *b)
{
	struct lane *n = l->lane;

	while (&n->batch != b)
		n++;
	qa_batch_empty(b);
	n->state = FREE;
	l->sent--;
	/* the first one that can: no more files than needed */
	if (n < l->gathering && l->gathering->batch.n == 0) {
		l->gathering->state = FREE;
		l->gathering = n;
		n->state = GATHERING;
	}
}

void
qa_lanes_rotate(struct qa_lanes *l)
{
	for (size_t i = 0; i < QA_LANES; i++)
		if (l->lane[i].state == FREE || l->lane[i].state == GATHERING)
			qa_journal_rotate(l->lane[i].batch.journal, false);
}

void
qa_lanes_close(struct qa_lanes *l)
{
	if (!l)
		return;
	atomic_store(&l->end, true);
	for (size_t i = QA_LANES; i-- > 0;) {
		struct lane *n = &l->lane[i];

		if (n->has_thread) {
			sem_post(&n->go);
			pthread_join(n->thread, NULL);
		}
		if (n->batch.journal) {
			qa_batch_close(&n->batch);
			qa_journal_close(n->batch.journal);
		}
	}
	qa_close(&l->event);
	free(l);
}
