/* One entry of a domain that is followed: from the partition into a catalog. */
#include "catalog/follow-private.h"

#include "base/log.h"
#include "tlog/merkle.h"

#include <errno.h>
#include <sys/mman.h>

struct spool {
	int fd;
	const char *dir;
	struct qa_err *err;
};

static int
spool_piece(void *ctx, qa_span piece)
{
	struct spool *s = ctx;

	return qa_write_all(s->fd, piece.p, piece.n, s->dir, s->err);
}

/* A large message as a mapping of a file without a name: *map_r of e->size bytes. 0; -1 with EBADMSG when it cannot be
 * had from the store. */
static int
spool_message(struct qa_follow *f, struct qa_partition *p, const struct qa_entry *e, void **map_r,
	      struct qa_err *err)
{
	struct spool s = {qa_open(AT_FDCWD, f->dir, O_TMPFILE | O_RDWR, 0600, err), f->dir, err};
	int r = -1;

	if (s.fd < 0)
		return -1;
	if (qa_partition_message(p, e, spool_piece, &s, err) == 0) {
		*map_r = mmap(NULL, (size_t)e->size, PROT_READ, MAP_PRIVATE, s.fd, 0);
		r = *map_r == MAP_FAILED ? qa_fail(err, errno, "cannot map a large message of %s: ", f->domain) : 0;
	}
	qa_close(&s.fd);
	return r;
}

/* The message of e, in f->message or mapped; *bytes_r. */
static int
read_message(struct qa_follow *f, struct qa_partition *p, const struct qa_entry *e, qa_span *bytes_r, void **map_r,
	     struct qa_err *err)
{
	*map_r = NULL;
	qa_buf_clear(&f->message);
	if (e->size <= HELD) {
		if (qa_partition_message_buf(p, e, &f->message, err))
			return -1;
		*bytes_r = qa_buf_span(&f->message);
		return 0;
	}
	if (spool_message(f, p, e, map_r, err))
		return -1;
	*bytes_r = qa_span_of(*map_r, (size_t)e->size);
	return 0;
}

struct qa_digest
qa_follow_hash(qa_month m, const struct qa_entry *e)
{
	struct qa_digest none = {{0}};
	char text[QA_LEAF_MAX];
	struct qa_leaf leaf;

	if (qa_archive_leaf(m, e, &leaf, NULL))
		return none;
	return qa_tlog_leaf_hash(qa_span_of(text, qa_leaf_text(&leaf, text)));
}

int
qa_follow_add(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, const struct qa_entry *e,
	  struct qa_err *err)
{
	qa_span bytes = {NULL, 0};
	void *map = NULL;
	struct qa_digest hash = qa_follow_hash(m, e);
	bool readable = true;
	struct qa_err own = {0};
	int r;

	qa_buf_clear(&f->fields);
	if (qa_buf_addspan(&f->fields, e->fields))
		return qa_fail(err, errno, "cannot hold the envelope of an entry of %s: ", f->domain);
	if (e->has_message && read_message(f, p, e, &bytes, &map, &own)) {
		char id[QA_ENTRY_ID_TEXT];

		if (own.num != EBADMSG) {
			*err = own;
			errno = own.num;
			return -1;
		}
		/* md_verify is the one to say it loudly; the entry must not stop those behind it */
		qa_entry_id_text(&(struct qa_entry_id){m, e->n}, id);
		qa_log(QA_ERROR, "event=index.entry.unreadable domain=%s entry=%s why=%s", f->domain, id,
		       qa_log_quote(own.text));
		readable = false;
	}
	r = qa_entry_row_make(&f->row, e, qa_buf_span(&f->fields), readable, bytes, f->hooks.limits, err);
	f->row.row.hash = hash;
	if (r == 0)
		r = qa_catalog_add(c, &f->row.row, err);
	if (r == 0 && (f->row.row.flags & QA_ROW_FALLBACK))
		f->fallbacks++;
	if (map)
		munmap(map, (size_t)e->size);
	return r;
}

int
qa_follow_gap(struct qa_follow *f, struct qa_catalog *c, struct qa_partition *p, qa_month m, uint64_t n, struct qa_err *err)
{
	struct qa_row *r = &f->row.row;
	const struct qa_catalog_state *s = qa_catalog_state(c);
	char id[QA_ENTRY_ID_TEXT];
	struct qa_entry e;
	uint64_t later = n;
	int found = -1;

	while (found < 0 && ++later <= qa_partition_entries(p))
		found = qa_partition_entry(p, later, &e, NULL);
	if (found != 1 || e.leaf >= qa_follow_bound(f))
		return -1; /* err says what is wrong with N */
	qa_entry_id_text(&(struct qa_entry_id){m, n}, id);
	qa_log(QA_ERROR, "event=index.entry.unreadable domain=%s entry=%s why=%s", f->domain, id,
	       qa_log_quote(err->text));
	qa_row_clear(r);
	r->n = n;
	r->leaf = e.leaf - (later - n);
	r->date = s->last_n ? s->last_date : qa_seconds_of((int)(m / 12), m % 12 + 1, 1, 0, 0, 0);
	r->flags = QA_MESSAGE | QA_ROW_MESSAGE | QA_ROW_FALLBACK;
	return qa_catalog_add(c, r, err);
}
