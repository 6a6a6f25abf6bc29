#include "export.h"
#include "archive/prove.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/id.h"
#include "mboxrd.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody but its owner may read in the archive, and so it is with what comes out of it. */
enum { PATH_LENGTH = 1024, OUT = 1 << 16, FILE_MODE = 0600, FOLDER_MODE = 0700 };

enum format { EML, MBOX, MAILDIR };

struct export {
	enum format format;
	bool proof;
	char out[PATH_LENGTH], proofs[PATH_LENGTH]; /* the final names */
	char temp[PATH_LENGTH], temp_proofs[PATH_LENGTH];
	int fd;	     /* the mbox */
	uint64_t at; /* its length */
	struct qa_buf bytes;
	struct qa_err *err; /* while a message is written */
	struct mboxrd mboxrd;
};

static int
exists(const char *path)
{
	struct stat st;

	return qa_sys->fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The folder that PATH lies in. */
static void
folder_of(const char *path, char out[PATH_LENGTH])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == path ? 1 : slash ? (size_t)(slash - path) : 1;

	memcpy(out, slash ? path : ".", n);
	out[n] = 0;
}

static int
make_folders(struct export *x, struct qa_err *err)
{
	static const char *const boxes[] = {"cur", "new", "tmp"};
	char path[PATH_LENGTH + 8];

	if (x->format != MBOX && qa_sys->mkdirat(AT_FDCWD, x->temp, FOLDER_MODE))
		return qa_fail(err, errno, "cannot make %s: ", x->temp);
	for (int i = 0; x->format == MAILDIR && i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", x->temp, boxes[i]);
		if (qa_sys->mkdirat(AT_FDCWD, path, FOLDER_MODE))
			return qa_fail(err, errno, "cannot make %s: ", path);
	}
	if (x->proof && x->format != EML && qa_sys->mkdirat(AT_FDCWD, x->temp_proofs, FOLDER_MODE))
		return qa_fail(err, errno, "cannot make %s: ", x->temp_proofs);
	return 0;
}

static int
set_names(struct export *x, const char *out, struct qa_err *err)
{
	unsigned char r[8];
	size_t n = strlen(out);
	char folder[PATH_LENGTH], id[20];

	while (n > 1 && out[n - 1] == '/')
		n--;
	if (n == 0 || n + 64 > sizeof x->out)
		return qa_fail(err, ENAMETOOLONG, "cannot write to %.60s: ", out);
	if (qa_random(r, sizeof r))
		return qa_fail(err, errno, "cannot get random bytes: ");
	memcpy(x->out, out, n);
	x->out[n] = 0;
	folder_of(x->out, folder);
	snprintf(id, sizeof id, "%016llx", (unsigned long long)qa_le64_get(r));
	int length = snprintf(x->temp, sizeof x->temp, "%s/.tmp.%s", folder, id);
	if (length < 0 || (size_t)length + 16 > sizeof x->temp)
		return qa_fail(err, ENAMETOOLONG, "cannot write to %s: ", out);
	if (x->format == MBOX) {
		memcpy(x->proofs, x->out, n);
		memcpy(x->proofs + n, ".proofs", 8);
		memcpy(x->temp_proofs, x->temp, (size_t)length);
		memcpy(x->temp_proofs + length, ".proofs", 8);
	} else {
		memcpy(x->temp_proofs, x->temp, (size_t)length);
		memcpy(x->temp_proofs + length, "/proofs", 8);
	}
	if (exists(x->out))
		return qa_fail(err, EEXIST, "cannot write to %s: ", x->out);
	if (x->format == MBOX && x->proof && exists(x->proofs))
		return qa_fail(err, EEXIST, "cannot write to %s: ", x->proofs);
	return 0;
}

int
export_begin(const char *out, const char *format, bool proof, struct export **x_r, struct qa_err *err)
{
	static const char *const formats[] = {"eml", "mbox", "maildir"};
	struct export *x;
	int f = 0;

	while (f < 3 && strcmp(format, formats[f]) != 0)
		f++;
	if (f == 3)
		return qa_fail(err, EINVAL, "cannot export as %s: as eml, mbox or maildir", format);
	x = calloc(1, sizeof *x);
	if (!x)
		return qa_fail(err, ENOMEM, "cannot export: ");
	x->format = (enum format)f;
	x->proof = proof;
	x->fd = -1;
	x->bytes.limit = 2 * OUT;
	if (set_names(x, out, err)) {
		free(x);
		return -1;
	}
	if (make_folders(x, err))
		goto bad;
	if (x->format == MBOX) {
		x->fd = qa_open(AT_FDCWD, x->temp, O_RDWR | O_CREAT | O_EXCL, FILE_MODE, err);
		if (x->fd < 0)
			goto bad;
	}
	*x_r = x;
	return 0;
bad:
	export_abort(x);
	return -1;
}

/* ---- writing ---- */

static int
flush(struct export *x)
{
	if (qa_write_all(x->fd, x->bytes.p, x->bytes.n, x->format == MBOX ? x->temp : x->out, x->err))
		return -1;
	x->at += x->bytes.n;
	qa_buf_clear(&x->bytes);
	return 0;
}

static int
put(struct export *x, const void *p, size_t n)
{
	if (n > OUT) {
		if (flush(x) || qa_write_all(x->fd, p, n, x->out, x->err))
			return -1;
		x->at += n;
		return 0;
	}
	if (x->bytes.n + n > OUT && flush(x))
		return -1;
	return qa_buf_add(&x->bytes, p, n);
}

static int
plain(void *ctx, qa_span piece)
{
	return put(ctx, piece.p, piece.n);
}

static int
put_mbox(void *ctx, const void *p, size_t n)
{
	return put(ctx, p, n);
}

static int
add_mbox(struct export *x, struct qa_partition *p, const struct qa_entry *e, qa_span sender, uint64_t ns)
{
	uint64_t before = x->at;
	int r;

	qa_buf_clear(&x->bytes);
	r = mboxrd_begin(&x->mboxrd, put_mbox, x, sender, ns) ||
			    qa_partition_message(p, e, mboxrd_piece, &x->mboxrd, x->err) || mboxrd_end(&x->mboxrd) || flush(x)
		? -1
		: 0;
	if (r) {
		struct qa_err keep = *x->err;

		qa_buf_clear(&x->bytes);
		if (qa_sys->ftruncate(x->fd, (off_t)before) || lseek(x->fd, (off_t)before, SEEK_SET) < 0)
			return qa_fail(x->err, EIO, "cannot take a message out of %s again: ", x->temp);
		x->at = before;
		*x->err = keep;
		errno = keep.num;
	}
	return r;
}

static int
add_file(struct export *x, const char *path, struct qa_partition *p, const struct qa_entry *e, uint64_t ns)
{
	struct timespec t[2] = {{.tv_sec = (time_t)(ns / QA_SECOND)}, {.tv_sec = (time_t)(ns / QA_SECOND)}};
	int r;

	x->fd = qa_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE, x->err);
	if (x->fd < 0)
		return -1;
	qa_buf_clear(&x->bytes);
	r = qa_partition_message(p, e, plain, x, x->err) || flush(x) ? -1 : 0;
	if (r == 0)
		(void)futimens(x->fd, t);
	qa_close(&x->fd);
	if (r) {
		int keep = errno;

		qa_sys->unlinkat(AT_FDCWD, path, 0);
		errno = keep;
	}
	return r;
}

static int
add_proof(struct export *x, struct qa_archive *a, const struct qa_entry_id *id, const char *path, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(1 << 20);
	int r = qa_prove(a, id, &b, err), fd;

	if (r == 1) {
		fd = qa_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE, err);
		r = fd < 0 || qa_write_all(fd, b.p, b.n, path, err) ? -1 : 1;
		qa_close(&fd);
	}
	qa_buf_free(&b);
	(void)x;
	return r;
}

/* The envelope sender and the time a message is filed under. */
static uint64_t
facts_of(qa_span fields, struct qa_buf *sender)
{
	uint64_t captured = 0, claimed = 0;
	unsigned type;
	qa_span v;

	for (size_t at = 0; qa_field_next(fields, &at, &type, &v) == 1;) {
		if (type == QA_F_CAPTURED && v.n == 8)
			captured = qa_le64_get(v.p);
		else if (type == QA_F_CLAIMED_DATE && v.n == 8)
			claimed = qa_le64_get(v.p);
		else if (type == QA_F_SENDER && qa_buf_addspan(sender, qa_span_cut(v, 0, 1000)))
			break;
	}
	return claimed ? claimed : captured;
}

int
export_add(struct export *x, struct qa_archive *a, const struct qa_entry_id *id, struct qa_partition *p,
	   const struct qa_entry *e, struct qa_err *err)
{
	struct qa_buf sender = QA_BUF(1001);
	char path[PATH_LENGTH + 512], proof[PATH_LENGTH + 64], month[QA_MONTH_TEXT];
	uint64_t ns = facts_of(e->fields, &sender);
	unsigned long long n = id->n, size = e->size;
	struct qa_entry again;
	int r = 1;

	x->err = err;
	qa_month_text(id->month, month);
	snprintf(proof, sizeof proof, "%s/%s-%06llu.proof", x->format == EML ? x->temp : x->temp_proofs, month, n);
	/* the proof first: it reads the partition too, so the entry is looked up again behind it */
	if (x->proof) {
		r = add_proof(x, a, id, proof, err);
		if (r == 1)
			r = qa_archive_entry(a, id, &p, &again, err);
		e = &again;
	}
	if (r == 1 && x->format == MBOX) {
		r = add_mbox(x, p, e, qa_buf_span(&sender), ns) ? -1 : 1;
	} else if (r == 1) {
		if (x->format == EML)
			snprintf(path, sizeof path, "%s/%s-%06llu.eml", x->temp, month, n);
		else
			snprintf(path, sizeof path, "%s/cur/%llu.M%uN%llu.%.200s,S=%llu:2,", x->temp,
				 (unsigned long long)(ns / QA_SECOND), (unsigned)id->month, n, qa_archive_domain(a),
				 size);
		r = add_file(x, path, p, e, ns) ? -1 : 1;
	}
	if (r != 1 && x->proof) {
		int keep = errno;

		qa_sys->unlinkat(AT_FDCWD, proof, 0);
		errno = keep;
	}
	qa_buf_free(&sender);
	return r;
}

/* ---- the end ---- */

/* Removes a folder with the files and folders in it; what is not there is fine. */
static void
remove_tree(const char *path, int depth)
{
	struct qa_names names;
	char one[PATH_LENGTH + 600];

	if (qa_listdir(AT_FDCWD, path, &names, NULL))
		return;
	for (size_t i = 0; i < names.n; i++) {
		snprintf(one, sizeof one, "%s/%s", path, names.v[i]);
		if (qa_sys->unlinkat(AT_FDCWD, one, 0) && depth)
			remove_tree(one, depth - 1);
	}
	qa_names_free(&names);
	qa_sys->unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

static int
sync_volume(const char *folder, struct qa_err *err)
{
	int fd = qa_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, err), r;

	if (fd < 0)
		return -1;
	r = qa_sys->syncfs(fd) ? qa_fail(err, errno, "cannot sync %s: ", folder) : 0;
	qa_close(&fd);
	return r;
}

/* Folders cannot be linked, so the name is looked at once more before the rename. */
static int
place_folder(const char *temp, const char *out, struct qa_err *err)
{
	if (exists(out))
		return qa_fail(err, EEXIST, "cannot write to %s: ", out);
	if (qa_sys->renameat(AT_FDCWD, temp, AT_FDCWD, out))
		return qa_fail(err, errno, "cannot write to %s: ", out);
	return 0;
}

int
export_end(struct export *x, struct qa_err *err)
{
	char folder[PATH_LENGTH];

	folder_of(x->out, folder);
	if (x->format == MBOX) {
		if (qa_fsync(x->fd, x->temp, err) || (x->proof && sync_volume(x->temp_proofs, err)) ||
		    (x->proof && place_folder(x->temp_proofs, x->proofs, err)))
			goto bad;
		if (qa_sys->linkat(AT_FDCWD, x->temp, AT_FDCWD, x->out, 0)) {
			qa_fail(err, errno, "cannot write to %s: ", x->out);
			if (x->proof)
				remove_tree(x->proofs, 0);
			goto bad;
		}
		qa_sys->unlinkat(AT_FDCWD, x->temp, 0);
	} else if (sync_volume(x->temp, err) || place_folder(x->temp, x->out, err)) {
		goto bad;
	}
	qa_close(&x->fd);
	qa_buf_free(&x->bytes);
	free(x);
	return qa_fsync_dir(AT_FDCWD, folder, err);
bad:
	export_abort(x);
	return -1;
}

void
export_abort(struct export *x)
{
	int keep = errno;

	qa_close(&x->fd);
	if (x->format == MBOX) {
		qa_sys->unlinkat(AT_FDCWD, x->temp, 0);
		if (x->proof)
			remove_tree(x->temp_proofs, 0);
	} else {
		remove_tree(x->temp, 1);
	}
	qa_buf_free(&x->bytes);
	free(x);
	errno = keep;
}
