#include "qmail-archive/tally.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "journal/record.h"
#include "statline/pen.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	GATHER = 20,	   /* ms that a line may wait for others */
	REPORT = 60,	   /* s between two reports of the same trouble */
	END = 5,	   /* s for what waits at the end */
	KEEP = 256 << 10,  /* memory not given back after a burst */
	HEAD = 12,	   /* of a record in the queue: bytes, length of its fields */
	STACK = 256 << 10, /* the lines lie in the pen */
};

struct qa_tally {
	struct qa_stats to;
	char folder[QA_STATS_PATH];
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* of all that follows but the thread's */
	pthread_cond_t news;
	bool end;
	struct qa_buf queue;
	uint64_t lost; /* lines: no room, or not written */
	struct qa_err err;
	/* the caller's */
	uint64_t reported, reported_at;
	/* the thread's */
	struct qa_buf taken;
	struct qa_pen pen;
};

int
qa_tally_open(const char *home, struct qa_tally **t_r, struct qa_err *err)
{
	struct qa_tally *t = calloc(1, sizeof *t);
	pthread_condattr_t a;

	*t_r = NULL;
	if (!t)
		return qa_fail(err, ENOMEM, "cannot start: ");
	int found = qa_stats_find(&t->to, home, NULL, err);
	if (found <= 0) {
		free(t);
		return found;
	}
	memcpy(t->folder, t->to.path, sizeof t->folder);
	char *slash = strrchr(t->folder, '/');
	if (slash)
		slash[slash == t->folder] = 0;
	else
		memcpy(t->folder, ".", 2);
	t->queue = t->taken = (struct qa_buf)QA_BUF(QA_TALLY_BYTES);
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&t->news, &a);
	pthread_condattr_destroy(&a);
	qa_pen_init(&t->pen, &t->to);
	tzset(); /* no file of zones can be read in the sandbox */
	*t_r = t;
	return 1;
}

const char *
qa_tally_folder(const struct qa_tally *t)
{
	return t ? t->folder : NULL;
}

/* ---- the thread ---- */

static void
write_taken(struct qa_tally *t)
{
	qa_span rest = qa_buf_span(&t->taken);

	while (rest.n) {
		uint64_t bytes = qa_le64_get(rest.p);
		size_t n = qa_le32_get(rest.p + 8);

		qa_pen_record(&t->pen, qa_span_cut(rest, HEAD, n), bytes);
		rest = qa_span_cut(rest, HEAD + n, rest.n);
	}
	qa_pen_flush(&t->pen);
	if (t->taken.size > KEEP)
		qa_buf_free(&t->taken);
	else
		qa_buf_clear(&t->taken);
}

/* Waits for the first record, then a moment for more. With the lock. */
static void
gather(struct qa_tally *t)
{
	struct timespec until;

	while (t->queue.n == 0 && !t->end)
		pthread_cond_wait(&t->news, &t->lock);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!t->end && pthread_cond_timedwait(&t->news, &t->lock, &until) != ETIMEDOUT)
		;
}

static void *
work(void *arg)
{
	struct qa_tally *t = arg;
	uint64_t lost = 0;

	pthread_setname_np(pthread_self(), "stats");
	pthread_mutex_lock(&t->lock);
	do {
		gather(t);
		struct qa_buf full = t->queue;

		t->queue = t->taken;
		t->taken = full;
		pthread_mutex_unlock(&t->lock);
		write_taken(t);
		pthread_mutex_lock(&t->lock);
		if (t->pen.lost > lost)
			t->err = t->pen.err;
		t->lost += t->pen.lost - lost;
		lost = t->pen.lost;
	} while (t->queue.n || !t->end);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

int
qa_tally_start(struct qa_tally *t, struct qa_err *err)
{
	pthread_attr_t a;
	int num;

	if (!t)
		return 0;
	num = pthread_attr_init(&a);
	if (num == 0) {
		pthread_attr_setstacksize(&a, STACK);
		num = pthread_create(&t->thread, &a, work, t);
		pthread_attr_destroy(&a);
	}
	t->running = num == 0;
	return num ? qa_fail(err, num, "cannot start the writer of %s: ", t->to.path) : 0;
}

/* ---- the caller ---- */

void
qa_tally_add(struct qa_tally *t, qa_span fields, uint64_t bytes)
{
	unsigned char head[HEAD];
	struct qa_facts f;

	if (!t || !t->running)
		return;
	qa_le64_put(head, bytes);
	qa_le32_put(head + 8, (uint32_t)fields.n);
	pthread_mutex_lock(&t->lock);
	bool first = t->queue.n == 0;
	if (qa_buf_reserve(&t->queue, HEAD + fields.n) == 0 && qa_buf_add(&t->queue, head, HEAD) == 0 &&
	    qa_buf_addspan(&t->queue, fields) == 0) {
		if (first)
			pthread_cond_signal(&t->news);
	} else if (qa_facts_get(fields, &f, NULL) == 0) {
		t->lost += f.recipients;
		qa_fail(&t->err, ENOBUFS, "%s is too slow: ", t->to.path);
	}
	pthread_mutex_unlock(&t->lock);
}

void
qa_tally_report(struct qa_tally *t)
{
	uint64_t now = qa_tick();
	struct qa_err err;

	if (!t || (t->reported_at && now - t->reported_at < REPORT * QA_SECOND))
		return;
	pthread_mutex_lock(&t->lock);
	uint64_t lost = t->lost;
	err = t->err;
	pthread_mutex_unlock(&t->lock);
	if (lost > t->reported) {
		qa_log(QA_ERROR, "event=journal.stats.failed lost=%llu why=%s", (unsigned long long)lost, qa_log_quote(err.text));
		t->reported_at = now;
	} else if (t->reported_at) {
		qa_log(QA_NOTICE, "event=journal.stats.ok lost=%llu", (unsigned long long)lost);
		t->reported_at = 0;
	}
	t->reported = lost;
}

/* A thread that hangs in the disk is left behind: the process ends. */
void
qa_tally_close(struct qa_tally *t)
{
	struct timespec until;

	if (!t)
		return;
	if (t->running) {
		pthread_mutex_lock(&t->lock);
		t->end = true;
		pthread_cond_signal(&t->news);
		pthread_mutex_unlock(&t->lock);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += END;
		if (pthread_timedjoin_np(t->thread, NULL, &until)) {
			qa_log(QA_ERROR, "event=journal.stats.failed why=\"what waited could not be written in time\"");
			return;
		}
	}
	t->reported_at = 0;
	qa_tally_report(t);
	qa_buf_free(&t->queue);
	qa_buf_free(&t->taken);
	pthread_cond_destroy(&t->news);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
