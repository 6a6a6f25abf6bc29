#include "store/frame.h"
#include "base/num.h"
#include "store/entry.h"

#include <assert.h>

static const unsigned char magic[4] = {'q', 'a', 'f', 'r'};

static void
check_of(const unsigned char head[QA_FRAME_HEAD], const unsigned char salt[QA_SEGMENT_SALT], uint64_t offset,
	 qa_span dir, qa_span stored, unsigned char out[QA_FRAME_CHECK])
{
	unsigned char at[8];
	struct qa_sha256 c;

	qa_le64_put(at, offset);
	qa_sha256_init(&c);
	qa_sha256_add(&c, salt, QA_SEGMENT_SALT);
	qa_sha256_add(&c, at, sizeof at);
	qa_sha256_add(&c, head, 48);
	qa_sha256_add(&c, dir.p, dir.n);
	qa_sha256_add(&c, stored.p, stored.n);
	struct qa_digest d = qa_sha256_end(&c);
	memcpy(out, d.b, QA_FRAME_CHECK);
}

void
qa_frame_put(const struct qa_frame *f, const unsigned char salt[QA_SEGMENT_SALT], uint64_t offset, qa_span dir,
	     qa_span stored, unsigned char out[QA_FRAME_HEAD])
{
	assert(dir.n == f->dir && stored.n == f->stored);
	memset(out, 0, QA_FRAME_HEAD);
	memcpy(out, magic, sizeof magic);
	out[4] = f->type;
	out[5] = f->codec;
	qa_le32_put(out + 8, f->dir);
	qa_le32_put(out + 12, f->stored);
	qa_le32_put(out + 16, f->raw);
	qa_le32_put(out + 20, f->count);
	qa_le64_put(out + 24, f->first);
	qa_le64_put(out + 32, f->at);
	qa_le64_put(out + 40, f->items);
	check_of(out, salt, offset, dir, stored, out + 48);
}

/* What depends on the type: sizes of directory and count, fields that must be 0. */
static bool
fits_type(const struct qa_frame *f)
{
	switch (f->type) {
	case QA_FRAME_ITEMS:
		return f->count && f->dir == f->count * QA_ITEM_DIR && f->at == 0 && f->items == 0;
	case QA_FRAME_ENTRIES:
		return f->count && f->dir == f->count * QA_ENTRY_DIR && f->raw >= f->count * QA_ENTRY_HEAD &&
		       f->first <= UINT64_MAX - f->count && f->at <= UINT64_MAX - f->count;
	case QA_FRAME_MORE:
		return f->count == 0 && f->dir == 0 && f->raw && f->at && f->items == 0;
	default:
		return false;
	}
}

bool
qa_frame_get(const unsigned char in[QA_FRAME_HEAD], struct qa_frame *f_r)
{
	struct qa_frame f = {
		.type = in[4],
		.codec = in[5],
		.dir = qa_le32_get(in + 8),
		.stored = qa_le32_get(in + 12),
		.raw = qa_le32_get(in + 16),
		.count = qa_le32_get(in + 20),
		.first = qa_le64_get(in + 24),
		.at = qa_le64_get(in + 32),
		.items = qa_le64_get(in + 40),
	};

	if (memcmp(in, magic, sizeof magic) != 0 || qa_le16_get(in + 6) != 0)
		return false;
	if (f.codec > QA_ZSTD || f.raw > QA_FRAME_MAX || f.count > QA_FRAME_COUNT || f.first == 0)
		return false;
	if (f.codec == QA_STORED ? f.stored != f.raw : f.stored >= f.raw)
		return false;
	if (!fits_type(&f))
		return false;
	*f_r = f;
	return true;
}

bool
qa_frame_check(const unsigned char in[QA_FRAME_HEAD], const unsigned char salt[QA_SEGMENT_SALT], uint64_t offset,
	       qa_span dir, qa_span stored)
{
	unsigned char want[QA_FRAME_CHECK];

	check_of(in, salt, offset, dir, stored, want);
	return memcmp(want, in + 48, sizeof want) == 0;
}

void
qa_item_dir_put(const struct qa_item_dir *d, unsigned char out[QA_ITEM_DIR])
{
	qa_le64_put(out, d->number);
	qa_le32_put(out + 8, d->length);
	out[12] = d->kind;
	memset(out + 13, 0, 3);
	memcpy(out + 16, d->digest.b, sizeof d->digest.b);
}

struct qa_item_dir
qa_item_dir_get(const unsigned char in[QA_ITEM_DIR])
{
	struct qa_item_dir d = {.number = qa_le64_get(in), .length = qa_le32_get(in + 8), .kind = in[12]};

	memcpy(d.digest.b, in + 16, sizeof d.digest.b);
	return d;
}

static bool
items_dir(const struct qa_frame *f, const unsigned char *dir, uint32_t *start_r)
{
	uint64_t at = 0, before = 0;

	for (uint32_t i = 0; i < f->count; i++, dir += QA_ITEM_DIR) {
		struct qa_item_dir d = qa_item_dir_get(dir);

		if (i == 0 ? d.number != f->first : d.number <= before)
			return false;
		if (d.kind < QA_ITEM_REST || d.kind > QA_ITEM_FIELDS || dir[13] || dir[14] || dir[15])
			return false;
		if (at > f->raw)
			return false;
		if (start_r)
			start_r[i] = (uint32_t)at;
		at += d.length;
		before = d.number;
	}
	if (start_r)
		start_r[f->count] = f->raw;
	return at >= f->raw;
}

static bool
entries_dir(const struct qa_frame *f, const unsigned char *dir, uint32_t *start_r)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < f->count; i++, dir += QA_ENTRY_DIR) {
		uint32_t n = qa_le32_get(dir);

		if (n < QA_ENTRY_HEAD)
			return false;
		if (start_r)
			start_r[i] = (uint32_t)at;
		at += n;
		if (at > f->raw)
			return false;
	}
	if (start_r)
		start_r[f->count] = f->raw;
	return at == f->raw;
}

bool
qa_frame_dir(const struct qa_frame *f, const unsigned char *dir, uint32_t *start_r)
{
	switch (f->type) {
	case QA_FRAME_ITEMS:
		return items_dir(f, dir, start_r);
	case QA_FRAME_ENTRIES:
		return entries_dir(f, dir, start_r);
	default:
		if (start_r)
			start_r[0] = f->raw;
		return true;
	}
}
