/* An entry, for a program. */
#include "base/text.h"
#include "catalog/events.h"
#include "show.h"

static void
json_pair(struct shown *s, const char *key, qa_span value)
{
	show_full(qa_buf_addf(&s->out, ",\"%s\":", key) || qa_json_add(&s->out, value));
}

static void
json_fields(struct shown *s)
{
	struct qa_buf v = QA_BUF(QA_JOURNAL_FIELDS_MAX);
	const char *between = "";
	unsigned type;
	qa_span value;

	show_full(qa_buf_addstr(&s->out, ",\"fields\":["));
	for (size_t at = 0; qa_field_next(s->e.fields, &at, &type, &value) == 1; between = ",") {
		const char *name = qa_field_name(type);

		qa_buf_clear(&v);
		show_value(type, value, &v);
		show_full(qa_buf_addf(&s->out, "%s{\"type\":%u,\"name\":\"%s\",\"value\":", between, type, name ? name : "") ||
		     qa_json_add(&s->out, qa_buf_span(&v)) || qa_buf_addc(&s->out, '}'));
	}
	show_full(qa_buf_addc(&s->out, ']'));
	qa_buf_free(&v);
}

static void
json_addresses(struct shown *s, const char *key, const struct qa_addresses *a)
{
	show_full(qa_buf_addf(&s->out, ",\"%s\":[", key));
	for (size_t i = 0; i < a->n; i++)
		show_full((i && qa_buf_addc(&s->out, ',')) || qa_buf_addstr(&s->out, "{\"name\":") ||
		     qa_json_add(&s->out, qa_span_str(a->v[i].name)) || qa_buf_addstr(&s->out, ",\"address\":") ||
		     qa_json_add(&s->out, qa_span_str(a->v[i].addr)) || qa_buf_addc(&s->out, '}'));
	show_full(qa_buf_addc(&s->out, ']'));
}

static void
json_message(struct shown *s)
{
	const struct qa_document *d = s->d;
	char digest[QA_SHA256_TEXT];

	if (!d) {
		json_pair(s, "unreadable", qa_span_str(s->unread));
		return;
	}
	json_pair(s, "subject", qa_span_str(d->subject));
	json_addresses(s, "from", &d->from);
	json_addresses(s, "to", &d->to);
	json_addresses(s, "cc", &d->cc);
	json_pair(s, "message_id", qa_span_str(d->message_id));
	show_full(qa_buf_addf(&s->out, ",\"parts\":%u,\"raw_text\":%s,\"attachments\":[", d->parts,
			 d->fallback ? "true" : "false"));
	for (size_t i = 0; i < d->nattachments; i++) {
		const struct qa_attachment *a = &d->attachments[i];

		show_digest(&a->digest, digest);
		show_full((i && qa_buf_addc(&s->out, ',')) || qa_buf_addstr(&s->out, "{\"name\":") ||
		     qa_json_add(&s->out, qa_span_str(a->name)) || qa_buf_addstr(&s->out, ",\"type\":") ||
		     qa_json_add(&s->out, qa_span_str(a->type)) ||
		     qa_buf_addf(&s->out, ",\"size\":%llu,\"sha256\":\"%s\"}", (unsigned long long)a->size, digest));
	}
	show_full(qa_buf_addc(&s->out, ']'));
}

void
show_json(struct shown *s)
{
	char digest[QA_SHA256_TEXT];

	show_digest(&s->e.digest, digest);
	show_full(qa_buf_addf(&s->out, "{\"id\":\"%s\",\"size\":%llu", s->id_text, (unsigned long long)s->e.size));
	if (s->e.has_message)
		json_pair(s, "sha256", qa_span_str(digest));
	if (show_status(s))
		json_pair(s, "status", qa_span_str(show_status(s)));
	json_fields(s);
	show_full(qa_buf_addstr(&s->out, ",\"deliveries\":["));
	for (guint i = 0; i < s->events->len; i++) {
		const struct qa_event_ref *r = &g_array_index(s->events, struct qa_event_ref, i);
		char text[QA_ENTRY_ID_TEXT];

		qa_entry_id_text(&(struct qa_entry_id){r->month, r->n}, text);
		show_full(qa_buf_addf(&s->out, "%s\"%s\"", i ? "," : "", text));
	}
	show_full(qa_buf_addf(&s->out, "],\"leaf\":%llu,\"signed\":%s", (unsigned long long)s->e.leaf,
			 s->e.leaf < s->under ? "true" : "false"));
	json_pair(s, "leaf_text", qa_span_str(s->leaf));
	json_pair(s, "trace", s->e.trace);
	json_message(s);
	show_full(qa_buf_addstr(&s->out, "}\n"));
}
