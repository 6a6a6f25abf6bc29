/*
 * What the reading tools share: from the words of a command line to an open archive. All of them end the program with a
 * clear line and exit 2 when they cannot.
 */
#ifndef QA_DEPOT_TOOL_H
#define QA_DEPOT_TOOL_H

#include "archive/read.h"
#include "base/opt.h"

/* The folder that keeps the mail of a domain: its own, or that which the table names for it. */
const char *tool_folder(const struct qa_opt *o, const char *domain);

struct qa_archive *tool_archive(const struct qa_opt *o, const char *domain);

/* "2026-11/123". */
struct qa_entry_id tool_id(const struct qa_opt *o, const char *word);

/* The entry; says so and exits 1 when there is none. */
void tool_entry(const struct qa_opt *o, struct qa_archive *a, const struct qa_entry_id *id, struct qa_partition **p_r,
		struct qa_entry *e_r);

/* A whole file, or "-" for standard input, at most limit bytes, appended to b. */
void tool_read(const struct qa_opt *o, const char *path, struct qa_buf *b);

/* A public key (vkey) given as itself or as a file that holds it; b keeps the file's contents. */
const char *tool_key(const struct qa_opt *o, const char *word, struct qa_buf *b);

/* Ends the program when a buffer of the answer could not be added to. */
void tool_full(const struct qa_opt *o, int failed);

/* Writes to standard output, exits 2 when that fails. */
void tool_write(const struct qa_opt *o, qa_span bytes);

#endif
