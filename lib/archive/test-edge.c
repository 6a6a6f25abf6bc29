/* The edge file: every flip and every truncation is seen, and only whole blocks count. */
#include "archive/edge.h"
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned char file[QA_EDGE_HEADER + 2 * QA_EDGE_BLOCK + 5 * 32];
static char path[256];

static void
put(const unsigned char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd))
		abort();
}

static uint64_t
size_of(size_t n)
{
	struct qa_edge e;
	struct qa_err err;
	uint64_t size;
	int rc;

	put(file, n);
	rc = qa_edge_read(path, &e, &err);
	if (rc != 1)
		return rc < 0 ? 1000 : 2000;
	size = e.size;
	qa_edge_free(&e);
	return size;
}

int
main(void)
{
	struct qa_edge_head head = {.salt = {7}, .first = 256};
	struct qa_edge_block block = {.count = 3, .size = 259};
	struct qa_digest hash[5];
	char folder[] = "/tmp/test-edge-XXXXXX";
	size_t second = QA_EDGE_HEADER + QA_EDGE_BLOCK + 3 * 32;
	int wrong = 0;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/edge", folder);
	for (unsigned i = 0; i < 5; i++)
		hash[i] = qa_sha256_of(qa_span_of(&i, sizeof i));
	qa_edge_head_put(&head, file);
	block.root = hash[0];
	qa_edge_block_put(&block, head.salt, QA_EDGE_HEADER, hash, file + QA_EDGE_HEADER);
	memcpy(file + QA_EDGE_HEADER + QA_EDGE_BLOCK, hash, 3 * 32);
	block.count = 2;
	block.size = 261;
	qa_edge_block_put(&block, head.salt, second, hash + 3, file + second);
	memcpy(file + second + QA_EDGE_BLOCK, hash + 3, 2 * 32);

	OK(size_of(sizeof file) == 261);
	for (size_t n = 0; n < sizeof file; n++)
		wrong += size_of(n) != (n < second ? 1000 : 259);
	OKF(wrong == 0, "a truncated file counts up to its last whole block");
	for (size_t i = 0; i < sizeof file; i++) {
		uint64_t size;

		file[i] ^= 0x10;
		size = size_of(sizeof file);
		wrong += size != (i < second ? 1000 : 259);
		file[i] ^= 0x10;
	}
	OKF(wrong == 0, "a flipped bit ends the good part");
	unlink(path);
	struct qa_edge e;
	OK(qa_edge_read(path, &e, NULL) == 0);
	rmdir(folder);
	return done();
}
