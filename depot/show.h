/*
 * What md_show has found out of an entry, and the two ways to say it. Buffers that cannot grow end the program.
 */
#ifndef QA_DEPOT_SHOW_H
#define QA_DEPOT_SHOW_H

#include "archive/read.h"
#include "base/buf.h"
#include "journal/record.h"
#include "message/message.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct shown {
	struct qa_archive *a;
	struct qa_entry_id id;
	char id_text[QA_ENTRY_ID_TEXT];
	struct qa_entry e; /* its spans point into fields and trace */
	struct qa_buf fields, trace;
	struct qa_facts facts;
	char leaf[QA_LEAF_MAX];
	uint64_t under; /* size of the signed checkpoint, 0 = none */
	GArray *events; /* struct qa_event_ref, those that really refer to this message */
	bool all_events;
	struct qa_document *d;
	const char *unread; /* why there is none */
	struct qa_buf out;
};

/* Appends to s->out. */
void show_person(struct shown *s);
void show_json(struct shown *s);

/* For both. A field's value is appended to b as it is (not yet made showable); the status is NULL without a message. */
void show_full(int failed);
void show_value(unsigned type, qa_span v, struct qa_buf *b);
const char *show_status(const struct shown *s);
void show_digest(const struct qa_digest *d, char out[QA_SHA256_TEXT]);

#endif
