/* Proof files and tile paths: no crash, one spelling, and nobody makes a proof without the key. */
#include "tlog/proof.h"
#include "tlog/test-keys.h"
#include "tlog/tile.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
extra(qa_span in)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_tlog_extra x;

	if (qa_tlog_extra_scan(in, &x, NULL) == 1) {
		int rc = qa_tlog_extra_add(&b, &x, NULL);

		/* a later minor version may hold more than we write */
		assert(rc == 0 && (in.p[10] || in.p[11] || qa_span_eq(in, qa_buf_span(&b))));
	}
	qa_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_buf space = QA_BUF(0), b = QA_BUF(0);
	char path[QA_TLOG_TILE_PATH];
	struct qa_tlog_checkpoint c;
	struct qa_tlog_proof proof;
	struct qa_tlog_tile tile;
	struct qa_tlog_extra x;
	struct qa_tlog_key key;
	qa_span in = qa_span_of(p, n);

	if (qa_tlog_proof_scan(in, &proof, &space, NULL) == 0) {
		int rc = qa_tlog_proof_add(&b, &proof, NULL);

		assert(rc == 0 && qa_span_eq(in, qa_buf_span(&b)));
		extra(proof.extra);
		rc = qa_tlog_key_scan(qa_span_str(TEST_PUBLIC), &key, NULL);
		assert(rc == 0);
		rc = qa_tlog_proof_check(&proof, qa_span_str("a leaf that is in no log"), &key, 1, &c, NULL);
		assert(rc != 1);
		if (qa_tlog_extra_scan(proof.extra, &x, NULL) == 1)
			(void)!qa_tlog_proof_check(&proof, x.leaf, &key, 1, &c, NULL);
	}
	extra(in);
	if (qa_tlog_tile_scan(in, &tile) == 0) {
		qa_tlog_tile_path(&tile, path);
		assert(qa_span_is(in, path));
	}
	qa_buf_free(&space);
	qa_buf_free(&b);
	return 0;
}
