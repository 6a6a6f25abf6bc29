#include "archive/prove.h"
#include "archive/home.h"
#include "sys/sys.h"
#include "tlog/proof.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int
qa_checkpoint_read(const char *home, const char *domain, struct qa_tlog_checkpoint *c_r, struct qa_buf *note,
		   struct qa_err *err)
{
	char path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(QA_TLOG_KEY_TEXT);
	struct qa_tlog_key key;
	int rc;

	if (qa_home_path(path, home, err, QA_HOME_LOG "/vkey", domain))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &b, err);
	if (rc == 0)
		rc = qa_fail(err, ENOENT, "cannot open %s: ", path);
	else if (rc == 1 && qa_tlog_key_scan(qa_buf_span(&b), &key, err))
		rc = qa_fail_in(err, "%s", path);
	qa_buf_free(&b);
	if (rc < 0 || qa_home_path(path, home, err, QA_HOME_LOG "/checkpoint", domain))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, note, err);
	if (rc != 1)
		return rc;
	rc = qa_tlog_checkpoint_open(qa_buf_span(note), &key, 1, c_r, err);
	if (rc == 0)
		return qa_fail(err, EBADMSG, "%s is not signed by the domain's key", path);
	return rc < 0 ? qa_fail_in(err, "%s", path) : 1;
}

/* The bytes of a file, when it has exactly n of them or, for a full tile in a partial one's place, more. */
static int
read_file(const struct qa_tile_files *files, const struct qa_tlog_tile *tile, unsigned char *bytes_r, size_t n,
	  struct qa_err *err)
{
	char name[QA_TLOG_TILE_PATH], path[QA_PATH_MAX];
	struct qa_buf b = QA_BUF(QA_TLOG_TILE_BYTES);
	int rc;

	qa_tlog_tile_path(tile, name);
	if (qa_home_path(path, files->home, err, QA_HOME_LOG "/%s", files->domain, name))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &b, err);
	if (rc == 1 && b.n != tile->width * QA_SHA256_SIZE)
		rc = qa_fail(err, EBADMSG, "%s has %zu bytes, not %u", path, b.n, tile->width * QA_SHA256_SIZE);
	if (rc == 1)
		memcpy(bytes_r, b.p, n);
	else if (rc == 0)
		qa_fail(err, ENOENT, "cannot open %s: ", path);
	qa_buf_free(&b);
	return rc;
}

/* The tile from a wider partial one, of a later tree: as read_file. One that is being written is passed over. */
static int
read_wider(const struct qa_tile_files *files, const struct qa_tlog_tile *tile, unsigned char *bytes_r, size_t n,
	   struct qa_err *err)
{
	struct qa_tlog_tile wider = *tile;

	for (wider.width++; wider.width < QA_TLOG_TILE_WIDTH; wider.width++)
		if (read_file(files, &wider, bytes_r, n, err) == 1)
			return 1;
	return 0;
}

int
qa_tile_file_read(void *ctx, const struct qa_tlog_tile *tile, unsigned char *bytes_r, struct qa_err *err)
{
	enum { TRIES = 4 };
	struct qa_tlog_tile full = *tile;
	size_t n = tile->width * QA_SHA256_SIZE;
	int rc = 0;

	/* a partial tile goes when a wider one is published, and that one when the next one is */
	full.width = QA_TLOG_TILE_WIDTH;
	for (int tries = 0; rc == 0 && tries < TRIES; tries++) {
		rc = read_file(ctx, tile, bytes_r, n, err);
		if (tile->width == full.width)
			break;
		if (rc == 0)
			rc = read_wider(ctx, tile, bytes_r, n, err);
		if (rc == 0)
			rc = read_file(ctx, &full, bytes_r, n, err);
	}
	if (rc == 0)
		errno = ENOENT;
	return rc == 1 ? 0 : -1;
}

/* Everything of a proof but the entry's part. */
static int
make_proof(struct qa_archive *a, const struct qa_entry *e, qa_span leaf, const struct qa_tlog_extra *extra,
	   const struct qa_tlog_checkpoint *c, qa_span note, struct qa_buf *out, struct qa_err *err)
{
	struct qa_tile_files files = {qa_archive_home(a), qa_archive_domain(a)};
	struct qa_tlog_tile_reader *r = malloc(sizeof *r);
	struct qa_tlog_proof p = {.index = e->leaf, .checkpoint = note};
	struct qa_digest hash = qa_tlog_leaf_hash(leaf);
	struct qa_buf b = QA_BUF(QA_TLOG_EXTRA_MAX);
	int rc = -1;

	if (!r)
		return qa_fail(err, ENOMEM, "cannot make a proof: ");
	qa_tlog_tile_reader_init(r, c->size, qa_tile_file_read, &files);
	if (qa_tlog_prove_inclusion(e->leaf, c->size, qa_tlog_tile_hash, r, &p.path, err) == 0 &&
	    qa_tlog_extra_add(&b, extra, err) == 0) {
		p.extra = qa_buf_span(&b);
		if (qa_tlog_verify_inclusion(e->leaf, c->size, &hash, &p.path, &c->root))
			rc = qa_tlog_proof_add(out, &p, err);
		else
			qa_fail(err, EBADMSG, "the entry is not what leaf %llu of the signed log says; run md_verify",
				(unsigned long long)e->leaf);
	}
	qa_buf_free(&b);
	free(r);
	return rc;
}

static int
pass_by(void *ctx, qa_span piece)
{
	(void)ctx;
	(void)piece;
	return 0;
}

int
qa_prove(struct qa_archive *a, const struct qa_entry_id *id, struct qa_buf *b, struct qa_err *err)
{
	struct qa_buf note = QA_BUF(QA_TLOG_NOTE_MAX);
	struct qa_tlog_checkpoint c;
	struct qa_tlog_extra extra;
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_leaf leaf;
	char text[QA_LEAF_MAX], name[QA_ENTRY_ID_TEXT];
	int rc, have;

	qa_entry_id_text(id, name);
	rc = qa_archive_entry(a, id, &p, &e, err);
	if (rc == 0)
		qa_fail(err, ENOENT, "%s has no entry %s", qa_archive_domain(a), name);
	if (rc != 1)
		return rc;
	have = qa_checkpoint_read(qa_archive_home(a), qa_archive_domain(a), &c, &note, err);
	if (have < 0) {
		rc = -1;
	} else if (have == 0 || e.leaf >= c.size) {
		qa_fail(err, EAGAIN, "entry %s is not under a signed checkpoint yet; md_import signs within seconds",
			name);
		rc = 0;
	} else if (qa_archive_leaf(id->month, &e, &leaf, err) ||
		   (e.has_message && qa_partition_message(p, &e, pass_by, NULL, err))) {
		rc = -1; /* a proof is not given for a message that the store no longer has as it was */
	} else {
		extra.leaf = qa_span_of(text, qa_leaf_text(&leaf, text));
		qa_leaf_nonces(e.secret, extra.message_nonce, extra.envelope_nonce);
		/* with its nonce whoever has the proof could try out who got a blind copy */
		memset(extra.envelope_nonce, 0, sizeof extra.envelope_nonce);
		rc = make_proof(a, &e, extra.leaf, &extra, &c, qa_buf_span(&note), b, err) ? -1 : 1;
	}
	qa_buf_free(&note);
	return rc;
}
