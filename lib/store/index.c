#include "store/index.h"
#include "base/num.h"
#include "base/sha256.h"
#include "sys/sys.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static const unsigned char magic[8] = {'q', 'a', 'i', 'n', 'd', 'x', '1', '\n'};
static const unsigned slot_at[2] = {16, 40};

void
qa_entry_rec_put(const struct qa_entry_rec *r, unsigned char out[QA_ENTRY_REC])
{
	qa_le32_put(out, r->segment);
	qa_le32_put(out + 4, r->place);
	qa_le64_put(out + 8, r->offset);
	qa_le64_put(out + 16, r->leaf);
	memcpy(out + 24, r->id, 8);
	memcpy(out + 32, r->digest, 8);
}

void
qa_entry_rec_get(const unsigned char in[QA_ENTRY_REC], struct qa_entry_rec *r_r)
{
	r_r->segment = qa_le32_get(in);
	r_r->place = qa_le32_get(in + 4);
	r_r->offset = qa_le64_get(in + 8);
	r_r->leaf = qa_le64_get(in + 16);
	memcpy(r_r->id, in + 24, 8);
	memcpy(r_r->digest, in + 32, 8);
}

void
qa_item_rec_put(const struct qa_item_rec *r, unsigned char out[QA_ITEM_REC])
{
	qa_le32_put(out, r->segment);
	qa_le32_put(out + 4, r->at);
	qa_le64_put(out + 8, r->offset);
	qa_le64_put(out + 16, r->length);
	memcpy(out + 24, r->digest, 8);
}

void
qa_item_rec_get(const unsigned char in[QA_ITEM_REC], struct qa_item_rec *r_r)
{
	r_r->segment = qa_le32_get(in);
	r_r->at = qa_le32_get(in + 4);
	r_r->offset = qa_le64_get(in + 8);
	r_r->length = qa_le64_get(in + 16);
	memcpy(r_r->digest, in + 24, 8);
}

/* ---- header ---- */

static void
slot_put(unsigned char *head, int which, uint64_t count)
{
	unsigned char covered[24];

	qa_le64_put(head + slot_at[which], count);
	memcpy(covered, head, 16);
	memcpy(covered + 16, head + slot_at[which], 8);
	struct qa_digest d = qa_sha256_of(qa_span_of(covered, sizeof covered));
	memcpy(head + slot_at[which] + 8, d.b, 16);
}

static bool
slot_get(const unsigned char *head, int which, uint64_t *count_r)
{
	unsigned char again[QA_INDEX_HEAD];

	memcpy(again, head, sizeof again);
	*count_r = qa_le64_get(head + slot_at[which]);
	slot_put(again, which, *count_r);
	return memcmp(again, head, sizeof again) == 0;
}

static void
head_put(const struct qa_index *x, uint64_t count, unsigned char out[QA_INDEX_HEAD])
{
	memcpy(out, magic, sizeof magic);
	qa_le32_put(out + 8, x->record);
	qa_le32_put(out + 12, x->month);
	slot_put(out, 0, count);
	slot_put(out, 1, count);
}

/* The synced count, 0 when the header is not to be trusted. *which_r: the slot that does not count. */
static uint64_t
head_get(const struct qa_index *x, const unsigned char in[QA_INDEX_HEAD], int *spare_r)
{
	uint64_t a = 0, b = 0;

	*spare_r = 0;
	if (memcmp(in, magic, sizeof magic) != 0 || qa_le32_get(in + 8) != x->record || qa_le32_get(in + 12) != x->month)
		return 0;
	bool good_a = slot_get(in, 0, &a), good_b = slot_get(in, 1, &b);
	if (good_a && (!good_b || a >= b)) {
		*spare_r = 1;
		return a;
	}
	return good_b ? b : 0;
}

/* ---- opening ---- */

static int
write_head(struct qa_index *x, uint64_t count, struct qa_err *err)
{
	unsigned char h[QA_INDEX_HEAD];

	head_put(x, count, h);
	return qa_pwrite_all(x->fd, h, sizeof h, 0, x->path, err);
}

static int
take(struct qa_index *x, struct qa_err *err)
{
	unsigned char h[QA_INDEX_HEAD];
	struct stat st;
	int spare = 0, rc = qa_pread_all(x->fd, h, sizeof h, 0, x->path, err);

	if (rc < 0)
		return -1;
	if (qa_sys->fstat(x->fd, &st))
		return qa_fail(err, errno, "cannot look at %s: ", x->path);
	x->synced = rc == 1 ? head_get(x, h, &spare) : 0;
	if (x->synced > ((uint64_t)st.st_size - QA_INDEX_HEAD) / x->record)
		x->synced = 0;
	x->disk = x->total = x->synced;
	return 0;
}

int
qa_index_open(struct qa_index *x, const char *path, uint32_t record, qa_month month, bool writer, struct qa_err *err)
{
	*x = (struct qa_index){.fd = -1, .record = record, .month = month, .writer = writer, .tail = QA_BUF(0)};
	x->path = strdup(path);
	if (!x->path)
		return qa_fail(err, ENOMEM, "cannot open %s: ", path);
	x->fd = qa_sys->openat(AT_FDCWD, path, (writer ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0640);
	if (x->fd < 0 && errno == ENOENT && !writer)
		return 0;
	if (x->fd < 0)
		return qa_fail(err, errno, "cannot open %s: ", path);
	if (take(x, err))
		return -1;
	if (writer && x->synced == 0)
		return write_head(x, 0, err);
	return 0;
}

void
qa_index_close(struct qa_index *x)
{
	if (x->path)
		qa_close(&x->fd);
	free(x->path);
	free(x->window);
	qa_buf_free(&x->tail);
	memset(x, 0, sizeof *x);
	x->fd = -1;
}

/* ---- records ---- */

uint64_t
qa_index_place(const struct qa_index *x, uint64_t n)
{
	return QA_INDEX_HEAD + (n - 1) * x->record;
}

static int
from_disk(struct qa_index *x, uint64_t n, unsigned char *out, struct qa_err *err)
{
	size_t most = QA_INDEX_WINDOW / x->record;

	if (n < x->window_first || n >= x->window_first + x->window_n) {
		uint64_t count = x->disk - n + 1 < most ? x->disk - n + 1 : most;

		if (!x->window && !(x->window = malloc(QA_INDEX_WINDOW)))
			return qa_fail(err, ENOMEM, "cannot read %s: ", x->path);
		x->window_n = x->peek_n = 0;
		int rc = qa_pread_all(x->fd, x->window, (size_t)count * x->record, qa_index_place(x, n), x->path, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return qa_fail(err, EBADMSG, "%s ends before record %llu", x->path, (unsigned long long)n);
		x->window_first = n;
		x->window_n = (size_t)count;
	}
	memcpy(out, x->window + (n - x->window_first) * x->record, x->record);
	return 1;
}

int
qa_index_get(struct qa_index *x, uint64_t n, unsigned char *out, struct qa_err *err)
{
	if (n == 0 || n > x->total)
		return 0;
	if (n <= x->disk)
		return from_disk(x, n, out, err);
	memcpy(out, x->tail.p + (n - x->disk - 1) * x->record, x->record);
	return 1;
}

int
qa_index_tail(struct qa_index *x, uint64_t n, const unsigned char *rec, struct qa_err *err)
{
	assert(!x->writer && n > x->disk);
	uint64_t need;

	if (qa_mul_u64(n - x->disk, x->record, &need) || need > SIZE_MAX / 2)
		return qa_fail(err, EOVERFLOW, "too much to index of %s", x->path);
	if (need > x->tail.n) {
		if (qa_buf_reserve(&x->tail, (size_t)need - x->tail.n))
			return qa_fail(err, errno, "cannot keep the index of %s: ", x->path);
		memset(x->tail.p + x->tail.n, 0, (size_t)need - x->tail.n);
		x->tail.n = (size_t)need;
	}
	memcpy(x->tail.p + (n - x->disk - 1) * x->record, rec, x->record);
	if (n > x->total)
		x->total = n;
	return 0;
}

int
qa_index_append(struct qa_index *x, const unsigned char *recs, uint64_t count, struct qa_err *err)
{
	assert(x->writer);
	/* a file that was given up is not missed: what is in it is made again from the segments */
	if (x->fd >= 0 &&
	    qa_pwrite_all(x->fd, recs, (size_t)count * x->record, qa_index_place(x, x->total + 1), x->path, err))
		return -1;
	x->window_n = 0;
	x->total += count;
	x->disk = x->total;
	return 0;
}

void
qa_index_cut(struct qa_index *x, uint64_t n)
{
	x->window_n = 0;
	if (x->total > n)
		x->total = n;
	if (x->disk > n)
		x->disk = n;
	if (x->tail.n > (x->total - x->disk) * x->record)
		x->tail.n = (size_t)((x->total - x->disk) * x->record);
}

static int
sync_failed(struct qa_index *x)
{
	qa_sys->unlinkat(AT_FDCWD, x->path, 0);
	x->synced = 0;
	return -1;
}

int
qa_index_sync(struct qa_index *x, uint64_t n, struct qa_err *err)
{
	unsigned char h[QA_INDEX_HEAD];
	int spare;

	assert(n <= x->total);
	if (n <= x->synced)
		return 0;
	int rc = qa_pread_all(x->fd, h, sizeof h, 0, x->path, err);
	if (rc < 0)
		return -1;
	if (rc == 0 || head_get(x, h, &spare) != x->synced)
		return qa_fail(err, EBADMSG, "%s was changed by somebody else", x->path);
	if (qa_fdatasync(x->fd, x->path, err))
		return sync_failed(x);
	slot_put(h, spare, n);
	/* when the slot is lost, the other one says less */
	if (qa_pwrite_all(x->fd, h + slot_at[spare], QA_INDEX_SLOT, slot_at[spare], x->path, err))
		return -1;
	x->synced = n;
	return 0;
}

int
qa_index_claims(struct qa_index *x, uint64_t *count_r, struct qa_err *err)
{
	unsigned char h[QA_INDEX_HEAD];
	uint64_t a, b;
	int spare;

	*count_r = 0;
	if (x->fd < 0)
		return 1;
	int rc = qa_pread_all(x->fd, h, sizeof h, 0, x->path, err);
	if (rc != 1)
		return rc;
	*count_r = head_get(x, h, &spare);
	return slot_get(h, 0, &a) && slot_get(h, 1, &b) && (*count_r || (a == 0 && b == 0));
}

/* As much of the file from AT on as the window takes. */
static int
fill_window(struct qa_index *x, uint64_t at, struct qa_err *err)
{
	if (!x->window && !(x->window = malloc(QA_INDEX_WINDOW)))
		return qa_fail(err, ENOMEM, "cannot read %s: ", x->path);
	x->window_n = x->peek_n = 0;
	x->peek_at = at;
	while (x->peek_n < QA_INDEX_WINDOW) {
		ssize_t n = qa_sys->pread(x->fd, x->window + x->peek_n, QA_INDEX_WINDOW - x->peek_n,
					  (off_t)(at + x->peek_n));

		if (n < 0 && errno != EINTR)
			return qa_fail(err, errno, "cannot read %s: ", x->path);
		if (n == 0)
			break;
		if (n > 0)
			x->peek_n += (size_t)n;
	}
	return 0;
}

int
qa_index_peek(struct qa_index *x, uint64_t n, unsigned char *out, size_t *have_r, struct qa_err *err)
{
	uint64_t at = qa_index_place(x, n);

	*have_r = 0;
	if (x->fd < 0)
		return 0;
	if ((x->peek_n == 0 || at < x->peek_at || at + x->record > x->peek_at + x->peek_n) && fill_window(x, at, err))
		return -1;
	size_t from = (size_t)(at - x->peek_at);
	*have_r = x->peek_n < from ? 0 : x->peek_n - from;
	if (*have_r > x->record)
		*have_r = x->record;
	memcpy(out, x->window + from, *have_r);
	return 0;
}

int
qa_index_blank(struct qa_index *x, struct qa_err *err)
{
	static const unsigned char zeros[QA_INDEX_HEAD];
	unsigned char h[QA_INDEX_HEAD];
	int rc = qa_pread_all(x->fd, h, sizeof h, 0, x->path, err);

	return rc < 0 ? -1 : rc == 0 || memcmp(h, zeros, sizeof h) == 0;
}

int
qa_index_reset(struct qa_index *x, struct qa_err *err)
{
	assert(x->writer);
	if (qa_sys->unlinkat(AT_FDCWD, x->path, 0) && errno != ENOENT)
		return qa_fail(err, errno, "cannot remove %s: ", x->path);
	qa_close(&x->fd);
	x->synced = x->disk = x->total = 0;
	x->window_n = 0;
	x->tail.n = 0;
	x->fd = qa_open(AT_FDCWD, x->path, O_RDWR | O_CREAT | O_EXCL, 0640, err);
	if (x->fd < 0)
		return -1;
	return write_head(x, 0, err);
}
