/*
 * Onboarding, in two passes over the sources. What pass 1 finds lies in files without a name (places and their paths), so
 * that memory holds 16 bytes a message; pass 2 goes through it in the order of dates.
 */
#include "archive/onboard.h"
#include "archive/home.h"
#include "archive/source.h"
#include "archive/writer.h"
#include "base/clock.h"
#include "base/maildate.h"
#include "base/num.h"
#include "base/text.h"
#include "sys/publish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BATCH_MESSAGES = 1000, BATCH_BYTES = 32 << 20, BATCH_MONTHS = 4, WAIT_SECONDS = 30 };

/* A message found, as it lies in the scratch file. */
struct found {
	uint64_t path; /* offset of its NUL-ended name in the names */
	uint64_t offset, length;
	int64_t date; /* UTC seconds */
	uint32_t mbox, guessed;
};

/* A file that only grows, in front of a buffer. */
struct scratch {
	int fd;
	uint64_t n;
	struct qa_buf tail;
	void *map;
};

struct job {
	const struct qa_onboard *o;
	struct qa_onboard_stats *st;
	struct scratch places, names;
	uint64_t *order; /* date << 32 | number, for sorting; then the number alone */
	size_t order_size;
	char last_path[4096];
	uint64_t last_name;
	int64_t now;
	struct qa_writer *w;
	char host[256];
	/* resuming */
	char mark[QA_PATH_MAX];
	uint64_t done; /* places at the front that are committed */
};

/* ---- scratch files ---- */

static int
scratch_open(struct scratch *s, const char *folder, struct qa_err *err)
{
	s->fd = qa_open(AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600, err);
	return s->fd < 0 ? -1 : 0;
}

static int
scratch_drain(struct scratch *s, struct qa_err *err)
{
	if (qa_pwrite_all(s->fd, s->tail.p, s->tail.n, s->n - s->tail.n, "a scratch file", err))
		return -1;
	qa_buf_clear(&s->tail);
	return 0;
}

static int
scratch_add(struct scratch *s, const void *p, size_t n, struct qa_err *err)
{
	if (qa_buf_add(&s->tail, p, n))
		return qa_fail(err, errno, "cannot hold a list of messages: ");
	s->n += n;
	return s->tail.n >= 65536 ? scratch_drain(s, err) : 0;
}

static int
scratch_map(struct scratch *s, struct qa_err *err)
{
	if (scratch_drain(s, err))
		return -1;
	if (s->n == 0)
		return 0;
	s->map = mmap(NULL, s->n, PROT_READ, MAP_SHARED, s->fd, 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return qa_fail(err, errno, "cannot read a scratch file: ");
	}
	return 0;
}

static void
scratch_close(struct scratch *s)
{
	if (s->map)
		munmap(s->map, s->n);
	qa_buf_free(&s->tail);
	qa_close(&s->fd);
}

/* ---- pass 1: where and when ---- */

static int
note_message(void *ctx, const struct qa_place *place, qa_span raw, struct qa_err *err)
{
	struct job *j = ctx;
	struct found f = {.offset = place->offset, .length = place->length, .mbox = place->mbox};
	struct qa_maildates dates;

	qa_maildate_scan(raw, j->now, &dates);
	if (!qa_maildate_best(&dates, &f.date)) {
		f.guessed = 1;
		f.date = qa_maildate_believable(place->mtime, j->now) ? place->mtime : j->now;
		j->st->guessed++;
	}
	if (strcmp(place->path, j->last_path) != 0) {
		j->last_name = j->names.n;
		snprintf(j->last_path, sizeof j->last_path, "%s", place->path);
		if (scratch_add(&j->names, place->path, strlen(place->path) + 1, err))
			return -1;
	}
	f.path = j->last_name;
	if (scratch_add(&j->places, &f, sizeof f, err))
		return -1;
	if (j->st->found == j->order_size) {
		size_t size = j->order_size ? j->order_size * 2 : 1024;
		uint64_t *p = realloc(j->order, size * sizeof *p);

		if (!p)
			return qa_fail(err, ENOMEM, "cannot hold a list of messages: ");
		j->order = p;
		j->order_size = size;
	}
	if (j->st->found > UINT32_MAX)
		return qa_fail(err, EFBIG, "more than 4294967295 messages in one onboarding");
	j->order[j->st->found] = (uint64_t)f.date << 32 | j->st->found;
	j->st->found++;
	j->st->bytes += place->length;
	if (j->o->progress)
		j->o->progress(j->o->ctx, j->st);
	return j->o->stop && j->o->stop(j->o->ctx);
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static const struct found *
place_number(const struct job *j, uint64_t k)
{
	return (const struct found *)j->places.map + (j->order[k] & UINT32_MAX);
}

static const char *
path_of(const struct job *j, const struct found *f)
{
	return (const char *)j->names.map + f->path;
}

/* ---- resuming ---- */

/* The mark's name holds a digest of the whole list: another list starts from its beginning. */
static int
find_mark(struct job *j, struct qa_err *err)
{
	struct qa_sha256 c;
	struct qa_digest d;
	char hex[QA_SHA256_TEXT];

	qa_sha256_init(&c);
	for (uint64_t k = 0; k < j->st->found; k++) {
		const struct found *f = place_number(j, k);
		const char *path = path_of(j, f);

		qa_sha256_add(&c, path, strlen(path) + 1);
		qa_sha256_add(&c, &f->offset, sizeof *f - offsetof(struct found, offset));
	}
	d = qa_sha256_end(&c);
	qa_hex(d.b, sizeof d.b, hex);
	return qa_home_path(j->mark, j->o->home, err, QA_HOME_VAR "/import-%.16s", j->o->domain, hex);
}

static void
read_mark(struct job *j, uint64_t committed)
{
	struct qa_buf b = QA_BUF(64);
	uint64_t done, leaves;

	if (qa_slurp(AT_FDCWD, j->mark, &b, NULL) == 1) {
		qa_span s = qa_buf_span(&b);
		const unsigned char *blank = memchr(s.p, ' ', s.n);

		if (blank && s.p[s.n - 1] == '\n') {
			size_t i = (size_t)(blank - s.p);

			/* an archive that is smaller than it was then is not the one that the mark speaks of */
			if (qa_scan_u64(qa_span_cut(s, 0, i), &done) == 0 &&
			    qa_scan_u64(qa_span_cut(s, i + 1, s.n - i - 2), &leaves) == 0 &&
			    done <= j->st->found && leaves <= committed)
				j->done = done;
		}
	}
	qa_buf_free(&b);
}

static int
write_mark(const struct job *j, struct qa_err *err)
{
	char text[64];
	int n = snprintf(text, sizeof text, "%llu %llu\n", (unsigned long long)j->done,
			 (unsigned long long)qa_writer_committed(j->w));

	return qa_publish(AT_FDCWD, j->mark, qa_span_of(text, (size_t)n), 0600, err);
}

/* ---- pass 2: filing ---- */

static int
make_fields(const struct job *j, const struct found *f, struct qa_buf *b)
{
	struct qa_id id;
	uint64_t now = qa_now();

	qa_buf_clear(b);
	if (qa_random(id.b, sizeof id.b))
		return -1;
	return qa_field_add(b, QA_F_ID, qa_span_of(id.b, sizeof id.b)) || qa_field_add_u8(b, QA_F_KIND, QA_MESSAGE) ||
	       qa_field_add_u64(b, QA_F_CAPTURED, now) || qa_field_add_u8(b, QA_F_SOURCE, QA_IMPORT) ||
	       qa_field_add_str(b, QA_F_HOST, j->host) || qa_field_add_u32(b, QA_F_UID, getuid()) ||
	       qa_field_add_str(b, QA_F_FOR_DOMAIN, j->o->domain) ||
	       qa_field_add_str(b, QA_F_SOURCE_FILE, path_of(j, f)) ||
	       qa_field_add_u64(b, QA_F_SOURCE_POS, f->offset) ||
	       qa_field_add_str(b, QA_F_OPERATOR, j->o->operator_name) ||
	       qa_field_add_str(b, QA_F_TOOL, j->o->tool) ||
	       (!f->guessed && qa_field_add_u64(b, QA_F_CLAIMED_DATE, (uint64_t)f->date * QA_SECOND));
}

static int
file_one(struct job *j, struct qa_source_file *file, const struct found *f, struct qa_buf *fields, struct qa_err *err)
{
	struct qa_place place = {path_of(j, f), f->offset, f->length, f->mbox, 0};
	struct qa_addition a = {.has_message = true, .known_by_content = true};
	struct qa_entry_id id;
	struct qa_err why;
	int rc;

	if (qa_source_read(file, &place, &a.message, &why)) {
		j->st->failed++;
		if (j->o->trouble)
			j->o->trouble(j->o->ctx, place.path, why.text);
		return 0;
	}
	if (make_fields(j, f, fields))
		return qa_fail(err, errno, "cannot describe a message of %s: ", place.path);
	a.digest = qa_sha256_of(a.message);
	a.fields = qa_buf_span(fields);
	a.month = qa_month_of((uint64_t)f->date * QA_SECOND);
	rc = qa_writer_add(j->w, &a, &id, err);
	if (rc < 0)
		return -1;
	if (rc)
		j->st->filed++;
	else
		j->st->known++;
	return 0;
}

/* Files a batch from place k on: the number of places in it, 0 when told to stop, -1. */
static int64_t
file_batch(struct job *j, uint64_t k, struct qa_err *err)
{
	struct qa_source_file file;
	struct qa_buf fields = QA_BUF(1 << 20);
	uint64_t start = k, bytes = 0;
	unsigned months = 0;
	qa_month month = 0;
	int rc = qa_writer_begin(j->w, WAIT_SECONDS * QA_SECOND, err);
	bool stopped = false;

	qa_source_init(&file);
	while (rc == 0 && k < j->st->found && k - start < BATCH_MESSAGES && bytes < BATCH_BYTES) {
		const struct found *f = place_number(j, k);
		qa_month m = qa_month_of((uint64_t)f->date * QA_SECOND);

		if (m != month && ++months > BATCH_MONTHS)
			break;
		month = m;
		stopped = j->o->stop && j->o->stop(j->o->ctx);
		if (stopped)
			break;
		rc = file_one(j, &file, f, &fields, err);
		bytes += f->length;
		j->st->bytes_done += f->length;
		k++;
		if (j->o->progress)
			j->o->progress(j->o->ctx, j->st);
	}
	qa_source_close(&file);
	qa_buf_free(&fields);
	if (rc) {
		qa_writer_abort(j->w);
		return -1;
	}
	if (qa_writer_commit(j->w, err))
		return -1;
	return stopped && k == start ? 0 : (int64_t)(k - start);
}

static int
file_all(struct job *j, struct qa_err *err)
{
	uint64_t published = qa_tick();

	for (uint64_t k = 0; k < j->done; k++)
		j->st->bytes_done += place_number(j, k)->length;
	j->st->known += j->done;
	while (j->done < j->st->found) {
		int64_t n = file_batch(j, j->done, err);

		if (n < 0)
			return -1;
		j->done += (uint64_t)n;
		if (write_mark(j, err))
			return -1;
		if (n == 0 || (j->o->stop && j->o->stop(j->o->ctx)))
			return 1;
		if (qa_tick() - published >= 2 * QA_SECOND) {
			if (qa_writer_publish(j->w, err))
				return -1;
			published = qa_tick();
		}
		usleep(1000); /* the daemon's turn at the domain's lock */
	}
	/* nothing is left to resume: the next run with the same list knows every message by its content */
	qa_sys->unlinkat(AT_FDCWD, j->mark, 0);
	return 0;
}

static void
note_trouble(void *ctx, const char *path, const char *why)
{
	const struct qa_onboard *o = ((struct job *)ctx)->o;

	if (o->trouble)
		o->trouble(o->ctx, path, why);
}

static int
find_all(struct job *j, struct qa_err *err)
{
	j->st->counting = true;
	for (size_t i = 0; i < j->o->n; i++) {
		int rc = qa_source_walk(j->o->paths[i], note_message, note_trouble, j, err);

		if (rc)
			return rc;
	}
	j->st->counting = false;
	if (scratch_map(&j->places, err) || scratch_map(&j->names, err))
		return -1;
	if (j->st->found)
		qsort(j->order, j->st->found, sizeof *j->order, by_number);
	return find_mark(j, err);
}

int
qa_onboard(const struct qa_onboard *o, struct qa_onboard_stats *st_r, struct qa_err *err)
{
	struct job j = {.o = o, .st = st_r, .places = {.fd = -1}, .names = {.fd = -1}};
	char var[QA_PATH_MAX];
	int rc = -1;

	memset(st_r, 0, sizeof *st_r);
	j.now = (int64_t)(qa_now() / QA_SECOND);
	if (gethostname(j.host, sizeof j.host - 1))
		snprintf(j.host, sizeof j.host, "unknown");
	if (qa_writer_open(o->home, o->domain, &j.w, err) == 0 &&
	    qa_home_path(var, o->home, err, QA_HOME_VAR, o->domain) == 0 && scratch_open(&j.places, var, err) == 0 &&
	    scratch_open(&j.names, var, err) == 0)
		rc = find_all(&j, err);
	if (rc == 0) {
		rc = qa_writer_begin(j.w, WAIT_SECONDS * QA_SECOND, err);
		if (rc == 0) {
			read_mark(&j, qa_writer_committed(j.w));
			qa_writer_end(j.w);
			rc = file_all(&j, err);
		}
	}
	if (rc >= 0 && qa_writer_unpublished(j.w) && qa_writer_publish(j.w, err))
		rc = -1;
	qa_writer_close(j.w);
	scratch_close(&j.places);
	scratch_close(&j.names);
	free(j.order);
	return rc;
}
