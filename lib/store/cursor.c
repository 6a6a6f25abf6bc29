/*
 * The bytes of an item, over all its frames.
 */
#include "store/private.h"

#include <errno.h>

static int
wrong(const struct qa_cursor *c, const char *what, struct qa_err *err)
{
	ptrdiff_t i = qa_seg_find(c->p, c->segment);

	return qa_fail(err, EBADMSG, "%s: item %llu: %s", i < 0 ? c->p->folder : qa_seg_text(c->p, (size_t)i),
		       (unsigned long long)c->item, what);
}

/* Place of an item in a directory, count when it is not there. */
static uint32_t
find(const struct qa_loaded *l, uint64_t number)
{
	uint32_t low = 0, high = l->head.count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (qa_item_dir_get(l->dir.p + (size_t)mid * QA_ITEM_DIR).number < number)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < l->head.count && qa_item_dir_get(l->dir.p + (size_t)low * QA_ITEM_DIR).number == number)
		return low;
	return l->head.count;
}

int
qa_cursor_open(struct qa_cursor *c, struct qa_partition *p, enum qa_role role, uint64_t item, struct qa_err *err)
{
	unsigned char rec[QA_ITEM_REC];
	struct qa_item_rec r;
	struct qa_loaded *l;

	*c = (struct qa_cursor){.p = p, .role = role, .item = item};
	int rc = qa_index_get(&p->items, item, rec, err);
	if (rc < 0)
		return -1;
	qa_item_rec_get(rec, &r);
	if (rc == 0 || r.segment == 0)
		return qa_fail(err, EBADMSG, "%s has no item %llu", p->folder, (unsigned long long)item);
	c->segment = r.segment;
	c->offset = r.offset;
	c->at = r.at;
	if (qa_frame_load(p, role, r.segment, r.offset, &l, err))
		return -1;
	if (l->head.type != QA_FRAME_ITEMS)
		return wrong(c, "its frame has no items", err);
	uint32_t place = find(l, item);
	if (place == l->head.count || l->start[place] != r.at)
		return wrong(c, "it is not where the index says", err);
	struct qa_item_dir d = qa_item_dir_get(l->dir.p + (size_t)place * QA_ITEM_DIR);
	c->length = d.length;
	c->kind = d.kind;
	c->digest = d.digest;
	return 0;
}

/* The next piece from the next frame into c->left. */
static int
more(struct qa_cursor *c, struct qa_err *err)
{
	struct qa_loaded *l;

	if (qa_frame_load(c->p, c->role, c->segment, c->offset, &l, err))
		return -1;
	uint64_t rest = c->length - c->pos, from = c->pos ? 0 : c->at;
	if (c->pos && (l->head.type != QA_FRAME_MORE || l->head.first != c->item || l->head.at != c->pos ||
		       l->head.raw > rest))
		return wrong(c, "it is not continued where it should be", err);
	if (from > l->raw.n || (from == l->raw.n && rest))
		return wrong(c, "it has no bytes in its frame", err);
	c->left = qa_span_cut(qa_buf_span(&l->raw), (size_t)from, rest < SIZE_MAX ? (size_t)rest : SIZE_MAX);
	c->pos += c->left.n;
	c->offset += qa_frame_size(&l->head);
	return 0;
}

int
qa_cursor_next(struct qa_cursor *c, size_t most, qa_span *piece_r, struct qa_err *err)
{
	if (c->left.n == 0) {
		if (c->pos == c->length)
			return 0;
		if (more(c, err))
			return -1;
	}
	*piece_r = qa_span_cut(c->left, 0, most);
	c->left = qa_span_cut(c->left, piece_r->n, c->left.n);
	return 1;
}

int
qa_cursor_read(struct qa_cursor *c, void *out, size_t n, struct qa_err *err)
{
	unsigned char *o = out;

	while (n) {
		qa_span piece;
		int rc = qa_cursor_next(c, n, &piece, err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			return wrong(c, "it ends early", err);
		memcpy(o, piece.p, piece.n);
		o += piece.n;
		n -= piece.n;
	}
	return 0;
}
