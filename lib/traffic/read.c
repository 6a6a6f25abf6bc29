#include "read-private.h"
#include "base/clock.h"
#include "sys/sys.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the workers share. A job is a part of a plain file, or a whole stream. */
struct shared {
	struct qa_files *files;
	qa_read_part *part;
	_Atomic uint64_t done;
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t change;
	/* under the lock */
	size_t file, chunk; /* the next job */
	size_t failed_file, failed_chunk;
	bool failed;
	struct qa_err err;
	unsigned running;
};

struct worker {
	struct shared *sh;
	void *ctx;
	unsigned char *buf;
	pthread_t thread;
};

static size_t
chunks(const struct qa_file *f)
{
	return f->stream ? 1 : (size_t)((f->size + QA_READ_CHUNK - 1) / QA_READ_CHUNK);
}

unsigned
qa_read_workers(const struct qa_files *f)
{
	size_t parts = 0;
	cpu_set_t set;
	unsigned n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 1)
		n = (unsigned)CPU_COUNT(&set);
	if (n > QA_READ_WORKERS)
		n = QA_READ_WORKERS;
	for (size_t i = 0; i < f->n && parts < n; i++)
		parts += chunks(&f->v[i]);
	return parts < n ? (parts ? (unsigned)parts : 1) : n;
}

/* The first failure in the order of the files is the one that is told. */
static void
fail(struct shared *sh, size_t file, size_t chunk, const struct qa_err *err)
{
	pthread_mutex_lock(&sh->lock);
	if (!sh->failed || file < sh->failed_file || (file == sh->failed_file && chunk < sh->failed_chunk)) {
		sh->failed = true;
		sh->failed_file = file;
		sh->failed_chunk = chunk;
		sh->err = *err;
	}
	atomic_store(&sh->stop, true);
	pthread_mutex_unlock(&sh->lock);
}

static bool
next_job(struct shared *sh, size_t *file_r, size_t *chunk_r)
{
	bool found = false;

	pthread_mutex_lock(&sh->lock);
	while (sh->file < sh->files->n && sh->chunk >= chunks(&sh->files->v[sh->file])) {
		sh->file++;
		sh->chunk = 0;
	}
	if (!atomic_load(&sh->stop) && sh->file < sh->files->n) {
		*file_r = sh->file;
		*chunk_r = sh->chunk++;
		found = true;
	}
	pthread_mutex_unlock(&sh->lock);
	return found;
}

/* As many of the N bytes at AT as there are: their number, or -1. */
static ssize_t
read_at(const struct qa_file *f, unsigned char *p, size_t n, uint64_t at, struct qa_err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = qa_sys->pread(f->fd, p + got, n - got, (off_t)(at + got));

		if (r < 0)
			return qa_fail(err, errno, "cannot read %s: ", f->name);
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/*
 * Chunk C is the lines that start in its bytes, [a, b). So the one that starts before stays with the chunk before, and
 * the last one is read to its end behind b: a line that was just being written when the file was opened is whole by then.
 */
static int
chunk(struct worker *w, size_t number, size_t c, struct qa_err *err)
{
	struct qa_file *f = &w->sh->files->v[number];
	uint64_t a = (uint64_t)c * QA_READ_CHUNK, b = f->size - a < QA_READ_CHUNK ? f->size : a + QA_READ_CHUNK;
	size_t lead = a > QA_READ_LEAD ? QA_READ_LEAD : (size_t)a, own = (size_t)(b - a), skip = lead, end = lead + own;
	unsigned char *p = w->buf + QA_QUICK_PAD, *e;
	struct qa_part part = {.file = number, .number = c};
	ssize_t got = read_at(f, p, lead + own + QA_READ_TAIL, a - lead, err);

	if (got < 0)
		return -1;
	size_t n = (size_t)got;
	if (n < end)
		return qa_fail(err, ESTALE, "cannot read %s: it became shorter while it was read", f->name);
	atomic_fetch_add(&w->sh->done, own);
	if (lead) {
		e = memchr(p + lead - 1, '\n', own);
		if (!e)
			return 0; /* all of it belongs to a line that started before */
		skip = (size_t)(e + 1 - p);
		e = memrchr(p, '\n', skip - 1);
		if (e || lead == a)
			part.before = qa_span_of(e ? e + 1 : p, (size_t)(p + skip - (e ? e + 1 : p)));
		if (part.before.n > QA_STATLINE_MAX)
			part.before = qa_span_of(NULL, 0);
	}
	if (p[end - 1] != '\n') {
		e = n > end ? memchr(p + end, '\n', n - end) : NULL;
		end = e ? (size_t)(e + 1 - p) : n;
	}
	part.p = p + skip;
	part.n = end - skip;
	f->lines[c] = w->sh->part(w->ctx, &part);
	return 0;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct shared *sh = w->sh;
	size_t file, c;
	struct qa_err err;

	while (next_job(sh, &file, &c)) {
		struct qa_file *f = &sh->files->v[file];
		int rc = f->stream ? qa_read_stream(f, file, w->buf, sh->part, w->ctx, &sh->done, &sh->stop, &err)
				   : chunk(w, file, c, &err);

		if (rc)
			fail(sh, file, c, &err);
	}
	pthread_mutex_lock(&sh->lock);
	sh->running--;
	pthread_cond_signal(&sh->change);
	pthread_mutex_unlock(&sh->lock);
	return NULL;
}

static void
await(struct shared *sh, uint64_t all, qa_read_progress *progress, void *ctx)
{
	pthread_mutex_lock(&sh->lock);
	while (sh->running) {
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_nsec += 250000000;
		if (t.tv_nsec >= 1000000000) {
			t.tv_nsec -= 1000000000;
			t.tv_sec++;
		}
		pthread_cond_timedwait(&sh->change, &sh->lock, &t);
		if (progress && sh->running) {
			pthread_mutex_unlock(&sh->lock);
			progress(ctx, atomic_load(&sh->done), all);
			pthread_mutex_lock(&sh->lock);
		}
	}
	pthread_mutex_unlock(&sh->lock);
}

/* Room for the number of lines of each part. */
static int
prepare(struct qa_files *f, struct qa_err *err)
{
	for (size_t i = 0; i < f->n; i++) {
		size_t n = f->v[i].stream ? 0 : chunks(&f->v[i]);

		free(f->v[i].lines);
		f->v[i].lines = calloc(n ? n : 1, sizeof *f->v[i].lines);
		f->v[i].parts = f->v[i].parts_room = f->v[i].lines ? n : 0;
		if (!f->v[i].lines)
			return qa_fail(err, ENOMEM, "cannot read %s: ", f->v[i].name);
	}
	return 0;
}

int
qa_read(struct qa_files *f, qa_read_part *part, void *const *workers, unsigned n, qa_read_progress *progress, void *ctx,
	struct qa_err *err)
{
	struct shared sh = {.files = f, .part = part, .lock = PTHREAD_MUTEX_INITIALIZER};
	struct worker w[QA_READ_WORKERS];
	pthread_condattr_t attr;
	unsigned started = 0;

	if (n == 0 || n > QA_READ_WORKERS)
		return qa_fail(err, EINVAL, "cannot read with %u workers: ", n);
	if (prepare(f, err))
		return -1;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&sh.change, &attr);
	sh.running = n;
	for (; started < n; started++) {
		struct worker *one = &w[started];

		one->sh = &sh;
		one->ctx = workers[started];
		one->buf = calloc(1, QA_READ_BUFFER);
		int rc = one->buf ? pthread_create(&one->thread, NULL, work, one) : ENOMEM;
		if (rc) {
			struct qa_err e;

			free(one->buf);
			qa_fail(&e, rc, "cannot start a thread: ");
			fail(&sh, 0, 0, &e);
			break;
		}
	}
	pthread_mutex_lock(&sh.lock);
	sh.running -= n - started;
	pthread_mutex_unlock(&sh.lock);
	await(&sh, qa_files_size(f), progress, ctx);
	for (unsigned i = 0; i < started; i++) {
		pthread_join(w[i].thread, NULL);
		free(w[i].buf);
	}
	pthread_cond_destroy(&sh.change);
	pthread_condattr_destroy(&attr);
	if (sh.failed && err)
		*err = sh.err;
	if (sh.failed)
		errno = sh.err.num;
	return sh.failed ? -1 : 0;
}
