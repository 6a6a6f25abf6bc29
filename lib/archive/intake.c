#include "archive/intake.h"
#include "archive/home.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char DIRECT[] = "journal/direct/";

enum { TRIES = 6 }; /* from a quarter of a second on, each four times as long after the one before: a few minutes */

void
qa_intake_init(struct qa_intake *in, const char *home)
{
	in->home = home;
	in->first = NULL;
	in->pen = NULL;
	in->names = g_hash_table_new(g_str_hash, g_str_equal);
}

static bool
is_journal_name(const char *name)
{
	uint64_t number;

	return qa_scan_hex64(qa_span_str(name), &number) == 0;
}

static bool
is_direct_name(const char *name)
{
	return strlen(name) == 32 && strspn(name, "0123456789abcdef") == 32;
}

static bool
is_direct(const struct qa_intake_file *f)
{
	return strncmp(f->name, DIRECT, sizeof DIRECT - 1) == 0;
}

static bool
have(const struct qa_intake *in, const char *name)
{
	return g_hash_table_contains(in->names, name);
}

static void
drop(struct qa_intake *in, struct qa_intake_file *f)
{
	g_hash_table_remove(in->names, f->name);
	if (f->open)
		qa_scan_close(&f->scan);
	free(f);
}

static int
add_file(struct qa_intake *in, struct qa_intake_file **where, const char *folder, const char *name,
	 struct qa_err *err)
{
	struct qa_intake_file *f = calloc(1, sizeof *f);

	if (!f)
		return qa_fail(err, ENOMEM, "cannot read %s/%s: ", folder, name);
	f->scan.fd = -1;
	if (snprintf(f->path, sizeof f->path, "%s/%s/%s", in->home, folder, name) >= (int)sizeof f->path) {
		free(f);
		return qa_fail(err, ENAMETOOLONG, "cannot read %s/%s: ", folder, name);
	}
	snprintf(f->name, sizeof f->name, "%s", f->path + strlen(in->home) + 1);
	f->next = *where;
	*where = f;
	g_hash_table_add(in->names, f->name);
	return 0;
}

/* Adds the files of a folder that are not known yet, in the order of their names, at *where and behind. */
static int
add_names(struct qa_intake *in, struct qa_intake_file **where, const char *folder, bool (*fits)(const char *),
	  const struct qa_intake *except, struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_names names;
	size_t fresh = 0;
	int rc = 0;

	if (qa_home_path(path, in->home, err, "%s", folder))
		return -1;
	if (qa_listdir(AT_FDCWD, path, &names, err))
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < names.n; i++) {
		char name[1024];

		snprintf(name, sizeof name, "%s/%s", folder, names.v[i]);
		if (fits(names.v[i]) && !have(in, name) && !(except && have(except, name)))
			names.v[fresh++] = names.v[i];
		else
			free(names.v[i]);
	}
	names.n = fresh;
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		rc = add_file(in, where, folder, names.v[i], err);
		if (rc == 0)
			where = &(*where)->next;
	}
	qa_names_free(&names);
	return rc;
}

int
qa_intake_refresh(struct qa_intake *in, struct qa_err *err)
{
	struct qa_intake_file **end = &in->first;

	while (*end)
		end = &(*end)->next;
	if (add_names(in, end, "journal", is_journal_name, NULL, err))
		return -1;
	/* before the journal's: qa_intake_defer */
	return add_names(in, &in->first, "journal/direct", is_direct_name, NULL, err);
}

int
qa_intake_add_folder(struct qa_intake *in, const char *folder, const struct qa_intake *except, struct qa_err *err)
{
	return add_names(in, &in->first, folder, is_journal_name, except, err);
}

void
qa_intake_join(struct qa_intake *in, struct qa_intake *from)
{
	struct qa_intake_file **end = &in->first;

	while (*end)
		end = &(*end)->next;
	*end = from->first;
	for (struct qa_intake_file *f = from->first; f; f = f->next)
		g_hash_table_add(in->names, f->name);
	from->first = NULL;
}

/* One file: 1 a record, 0 none now, -1. */
static int
next_of(struct qa_intake_file *f, struct qa_scanned *rec_r, struct qa_err *err)
{
	int closed, rc;

	if (!f->open) {
		if (qa_scan_open(&f->scan, AT_FDCWD, f->path, f->name, err)) {
			if (errno != ENOENT)
				return -1;
			f->finished = true; /* another writer filed it */
			return 0;
		}
		f->open = true;
	}
	rc = qa_scan_next(&f->scan, false, rec_r, err);
	if (rc)
		return rc;
	/* the end, or not yet? Ask only now whether the writer is gone, then read on: it may have written in between */
	closed = qa_scan_claim(&f->scan, err);
	if (closed <= 0)
		return closed;
	rc = qa_scan_next(&f->scan, true, rec_r, err);
	if (rc == 0) {
		f->finished = true;
		if (f->scan.torn)
			qa_log(QA_NOTICE, "event=import.journal.torn file=%s", f->name);
		if (is_direct(f)) {
			/* nobody writes to it again, and there may be very many of them */
			qa_scan_close(&f->scan);
			f->open = false;
		}
	}
	return rc;
}

/* A file that cannot be read now. Only what is no journal is given up at once. */
static void
trouble(struct qa_intake_file *f)
{
	f->retry_at = 0;
	if (errno == ENOMEM || errno == EMFILE || errno == ENFILE)
		return;
	if (errno == EBADMSG || errno == ENOTSUP || f->failures == TRIES)
		f->finished = f->lost = true;
	else
		f->retry_at = qa_tick() + ((QA_SECOND / 4) << 2 * f->failures++);
}

int
qa_intake_next(struct qa_intake *in, struct qa_intake_file **file_r, struct qa_scanned *rec_r, struct qa_err *err)
{
	uint64_t now = qa_tick();

	for (struct qa_intake_file *f = in->first; f; f = f->next) {
		int rc;

		if (f->finished || f->retry_at > now)
			continue;
		rc = next_of(f, rec_r, err);
		if (rc < 0)
			trouble(f);
		else
			f->retry_at = f->failures = 0;
		if (rc == 0)
			continue;
		*file_r = f;
		return rc;
	}
	return 0;
}

int
qa_intake_unread(struct qa_intake_file *f, const struct qa_scanned *rec, struct qa_err *err)
{
	f->finished = false;
	return qa_scan_seek(&f->scan, rec->offset, err);
}

int
qa_intake_defer(struct qa_intake *in, struct qa_intake_file *f, const struct qa_scanned *rec, struct qa_err *err)
{
	struct qa_intake_file **where = &in->first;

	if (f->late || !is_direct(f))
		return 0;
	if (qa_intake_unread(f, rec, err))
		return -1;
	f->late = true;
	while (*where != f)
		where = &(*where)->next;
	*where = f->next;
	while (*where)
		where = &(*where)->next;
	*where = f;
	f->next = NULL;
	return 1;
}

int
qa_intake_again(struct qa_intake_file *f, struct qa_scan *s, uint64_t offset, struct qa_scanned *rec_r,
		struct qa_err *err)
{
	int rc = 0;

	if (s->fd < 0)
		rc = qa_scan_open(s, AT_FDCWD, f->path, f->name, err);
	if (rc == 0)
		rc = qa_scan_seek(s, offset, err);
	if (rc == 0)
		rc = qa_scan_next(s, false, rec_r, err);
	if (rc == 0)
		rc = qa_fail(err, EBADMSG, "a record of %s is no longer there", f->name);
	return rc < 0 ? -1 : 0;
}

/* The fields of a direct file's record and the length of its message, without the message, which was read and checked before. */
static int
read_fields(const char *path, struct qa_buf *fields, uint64_t *bytes_r)
{
	const uint64_t at = QA_JOURNAL_FILE_HEADER, head_n = QA_JOURNAL_RECORD_HEADER;
	unsigned char head[QA_JOURNAL_RECORD_HEADER];
	struct qa_record_head h;
	int rc = -1, fd = qa_open(AT_FDCWD, path, O_RDONLY, 0, NULL);

	if (fd >= 0 && qa_pread_all(fd, head, sizeof head, at, path, NULL) == 1 && qa_record_head_get(head, &h, NULL) == 1 &&
	    qa_buf_reserve(fields, (size_t)h.fields) == 0 &&
	    qa_pread_all(fd, fields->p, (size_t)h.fields, at + head_n + h.message, path, NULL) == 1) {
		fields->n = (size_t)h.fields;
		*bytes_r = h.message;
		rc = qa_record_check_fields(head, qa_buf_span(fields)) ? 0 : -1;
	}
	qa_close(&fd);
	return rc;
}

/* A file that is done. First removed, then counted: killed in between, a line is missing; the other way round it would be there twice. */
static int
remove_file(struct qa_intake *in, const struct qa_intake_file *f, struct qa_err *err)
{
	struct qa_buf fields = QA_BUF(QA_JOURNAL_FIELDS_MAX);
	uint64_t bytes;
	bool count = in->pen && is_direct(f) && read_fields(f->path, &fields, &bytes) == 0;
	int rc = qa_sys->unlinkat(AT_FDCWD, f->path, 0);

	if (rc == 0 && count)
		qa_pen_record(in->pen, qa_buf_span(&fields), bytes);
	qa_buf_free(&fields);
	return rc && errno != ENOENT ? qa_fail(err, errno, "cannot remove %s: ", f->path) : 0;
}

static int
dispose(struct qa_intake *in, struct qa_intake_file *f, struct qa_err *err)
{
	char to[QA_PATH_MAX], folder[QA_PATH_MAX];

	if (!f->lost && !f->scan.damaged)
		return remove_file(in, f, err);
	qa_log(QA_ALERT, "event=import.journal.damaged file=%s bytes=%llu", f->name,
	       (unsigned long long)f->scan.damaged);
	if (qa_home_path(folder, in->home, err, "journal/bad") || qa_mkdirs(AT_FDCWD, folder, 0750, err) ||
	    qa_home_path(to, in->home, err, "journal/bad/%s", strrchr(f->name, '/') + 1))
		return -1;
	/* Not synced: under either name the file is dealt with once more, and what it holds is in the depot. A power cut may leave both
	 * names, between which rename does nothing. */
	if (qa_sys->renameat(AT_FDCWD, f->path, AT_FDCWD, to))
		return qa_fail(err, errno, "cannot move %s to %s: ", f->path, to);
	if (qa_sys->unlinkat(AT_FDCWD, f->path, 0) && errno != ENOENT)
		return qa_fail(err, errno, "cannot remove %s: ", f->path);
	return 0;
}

int
qa_intake_clean(struct qa_intake *in, uint64_t round, struct qa_err *err)
{
	struct qa_intake_file **where = &in->first;
	int rc = 0;

	while (*where) {
		struct qa_intake_file *f = *where;

		if (!f->finished || f->unfiled || f->round > round) {
			where = &f->next;
			continue;
		}
		rc = dispose(in, f, err);
		if (rc)
			break;
		*where = f->next;
		drop(in, f);
	}
	if (in->pen)
		qa_pen_flush(in->pen);
	return rc;
}

size_t
qa_intake_waiting(const struct qa_intake *in)
{
	size_t n = 0;

	for (const struct qa_intake_file *f = in->first; f; f = f->next)
		n += !f->finished && f->retry_at;
	return n;
}

void
qa_intake_close(struct qa_intake *in)
{
	while (in->first) {
		struct qa_intake_file *f = in->first;

		in->first = f->next;
		drop(in, f);
	}
	if (in->names)
		g_hash_table_destroy(in->names);
	in->names = NULL;
}
