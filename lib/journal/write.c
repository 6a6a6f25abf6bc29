#include "journal/write.h"
#include "base/clock.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

enum {
	NAME = 17,		 /* 16 hexadecimal digits and a NUL */
	TRIES = 100,		 /* for a file name nobody has */
	KEEP = 1 << 20,		 /* memory kept between batches */
	ZEROS = 64 << 10,
	MOST_ZEROS = 1 << 20,	 /* more makes single commits slow without making the others faster */
	ARENA = QA_JOURNAL_BATCH_BYTES + QA_JOURNAL_FIELDS_MAX + QA_JOURNAL_BATCH_RECORDS * 128,
};

/* A record of the batch; its header, fields and padding lie in the arena in this order. */
struct item {
	struct qa_record_head head;
	qa_span message;
	size_t at; /* in the arena */
};

struct qa_journal {
	char *folder;
	int dirfd, lockfd;
	int fd;		   /* the file in use, -1 = none */
	bool fresh;	   /* its creation is not durable yet, nor its header written */
	char name[NAME];
	unsigned char head[QA_JOURNAL_FILE_HEADER];
	unsigned char salt[QA_JOURNAL_SALT];
	uint64_t last;	   /* highest number known in the folder */
	uint64_t end;	   /* bytes in use */
	uint64_t reserved; /* end of what is filled with zeros, UINT64_MAX = stop trying */
	uint64_t opened;   /* qa_tick */
	uint64_t preallocate;
	struct item *items;
	struct iovec *v;
	size_t n;
	uint64_t bytes; /* messages and fields of the batch */
	struct qa_buf arena;
};

/* The highest number among the names in the folder. */
static int
find_last(struct qa_journal *j, struct qa_err *err)
{
	struct qa_names names;
	uint64_t number;

	if (qa_listdir(j->dirfd, ".", &names, err))
		return qa_fail_in(err, "%s", j->folder);
	for (size_t i = 0; i < names.n; i++)
		if (qa_scan_hex64(qa_span_str(names.v[i]), &number) == 0 && number > j->last)
			j->last = number;
	qa_names_free(&names);
	return 0;
}

/* All but the folder's descriptors. */
static struct qa_journal *
new_journal(const char *folder, uint64_t preallocate, struct qa_err *err)
{
	struct qa_journal *j = calloc(1, sizeof *j);

	if (j) {
		j->dirfd = j->lockfd = j->fd = -1;
		j->arena.limit = ARENA;
		j->preallocate = preallocate < MOST_ZEROS ? preallocate : MOST_ZEROS;
		j->folder = strdup(folder);
		j->items = calloc(QA_JOURNAL_BATCH_RECORDS, sizeof *j->items);
		j->v = calloc(QA_JOURNAL_BATCH_RECORDS * 3 + 1, sizeof *j->v);
		if (j->folder && j->items && j->v)
			return j;
	}
	qa_journal_close(j);
	qa_fail(err, ENOMEM, "cannot open journal %s: ", folder);
	return NULL;
}

int
qa_journal_open(const char *folder, uint64_t preallocate, struct qa_journal **j_r, struct qa_err *err)
{
	struct qa_journal *j = new_journal(folder, preallocate, err);

	if (!j)
		return -1;
	j->dirfd = qa_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, err);
	if (j->dirfd < 0)
		goto fail;
	j->lockfd = qa_lock(j->dirfd, ".lock", err);
	if (j->lockfd < 0) {
		qa_fail_in(err, "%s", folder);
		goto fail;
	}
	if (find_last(j, err))
		goto fail;
	*j_r = j;
	return 0;
fail:
	qa_journal_close(j);
	return -1;
}

int
qa_journal_beside(const struct qa_journal *first, struct qa_journal **j_r, struct qa_err *err)
{
	struct qa_journal *j = new_journal(first->folder, first->preallocate, err);

	if (!j)
		return -1;
	j->last = first->last;
	j->dirfd = qa_open(first->dirfd, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (j->dirfd < 0) {
		qa_journal_close(j);
		return -1;
	}
	*j_r = j;
	return 0;
}

int
qa_journal_add(struct qa_journal *j, const struct qa_digest *digest, qa_span message, qa_span fields,
	       struct qa_err *err)
{
	struct qa_record_head head = {message.n, fields.n, *digest};
	uint64_t size, more = (uint64_t)message.n + fields.n;
	size_t before = j->arena.n;

	if (fields.n > QA_JOURNAL_FIELDS_MAX || qa_record_size(&head, &size))
		return qa_fail(err, EMSGSIZE, "cannot add a record to journal %s: ", j->folder);
	if (j->n == QA_JOURNAL_BATCH_RECORDS || (j->n && j->bytes + more > QA_JOURNAL_BATCH_BYTES))
		return qa_fail(err, EAGAIN, "batch of journal %s is full", j->folder);
	size_t padding = (size_t)(size - QA_JOURNAL_RECORD_HEADER - more);
	if (qa_buf_reserve(&j->arena, QA_JOURNAL_RECORD_HEADER + fields.n + padding))
		return qa_fail(err, errno, "cannot add a record to journal %s: ", j->folder);
	j->items[j->n] = (struct item){head, message, before};
	unsigned char *p = j->arena.p + before + QA_JOURNAL_RECORD_HEADER;
	if (fields.n)
		memcpy(p, fields.p, fields.n);
	memset(p + fields.n, 0, padding);
	j->arena.n = before + QA_JOURNAL_RECORD_HEADER + fields.n + padding;
	j->bytes += more;
	j->n++;
	return 0;
}

/* Creates a file that nobody else holds; a reader that finds it before the flock may claim it,
 * then another one is made. */
static int
create(struct qa_journal *j, struct qa_err *err)
{
	struct qa_journal_head h = {.created = qa_now()};

	for (int i = 0; j->fd < 0 && i < TRIES; i++) {
		uint64_t now = h.created / 1000;

		j->last = j->last + 1 > now ? j->last + 1 : now;
		snprintf(j->name, sizeof j->name, "%016llx", (unsigned long long)j->last);
		j->fd = qa_sys->openat(j->dirfd, j->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (j->fd < 0 && errno != EEXIST)
			break;
		if (j->fd >= 0 && flock(j->fd, LOCK_EX | LOCK_NB))
			qa_close(&j->fd);
	}
	if (j->fd < 0)
		return qa_fail(err, errno, "cannot create journal file %s/%s: ", j->folder, j->name);
	h.number = j->last;
	if (qa_random(h.salt, sizeof h.salt)) {
		qa_close(&j->fd);
		return qa_fail(err, errno, "cannot get random bytes: ");
	}
	memcpy(j->salt, h.salt, sizeof j->salt);
	qa_journal_head_put(&h, j->head);
	j->fresh = true;
	j->end = j->reserved = 0;
	j->opened = qa_tick();
	return 0;
}

/*
 * Zeros behind the batch, so that the next batches overwrite what is allocated already: their syncs then
 * need not commit the file system's own journal, which all of the host's mail waits for. Where there is
 * no room for zeros, the writes themselves find out whether there is room for them.
 */
static int
reserve(struct qa_journal *j, uint64_t end, struct qa_err *err)
{
	static unsigned char zeros[ZEROS];
	struct iovec v[MOST_ZEROS / ZEROS];
	int count = 0;

	if (!j->preallocate || end <= j->reserved)
		return 0;
	for (uint64_t left = j->preallocate; left; count++) {
		v[count] = (struct iovec){zeros, left < ZEROS ? (size_t)left : ZEROS};
		left -= v[count].iov_len;
	}
	if (qa_pwritev_all(j->fd, v, count, end, j->name, err)) {
		if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
			return -1;
		j->reserved = UINT64_MAX;
		return 0;
	}
	j->reserved = end + j->preallocate;
	return 0;
}

/* Headers, now that offset and salt are known, and the list of pieces to write: its length. */
static int
gather(struct qa_journal *j, uint64_t *end_r)
{
	uint64_t at = j->end;
	int count = 0;

	if (j->fresh) {
		j->v[count++] = (struct iovec){j->head, sizeof j->head};
		at += sizeof j->head;
	}
	for (size_t i = 0; i < j->n; i++) {
		struct item *it = &j->items[i];
		unsigned char *head = j->arena.p + it->at, *fields = head + QA_JOURNAL_RECORD_HEADER;
		size_t next = i + 1 < j->n ? j->items[i + 1].at : j->arena.n;
		size_t rest = next - it->at - QA_JOURNAL_RECORD_HEADER;

		qa_record_head_put(&it->head, j->salt, at, qa_span_of(fields, (size_t)it->head.fields), head);
		j->v[count++] = (struct iovec){head, QA_JOURNAL_RECORD_HEADER};
		if (it->message.n)
			j->v[count++] = (struct iovec){(void *)(uintptr_t)it->message.p, it->message.n};
		if (rest)
			j->v[count++] = (struct iovec){fields, rest};
		at += QA_JOURNAL_RECORD_HEADER + it->message.n + rest;
	}
	*end_r = at;
	return count;
}

static int
write_batch(struct qa_journal *j, struct qa_err *err)
{
	uint64_t end;

	if (j->fd < 0 && create(j, err))
		return -1;
	int count = gather(j, &end);
	if (qa_pwritev_all(j->fd, j->v, count, j->end, j->name, err) || reserve(j, end, err) ||
	    qa_fdatasync(j->fd, j->name, err))
		return -1;
	if (j->fresh && qa_fsync(j->dirfd, j->folder, err))
		return -1;
	j->fresh = false;
	j->end = end;
	return 0;
}

int
qa_journal_commit(struct qa_journal *j, struct qa_err *err)
{
	int rc = 0;

	if (j->n) {
		qa_journal_rotate(j, false);
		rc = write_batch(j, err);
	}
	if (rc)
		qa_close(&j->fd); /* its state is unknown: never touched again */
	j->n = 0;
	j->bytes = 0;
	qa_buf_clear(&j->arena);
	if (j->arena.size > KEEP)
		qa_buf_free(&j->arena);
	return rc;
}

void
qa_journal_rotate(struct qa_journal *j, bool force)
{
	if (j->fd >= 0 && (force || j->end >= QA_JOURNAL_ROTATE_BYTES ||
			   qa_tick() - j->opened >= QA_JOURNAL_ROTATE_SECONDS * QA_SECOND))
		qa_close(&j->fd);
}

uint64_t
qa_journal_number(const struct qa_journal *j)
{
	return j->fd >= 0 ? j->last : 0;
}

void
qa_journal_close(struct qa_journal *j)
{
	if (!j)
		return;
	qa_close(&j->fd);
	qa_close(&j->lockfd);
	qa_close(&j->dirfd);
	qa_buf_free(&j->arena);
	free(j->v);
	free(j->items);
	free(j->folder);
	free(j);
}
