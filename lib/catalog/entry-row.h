/*
 * An archived entry as a row of the catalog: envelope from its fields, words from its message.
 */
#ifndef QA_CATALOG_ENTRY_ROW_H
#define QA_CATALOG_ENTRY_ROW_H

#include "base/err.h"
#include "catalog/row.h"
#include "message/message.h"
#include "store/partition.h"

/* A row and the document its text lies in. */
struct qa_entry_row {
	struct qa_row row;
	struct qa_document *doc;
};

void qa_entry_row_init(struct qa_entry_row *x);
void qa_entry_row_free(struct qa_entry_row *x);

/*
 * Fills x for entry E. FIELDS are its fields (a copy: e->fields does not outlive reading the message), MESSAGE the whole
 * message; with has_message but READABLE false the message could not be read, and its envelope alone is indexed, as a
 * fallback. LIMITS as in qa_message_parse. -1: out of memory; nothing in an entry is an error.
 */
int qa_entry_row_make(struct qa_entry_row *x, const struct qa_entry *e, qa_span fields, bool readable, qa_span message,
		      const struct qa_message_limits *limits, struct qa_err *err) QA_MUST;

#endif
