/*
 * An export being made: a file or folder beside its final name, put in place when it is whole and on disk.
 */
#ifndef QA_DEPOT_EXPORT_H
#define QA_DEPOT_EXPORT_H

#include "archive/read.h"

struct export;

/* FORMAT is eml, mbox or maildir. EEXIST when OUT is there already. */
int export_begin(const char *out, const char *format, bool proof, struct export **x_r, struct qa_err *err) QA_MUST;

/* Adds a message: 1; 0 left out, for it is damaged or has no proof yet (err says which) and the export is as before; -1. */
int export_add(struct export *x, struct qa_archive *a, const struct qa_entry_id *id, struct qa_partition *p,
	       const struct qa_entry *e, struct qa_err *err) QA_MUST;

/* Syncs all, puts it in place. Both free x. */
int export_end(struct export *x, struct qa_err *err) QA_MUST;
void export_abort(struct export *x);

#endif
