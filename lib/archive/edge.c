#include "archive/edge.h"
#include "base/num.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdlib.h>

static const char file_magic[8] = "qaedge1\n";
static const char block_magic[4] = "qaeb";

static void
check_of(const void *a, size_t an, const unsigned char *salt, uint64_t offset, const void *b, size_t bn,
	 unsigned char out[16])
{
	unsigned char at[8];
	struct qa_sha256 c;
	struct qa_digest d;

	qa_sha256_init(&c);
	if (salt) {
		qa_le64_put(at, offset);
		qa_sha256_add(&c, salt, 16);
		qa_sha256_add(&c, at, sizeof at);
	}
	qa_sha256_add(&c, a, an);
	qa_sha256_add(&c, b, bn);
	d = qa_sha256_end(&c);
	memcpy(out, d.b, 16);
}

void
qa_edge_head_put(const struct qa_edge_head *h, unsigned char out[QA_EDGE_HEADER])
{
	memset(out, 0, QA_EDGE_HEADER);
	memcpy(out, file_magic, 8);
	qa_le16_put(out + 8, 1);
	qa_le32_put(out + 12, QA_EDGE_HEADER);
	memcpy(out + 16, h->salt, 16);
	qa_le64_put(out + 32, h->first);
	check_of(out, 48, NULL, 0, "", 0, out + 48);
}

int
qa_edge_head_get(const unsigned char in[QA_EDGE_HEADER], struct qa_edge_head *h_r, struct qa_err *err)
{
	unsigned char check[16];

	if (memcmp(in, file_magic, 8) != 0)
		return qa_fail(err, EBADMSG, "not an edge file");
	if (qa_le16_get(in + 8) != 1)
		return qa_fail(err, ENOTSUP, "edge file of version %u, newer than this program", qa_le16_get(in + 8));
	check_of(in, 48, NULL, 0, "", 0, check);
	if (memcmp(check, in + 48, 16) != 0 || qa_le32_get(in + 12) != QA_EDGE_HEADER ||
	    qa_le64_get(in + 32) % 256 != 0 || qa_le64_get(in + 40) != 0)
		return qa_fail(err, EBADMSG, "edge file with a damaged header");
	memcpy(h_r->salt, in + 16, 16);
	h_r->first = qa_le64_get(in + 32);
	return 0;
}

void
qa_edge_block_put(const struct qa_edge_block *b, const unsigned char salt[16], uint64_t offset,
		  const struct qa_digest *hashes, unsigned char out[QA_EDGE_BLOCK])
{
	memcpy(out, block_magic, 4);
	qa_le32_put(out + 4, b->count);
	qa_le64_put(out + 8, b->size);
	memcpy(out + 16, b->root.b, 32);
	check_of(out, 48, salt, offset, hashes, (size_t)b->count * sizeof *hashes, out + 48);
}

int
qa_edge_block_get(qa_span bytes, const unsigned char salt[16], uint64_t offset, struct qa_edge_block *b_r)
{
	unsigned char check[16];

	if (bytes.n < QA_EDGE_BLOCK || memcmp(bytes.p, block_magic, 4) != 0)
		return 0;
	b_r->count = qa_le32_get(bytes.p + 4);
	b_r->size = qa_le64_get(bytes.p + 8);
	memcpy(b_r->root.b, bytes.p + 16, 32);
	if (b_r->count > (bytes.n - QA_EDGE_BLOCK) / QA_SHA256_SIZE)
		return 0;
	check_of(bytes.p, 48, salt, offset, bytes.p + QA_EDGE_BLOCK, (size_t)b_r->count * QA_SHA256_SIZE, check);
	return memcmp(check, bytes.p + 48, 16) == 0;
}

int
qa_edge_read(const char *path, struct qa_edge *e_r, struct qa_err *err)
{
	struct qa_buf b = QA_BUF((size_t)1 << 28);
	struct qa_edge e = {.size = 0};
	struct qa_edge_block block;
	size_t kept = 0;
	int rc = qa_slurp(AT_FDCWD, path, &b, err);

	if (rc <= 0)
		goto out;
	rc = -1;
	if (b.n < QA_EDGE_HEADER) {
		qa_fail(err, EBADMSG, "edge file too short");
		goto out;
	}
	if (qa_edge_head_get(b.p, &e.head, err))
		goto out;
	e.hashes = malloc(b.n ? b.n : 1);
	if (!e.hashes) {
		qa_fail(err, ENOMEM, "cannot read it: ");
		goto out;
	}
	e.size = e.head.first;
	e.bytes = QA_EDGE_HEADER;
	e.total = b.n;
	while (qa_edge_block_get(qa_span_cut(qa_buf_span(&b), e.bytes, b.n), e.head.salt, e.bytes, &block) &&
	       block.size == e.size + block.count) {
		size_t n = (size_t)block.count * QA_SHA256_SIZE;

		memcpy((unsigned char *)e.hashes + kept, b.p + e.bytes + QA_EDGE_BLOCK, n);
		kept += n;
		e.size = block.size;
		e.root = block.root;
		e.bytes += QA_EDGE_BLOCK + n;
		e.blocks++;
	}
	if (e.blocks == 0 && e.head.first > 0) {
		qa_fail(err, EBADMSG, "edge file without its first block");
		goto out;
	}
	rc = 1;
out:
	qa_buf_free(&b);
	if (rc == 1)
		*e_r = e;
	else
		free(e.hashes);
	if (rc < 0)
		qa_fail_in(err, "%s", path);
	return rc;
}

void
qa_edge_free(struct qa_edge *e)
{
	free(e->hashes);
	e->hashes = NULL;
}
