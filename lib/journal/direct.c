/*
 * Direct files: one record written by the door itself.
 *
 * States: begun (no final name) -> committed (synced, named, folder synced) -> closed.
 * Invariants: (1) a file in direct/ whose name is a record id is whole: the name is given after the
 * file's sync; (2) commit returns 0 only after the folder's sync behind the name; (3) nothing is
 * written to the file once it has its name.
 */
#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "journal/door.h"
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char what[] = "a direct journal file";

enum { MESSAGE_AT = QA_JOURNAL_FILE_HEADER + QA_JOURNAL_RECORD_HEADER };

static int
open_unnamed(struct qa_direct *d)
{
	if (access("/proc/self/fd", X_OK))
		return -1; /* no way to name it later */
	return qa_sys->openat(d->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int
open_named(struct qa_direct *d, struct qa_err *err)
{
	unsigned char r[8];

	if (qa_random(r, sizeof r))
		return qa_fail(err, errno, "cannot get random bytes: ");
	snprintf(d->temp, sizeof d->temp, ".tmp.%016llx", (unsigned long long)qa_le64_get(r));
	int fd = qa_open(d->dirfd, d->temp, O_RDWR | O_CREAT | O_EXCL, 0600, err);
	if (fd < 0)
		d->temp[0] = 0;
	return fd;
}

int
qa_direct_begin(struct qa_direct *d, const char *home, struct qa_err *err)
{
	char folder[PATH_MAX];

	d->fd = d->dirfd = -1;
	d->message = 0;
	d->temp[0] = 0;
	qa_sha256_init(&d->sha);
	qa_sha256_init(&d->head_sha);
	if (qa_random(d->salt, sizeof d->salt))
		return qa_fail(err, errno, "cannot get random bytes: ");
	if ((size_t)snprintf(folder, sizeof folder, "%s/journal/direct", home) >= sizeof folder)
		return qa_fail(err, ENAMETOOLONG, "cannot write %s in %s: ", what, home);
	/* root may call the door, and the folder around is md_journal's: no link of its making is followed */
	d->dirfd = qa_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	if (d->dirfd < 0)
		return -1;
	d->fd = open_unnamed(d);
	if (d->fd < 0)
		d->fd = open_named(d, err);
	if (d->fd < 0) {
		qa_direct_close(d);
		return -1;
	}
	return 0;
}

int
qa_direct_add(struct qa_direct *d, qa_span bytes, struct qa_err *err)
{
	uint64_t end;

	if (qa_add_u64(d->message, bytes.n, &end) || end > INT64_MAX - QA_JOURNAL_FIELDS_MAX - MESSAGE_AT)
		return qa_fail(err, EFBIG, "cannot write to %s: ", what);
	if (qa_pwrite_all(d->fd, bytes.p, bytes.n, MESSAGE_AT + d->message, what, err))
		return -1;
	if (d->message < QA_DIRECT_HEAD) {
		qa_span part = qa_span_cut(bytes, 0, (size_t)(QA_DIRECT_HEAD - d->message));

		qa_sha256_add(&d->head_sha, part.p, part.n);
	}
	qa_sha256_add(&d->sha, bytes.p, bytes.n);
	d->message = end;
	return 0;
}

int
qa_direct_head(struct qa_direct *d, struct qa_err *err)
{
	if (d->message <= QA_DIRECT_HEAD)
		return 0;
	if (qa_sys->ftruncate(d->fd, MESSAGE_AT + QA_DIRECT_HEAD))
		return qa_fail(err, errno, "cannot cut %s: ", what);
	d->message = QA_DIRECT_HEAD;
	d->sha = d->head_sha;
	return 0;
}

/* Fields, padding, headers. */
static int
finish(struct qa_direct *d, qa_span fields, struct qa_err *err)
{
	static const unsigned char zeros[QA_JOURNAL_ALIGN];
	unsigned char heads[MESSAGE_AT];
	struct qa_journal_head file = {.number = 0, .created = qa_now()};
	struct qa_record_head h = {.message = d->message, .fields = fields.n, .digest = qa_sha256_end(&d->sha)};
	uint64_t size, end = MESSAGE_AT + d->message + fields.n;

	if (qa_record_size(&h, &size))
		return qa_fail(err, errno, "cannot write %s: ", what);
	memcpy(file.salt, d->salt, sizeof file.salt);
	qa_journal_head_put(&file, heads);
	qa_record_head_put(&h, d->salt, QA_JOURNAL_FILE_HEADER, fields, heads + QA_JOURNAL_FILE_HEADER);
	if (qa_pwrite_all(d->fd, fields.p, fields.n, MESSAGE_AT + d->message, what, err) ||
	    qa_pwrite_all(d->fd, zeros, (size_t)(QA_JOURNAL_FILE_HEADER + size - end), end, what, err) ||
	    qa_pwrite_all(d->fd, heads, sizeof heads, 0, what, err))
		return -1;
	if (fchmod(d->fd, 0444))
		return qa_fail(err, errno, "cannot set the mode of %s: ", what);
	return qa_fsync(d->fd, what, err);
}

static int
give_name(struct qa_direct *d, const char *name, struct qa_err *err)
{
	char link[64];
	int rc;

	if (d->temp[0]) {
		rc = qa_sys->linkat(d->dirfd, d->temp, d->dirfd, name, 0);
	} else {
		snprintf(link, sizeof link, "/proc/self/fd/%d", d->fd);
		rc = qa_sys->linkat(AT_FDCWD, link, d->dirfd, name, AT_SYMLINK_FOLLOW);
	}
	if (rc && errno != EEXIST)
		return qa_fail(err, errno, "cannot name the direct journal file %s: ", name);
	if (d->temp[0] && qa_sys->unlinkat(d->dirfd, d->temp, 0) == 0)
		d->temp[0] = 0;
	return 0;
}

int
qa_direct_commit(struct qa_direct *d, qa_span fields, struct qa_err *err)
{
	char name[QA_ID_TEXT];
	struct qa_facts f;

	if (qa_facts_get(fields, &f, err))
		return -1;
	if (fields.n > QA_JOURNAL_FIELDS_MAX)
		return qa_fail(err, EMSGSIZE, "cannot write %s: ", what);
	if (finish(d, fields, err))
		return -1;
	qa_hex(f.id.b, sizeof f.id.b, name);
	if (give_name(d, name, err))
		return -1;
	return qa_fsync(d->dirfd, "the journal's folder direct", err);
}

void
qa_direct_close(struct qa_direct *d)
{
	int keep = errno;

	if (d->temp[0])
		qa_sys->unlinkat(d->dirfd, d->temp, 0);
	d->temp[0] = 0;
	qa_close(&d->fd);
	qa_close(&d->dirfd);
	errno = keep;
}
