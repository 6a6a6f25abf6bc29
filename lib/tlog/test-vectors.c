/* The log in tests/vectors/tlog, which every later version must read: 260 leaves, once 3. */
#include "sys/sys.h"
#include "tests/tap.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/tile.h"

#include <errno.h>
#include <stdlib.h>

#define DIR "tests/vectors/tlog/"

static struct qa_err err;

static struct qa_buf
file(const char *name)
{
	struct qa_buf b = QA_BUF(1 << 20);
	char path[256];

	snprintf(path, sizeof path, DIR "%s", name);
	if (qa_slurp(AT_FDCWD, path, &b, &err) != 1) {
		printf("Bail out! no %s (tests run in the project's folder)\n", path);
		exit(1);
	}
	return b;
}

static int
read_tile(void *ctx, const struct qa_tlog_tile *t, unsigned char *bytes_r, struct qa_err *e)
{
	char name[QA_TLOG_TILE_PATH + 4] = "log/";
	struct qa_buf b;

	(void)ctx;
	qa_tlog_tile_path(t, name + 4);
	b = file(name);
	if (b.n != (size_t)t->width * QA_SHA256_SIZE)
		return qa_fail(e, EBADMSG, "%s has %zu bytes", name, b.n);
	memcpy(bytes_r, b.p, b.n);
	qa_buf_free(&b);
	return 0;
}

int
main(void)
{
	static struct qa_tlog_tile_reader r;
	struct qa_buf vkey = file("log/vkey"), newest = file("log/checkpoint"), old = file("old"), proof = file("proof"),
		      leaf = file("leaf"), space = QA_BUF(0);
	struct qa_tlog_checkpoint c, o, in;
	struct qa_tlog_proof p;
	struct qa_tlog_extra x;
	struct qa_tlog_path path;
	struct qa_digest root;
	struct qa_tlog_key key;

	OK(qa_tlog_key_scan(qa_buf_span(&vkey), &key, &err) == 0);
	OK(qa_tlog_checkpoint_open(qa_buf_span(&newest), &key, 1, &c, &err) == 1 && c.size == 260);
	OK(qa_tlog_checkpoint_open(qa_buf_span(&old), &key, 1, &o, &err) == 1 && o.size == 3);

	qa_tlog_tile_reader_init(&r, c.size, read_tile, NULL);
	OK(qa_tlog_root(c.size, qa_tlog_tile_hash, &r, &root, &err) == 0 && qa_digest_eq(&root, &c.root));
	OK(qa_tlog_prove_consistency(o.size, c.size, qa_tlog_tile_hash, &r, &path, &err) == 0 &&
	   qa_tlog_verify_consistency(o.size, c.size, &o.root, &path, &c.root));

	OK(qa_tlog_proof_scan(qa_buf_span(&proof), &p, &space, &err) == 0 && p.index == 100 && p.path.n == 9);
	OK(qa_tlog_extra_scan(p.extra, &x, &err) == 1 && qa_span_eq(x.leaf, qa_buf_span(&leaf)));
	OK(x.message_nonce[31] == 31 && x.envelope_nonce[31] == 0x80 + 31);
	OK(qa_tlog_proof_check(&p, x.leaf, &key, 1, &in, &err) == 1 && in.size == 260);
	OK(qa_tlog_prove_inclusion(100, 260, qa_tlog_tile_hash, &r, &path, &err) == 0 && path.n == p.path.n &&
	   memcmp(path.h, p.path.h, path.n * sizeof *path.h) == 0);
	qa_buf_free(&vkey), qa_buf_free(&newest), qa_buf_free(&old), qa_buf_free(&proof), qa_buf_free(&leaf);
	qa_buf_free(&space);
	return done();
}
