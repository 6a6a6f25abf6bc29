/*
 * Proofs of entries: made inside, from an archive; checked outside, from two files and a key.
 */
#ifndef QA_ARCHIVE_PROVE_H
#define QA_ARCHIVE_PROVE_H

#include "archive/read.h"
#include "tlog/checkpoint.h"
#include "tlog/tile.h"

/* The proof file's bytes for an entry, appended to b: 1; 0 no such entry, or not under a signed checkpoint yet (err says which);
 * -1. What is given out was verified before. */
int qa_prove(struct qa_archive *a, const struct qa_entry_id *id, struct qa_buf *b, struct qa_err *err) QA_MUST;

/* What a checked proof says. */
struct qa_proven {
	struct qa_leaf leaf;
	char origin[256];
	uint64_t index, size; /* leaf number; tree size of the checkpoint */
};

/* Checks a proof of a message with a key (a vkey string), without any archive: 1 it holds; 0 it does not, and err says why
 * (another message, a bad signature, ...); -1 the proof or the key is not one at all. */
int qa_checkproof(const char *vkey, qa_span proof, qa_span message, struct qa_proven *proven_r,
		  struct qa_err *err) QA_MUST;

/* Reads the checkpoint of a domain and opens it with its vkey: 1, 0 none yet, -1. Its spans point into the note, which is appended to b. */
int qa_checkpoint_read(const char *home, const char *domain, struct qa_tlog_checkpoint *c_r, struct qa_buf *note,
		       struct qa_err *err) QA_MUST;

/* A qa_tlog_read_tile over the files of a domain's log. */
struct qa_tile_files {
	const char *home, *domain;
};
int qa_tile_file_read(void *files, const struct qa_tlog_tile *tile, unsigned char *bytes_r, struct qa_err *err);

#endif
