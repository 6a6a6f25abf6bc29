#include "qmail-archive/batch.h"
#include "sys/sys.h"

#include <errno.h>
#include <sys/mman.h>

enum {
	ARENA = QA_JOURNAL_BATCH_BYTES,
	KEEP = 1 << 20, /* memory not given back between batches */
};

int
qa_batch_open(struct qa_batch *b, struct qa_journal *journal, struct qa_err *err)
{
	void *p = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return qa_fail(err, errno, "cannot get memory for %d bytes of messages: ", ARENA);
	b->journal = journal;
	b->arena = p;
	b->used = b->n = 0;
	return 0;
}

void
qa_batch_close(struct qa_batch *b)
{
	munmap(b->arena, ARENA);
}

int
qa_batch_add(struct qa_batch *b, const struct qa_request *r, void *who, struct qa_err *err)
{
	size_t n = (size_t)r->head.message;
	unsigned char *p = b->arena + b->used;

	if (n + r->fields.n > ARENA - b->used)
		return 1;
	if (n && qa_pread_all(r->fd, p, n, 0, "memory file", err) != 1)
		return errno == ENOMEM ? -1 : qa_fail(err, EINVAL, "malformed request: the message cannot be read");
	if (qa_journal_add(b->journal, &r->head.digest, qa_span_of(p, n), r->fields, err))
		return errno == EAGAIN && b->n ? 1 : -1;
	memcpy(p + n, r->fields.p, r->fields.n);
	b->used += n + r->fields.n;
	b->v[b->n++] = (struct qa_waiter){.who = who,
					  .id = r->id,
					  .digest = r->head.digest,
					  .message_whole = r->message_whole,
					  .fields = qa_span_of(p + n, r->fields.n),
					  .bytes = n};
	return 0;
}

void
qa_batch_empty(struct qa_batch *b)
{
	if (b->used > KEEP)
		madvise(b->arena + KEEP, ARENA - KEEP, MADV_DONTNEED);
	b->used = b->n = 0;
}
