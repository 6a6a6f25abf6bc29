/*
 * mklog [-o OLD] [-k KEY] DIR SIZE INDEX: writes a log of SIZE synthetic leaves, without sync, for tests.
 *
 *	DIR/log/{vkey,checkpoint,tile/...}	the log, its partial tiles for OLD and SIZE leaves
 *	DIR/old				the checkpoint of its first OLD leaves (default: none)
 *	DIR/proof, DIR/leaf		the proof of leaf INDEX and its text
 *
 * KEY is a private key's text; the default is the tests' own, so that the output is the same each time.
 */
#include "base/num.h"
#include "base/opt.h"
#include "tlog/checkpoint.h"
#include "tlog/proof.h"
#include "tlog/test-keys.h"
#include "tlog/tile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct qa_opt opt = {"mklog", "[-o OLD] [-k KEY] DIR SIZE INDEX", "", "o:k:", NULL};
static const char *dir;
static struct qa_tlog_signer signer;
static unsigned char *row[QA_TLOG_ROWS]; /* all hashes of each row */
static struct qa_err err;

static void
die(const char *what)
{
	qa_fail(&err, errno, "cannot write %s: ", what);
	qa_die(opt.program, &err);
}

static void
write_file(const char *name, qa_span bytes)
{
	char path[4096];
	FILE *f;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		die(name);
	}
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdir(path, 0777) && errno != EEXIST)
			die(path);
		*slash = '/';
	}
	f = fopen(path, "wb");
	if (!f || fwrite(bytes.p, 1, bytes.n, f) != bytes.n || fclose(f))
		die(path);
}

static qa_span
nth_leaf(uint64_t i, char out[64])
{
	snprintf(out, 64, "leaf %llu of a synthetic log\n", (unsigned long long)i);
	return qa_span_str(out);
}

static int
read_tile(void *ctx, const struct qa_tlog_tile *t, unsigned char *bytes_r, struct qa_err *e)
{
	(void)ctx, (void)e;
	memcpy(bytes_r, row[t->level] + t->index * QA_TLOG_TILE_BYTES, (size_t)t->width * QA_SHA256_SIZE);
	return 0;
}

static void
write_tiles(uint64_t from, uint64_t to)
{
	struct qa_tlog_tiles it = qa_tlog_tiles_between(from, to);
	unsigned char bytes[QA_TLOG_TILE_BYTES];
	struct qa_tlog_tile t;
	char name[QA_TLOG_TILE_PATH + 4] = "log/";

	while (qa_tlog_tiles_next(&it, &t)) {
		qa_tlog_tile_path(&t, name + 4);
		if (read_tile(NULL, &t, bytes, &err))
			qa_die(opt.program, &err);
		write_file(name, qa_span_of(bytes, (size_t)t.width * QA_SHA256_SIZE));
	}
}

static void
checkpoint(const struct qa_tlog_frontier *f, struct qa_buf *b)
{
	struct qa_tlog_checkpoint c = {qa_span_str(signer.key.name), f->size, qa_tlog_frontier_root(f), {NULL, 0}};

	qa_buf_clear(b);
	if (qa_tlog_checkpoint_sign(b, &c, &signer, &err))
		qa_die(opt.program, &err);
}

static void
write_proof(uint64_t index, uint64_t size, qa_span note)
{
	static struct qa_tlog_tile_reader reader;
	struct qa_buf extra = QA_BUF(0), file = QA_BUF(0);
	struct qa_tlog_proof p = {.index = index, .checkpoint = note};
	struct qa_tlog_extra x;
	char text[64];

	x.leaf = nth_leaf(index, text);
	for (unsigned char i = 0; i < QA_TLOG_NONCE; i++) {
		x.message_nonce[i] = i;
		x.envelope_nonce[i] = (unsigned char)(0x80 + i);
	}
	qa_tlog_tile_reader_init(&reader, size, read_tile, NULL);
	if (qa_tlog_prove_inclusion(index, size, qa_tlog_tile_hash, &reader, &p.path, &err) ||
	    qa_tlog_extra_add(&extra, &x, &err))
		qa_die(opt.program, &err);
	p.extra = qa_buf_span(&extra);
	if (qa_tlog_proof_add(&file, &p, &err))
		qa_die(opt.program, &err);
	write_file("proof", qa_buf_span(&file));
	write_file("leaf", x.leaf);
	qa_buf_free(&extra);
	qa_buf_free(&file);
}

int
main(int argc, char **argv)
{
	struct qa_digest gained[QA_TLOG_ROWS], leaf;
	struct qa_buf note = QA_BUF(0);
	struct qa_tlog_frontier f;
	const char *key = TEST_PRIVATE;
	char vkey[QA_TLOG_KEY_TEXT], text[64];
	uint64_t size, index, old = 0;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		if (c == 'k')
			key = optarg;
		else if (qa_scan_u64(qa_span_str(optarg), &old))
			qa_usage(&opt);
	if (argc - optind != 3 || qa_scan_u64(qa_span_str(argv[optind + 1]), &size) ||
	    qa_scan_u64(qa_span_str(argv[optind + 2]), &index) || size > UINT64_C(100) << 20 || index >= size || old > size)
		qa_usage(&opt);
	dir = argv[optind];
	if (qa_tlog_signer_scan(qa_span_str(key), &signer, &err))
		qa_die(opt.program, &err);
	for (unsigned i = 0; i < QA_TLOG_ROWS; i++)
		if (!(row[i] = calloc((size_t)(size >> 8 * i) + 1, QA_SHA256_SIZE)))
			die("its memory");

	qa_tlog_frontier_init(&f);
	while (f.size < size) {
		leaf = qa_tlog_leaf_hash(nth_leaf(f.size, text));
		int k = qa_tlog_frontier_append(&f, &leaf, gained);

		for (int i = 0; i < k; i++)
			memcpy(row[i] + ((f.size >> 8 * i) - 1) * QA_SHA256_SIZE, gained[i].b, QA_SHA256_SIZE);
		if (f.size == old) {
			write_tiles(0, old);
			checkpoint(&f, &note);
			write_file("old", qa_buf_span(&note));
		}
	}
	write_tiles(old, size);
	qa_tlog_key_text(&signer.key, vkey);
	memcpy(vkey + strlen(vkey), "\n", 2);
	write_file("log/vkey", qa_span_str(vkey));
	checkpoint(&f, &note);
	write_file("log/checkpoint", qa_buf_span(&note));
	write_proof(index, size, qa_buf_span(&note));
	qa_buf_free(&note);
	for (unsigned i = 0; i < QA_TLOG_ROWS; i++)
		free(row[i]);
	return 0;
}
