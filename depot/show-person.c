/* An entry, for a person. */
#include "base/text.h"
#include "catalog/events.h"
#include "show.h"

#include <stdio.h>
#include <string.h>

static void
line(struct shown *s, const char *name, qa_span value)
{
	show_full(qa_buf_addf(&s->out, "%-13s ", name) || qa_show_add(&s->out, value) || qa_buf_addc(&s->out, '\n'));
}

static void
person_fields(struct shown *s)
{
	struct qa_buf v = QA_BUF(QA_JOURNAL_FIELDS_MAX);
	unsigned type;
	qa_span value;

	for (size_t at = 0; qa_field_next(s->e.fields, &at, &type, &value) == 1;) {
		const char *name = qa_field_name(type);
		char number[24];

		snprintf(number, sizeof number, "field %u", type);
		qa_buf_clear(&v);
		show_value(type, value, &v);
		line(s, name ? name : number, qa_buf_span(&v));
	}
	qa_buf_free(&v);
}

static void
person_events(struct shown *s)
{
	for (guint i = 0; i < s->events->len; i++) {
		const struct qa_event_ref *r = &g_array_index(s->events, struct qa_event_ref, i);
		struct qa_entry_id id = {r->month, r->n};
		char text[QA_ENTRY_ID_TEXT];
		struct qa_partition *p;
		struct qa_entry e;
		qa_span v = {NULL, 0};

		qa_entry_id_text(&id, text);
		show_full(qa_buf_addf(&s->out, "%-13s %s", "delivery", text));
		if (qa_archive_entry(s->a, &id, &p, &e, NULL) == 1 &&
		    (qa_field_find(e.fields, QA_F_MAILBOX, &v) == 1 || qa_field_find(e.fields, QA_F_OUTCOME, &v) == 1))
			show_full(qa_buf_addc(&s->out, ' ') || qa_show_add(&s->out, v));
		show_full(qa_buf_addc(&s->out, '\n'));
	}
}

/* Each line of TEXT, indented. */
static void
person_lines(struct shown *s, qa_span text)
{
	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		show_full(qa_buf_addstr(&s->out, "    ") ||
		     qa_show_add(&s->out, qa_span_cut(text, 0, n && text.p[n - 1] == '\r' ? n - 1 : n)) ||
		     qa_buf_addc(&s->out, '\n'));
		text = qa_span_cut(text, n + 1, text.n);
	}
}

static void
person_addresses(struct shown *s, const char *name, const struct qa_addresses *a)
{
	struct qa_buf v = QA_BUF(16 << 20);

	for (size_t i = 0; i < a->n; i++) {
		qa_buf_clear(&v);
		show_full(*a->v[i].name ? qa_buf_addf(&v, "%s <%s>", a->v[i].name, a->v[i].addr)
				   : qa_buf_addstr(&v, a->v[i].addr));
		line(s, i ? "" : name, qa_buf_span(&v));
	}
	qa_buf_free(&v);
}

static void
person_message(struct shown *s)
{
	const struct qa_document *d = s->d;
	char digest[QA_SHA256_TEXT];

	if (!d) {
		line(s, "message", qa_span_str(s->unread));
		return;
	}
	line(s, "subject", qa_span_str(d->subject));
	person_addresses(s, "from", &d->from);
	person_addresses(s, "to", &d->to);
	person_addresses(s, "cc", &d->cc);
	if (*d->message_id)
		line(s, "message-id", qa_span_str(d->message_id));
	show_full(qa_buf_addf(&s->out, "%-13s %u, text %u, html %u, messages inside %u\n", "parts", d->parts, d->text_parts,
			 d->html_parts, d->messages));
	if (d->fallback)
		line(s, "read as text", qa_span_str(d->reason));
	for (size_t i = 0; i < d->nattachments; i++) {
		const struct qa_attachment *a = &d->attachments[i];

		show_digest(&a->digest, digest);
		show_full(qa_buf_addf(&s->out, "%-13s ", "attachment") ||
		     qa_show_add(&s->out, qa_span_str(*a->name ? a->name : "(no name)")) ||
		     qa_buf_addf(&s->out, "  %s  %llu %s  %s\n", a->type, (unsigned long long)a->size,
				 qa_noun(a->size, "byte", "bytes"), digest));
	}
}

void
show_person(struct shown *s)
{
	char digest[QA_SHA256_TEXT];

	show_full(qa_buf_addf(&s->out, "%-13s %s\n", "entry", s->id_text));
	if (show_status(s))
		line(s, "status", qa_span_str(show_status(s)));
	if (s->e.has_message) {
		show_digest(&s->e.digest, digest);
		show_full(qa_buf_addf(&s->out, "%-13s %llu bytes\n%-13s %s\n", "size", (unsigned long long)s->e.size, "sha256",
				 digest));
	}
	person_fields(s);
	person_events(s);
	show_full(qa_buf_addf(&s->out, "%-13s %llu, %s\n", "leaf", (unsigned long long)s->e.leaf,
			 s->e.leaf < s->under ? "under the signed checkpoint" : "not under a signed checkpoint yet"));
	person_lines(s, qa_span_str(s->leaf));
	person_message(s);
	if (s->e.trace.n) {
		show_full(qa_buf_addstr(&s->out, "trace\n"));
		person_lines(s, s->e.trace);
	}
}
