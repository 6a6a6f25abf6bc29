/*
 * md_show: all that the archive knows of one entry: envelope, deliveries, its place in the log, its parts.
 */
#include "archive/home.h"
#include "archive/prove.h"
#include "base/num.h"
#include "base/text.h"
#include "catalog/events.h"
#include "index-sandbox.h"
#include "message/message.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON = 1, READ_MOST = 64 << 20 };

static const char help[] = "Shows an entry: envelope, deliveries, place in the log, parts of its message.\n\n"
			   "      --json    one JSON object\n";
static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {0}};
static const struct qa_opt opt = {"md_show", "[--json] DOMAIN ID", help, "", longs};

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

static void
full(int failed)
{
	tool_full(&opt, failed);
}

/* ---- finding it all ---- */

static void
load_leaf(struct shown *s)
{
	struct qa_tlog_checkpoint c;
	struct qa_buf note = QA_BUF(1 << 20);
	struct qa_leaf leaf;
	struct qa_err err;

	s->leaf[0] = 0;
	if (qa_archive_leaf(s->id.month, &s->e, &leaf, &err) == 0)
		qa_leaf_text(&leaf, s->leaf);
	if (qa_checkpoint_read(qa_archive_home(s->a), qa_archive_domain(s->a), &c, &note, &err) == 1)
		s->under = c.size;
	qa_buf_free(&note);
}

/* Whether the event is about this message: the catalog knows only the front of the digest. */
static bool
refers(struct shown *s, const struct qa_event_ref *r)
{
	struct qa_entry_id id = {r->month, r->n};
	struct qa_partition *p;
	struct qa_entry e;
	qa_span v;

	return qa_archive_entry(s->a, &id, &p, &e, NULL) == 1 && qa_field_find(e.fields, QA_F_REFERS, &v) == 1 &&
	       v.n == sizeof s->e.digest.b && memcmp(v.p, s->e.digest.b, v.n) == 0;
}

static void
load_events(struct shown *s)
{
	char dir[QA_PATH_MAX];
	struct qa_err err;

	s->events = g_array_new(FALSE, FALSE, sizeof(struct qa_event_ref));
	if (!s->e.has_message)
		return;
	if (qa_home_path(dir, qa_archive_home(s->a), &err, QA_HOME_VAR "/catalog", qa_archive_domain(s->a)) ||
	    qa_catalog_events(dir, qa_archive_domain(s->a), s->id.month, &s->e.digest, s->events, &s->all_events, &err))
		qa_die(opt.program, &err);
	for (guint i = s->events->len; i-- > 0;)
		if (!refers(s, &g_array_index(s->events, struct qa_event_ref, i)))
			g_array_remove_index(s->events, i);
}

static void
load_message(struct shown *s)
{
	struct qa_buf b = QA_BUF(READ_MOST + 1);
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_err err;

	s->unread = s->e.purged ? "purged" : "an event";
	if (!s->e.has_message)
		return;
	s->unread = "too large to be taken apart here";
	if (s->e.size > READ_MOST)
		return;
	s->unread = "damaged; md_verify says where";
	if (qa_archive_entry(s->a, &s->id, &p, &e, &err) == 1 && qa_partition_message_buf(p, &e, &b, &err) == 0 &&
	    qa_message_parse(qa_buf_span(&b), NULL, &s->d, &err) == 0)
		s->unread = NULL;
	qa_buf_free(&b);
}

static void
load(struct shown *s)
{
	struct qa_partition *p;
	struct qa_err err;

	tool_entry(&opt, s->a, &s->id, &p, &s->e);
	full(qa_buf_addspan(&s->fields, s->e.fields) || qa_buf_addspan(&s->trace, s->e.trace));
	s->e.fields = qa_buf_span(&s->fields);
	s->e.trace = qa_buf_span(&s->trace);
	if (qa_facts_get(s->e.fields, &s->facts, &err))
		qa_die(opt.program, &err);
	load_leaf(s);
	load_events(s);
	load_message(s);
}

/* ---- values ---- */

/* A field's value for a reader, appended to b as it is (not yet made showable). */
static void
value_text(unsigned type, qa_span v, struct qa_buf *b)
{
	char text[80] = "";
	const char *name = NULL;

	switch (type) {
	case QA_F_CAPTURED:
	case QA_F_CLAIMED_DATE:
		if (v.n == 8)
			qa_rfc3339(qa_le64_get(v.p), text);
		break;
	case QA_F_WITHHELD:
	case QA_F_HEADONLY:
	case QA_F_SOURCE_POS:
		if (v.n == 8)
			snprintf(text, sizeof text, "%llu", (unsigned long long)qa_le64_get(v.p));
		break;
	case QA_F_UID:
		if (v.n == 4)
			snprintf(text, sizeof text, "%u", (unsigned)qa_le32_get(v.p));
		break;
	case QA_F_PEER:
		if (v.n == 12)
			snprintf(text, sizeof text, "uid %u gid %u pid %u", (unsigned)qa_le32_get(v.p),
				 (unsigned)qa_le32_get(v.p + 4), (unsigned)qa_le32_get(v.p + 8));
		break;
	case QA_F_KIND:
		name = v.n == 1 ? qa_kind_name(v.p[0]) : NULL;
		break;
	case QA_F_SOURCE:
		name = v.n == 1 ? qa_source_name(v.p[0]) : NULL;
		break;
	case QA_F_OFFERED:
		name = "yes";
		break;
	case QA_F_ID:
	case QA_F_REFERS:
		if (v.n <= 32)
			qa_hex(v.p, v.n, text);
		break;
	default:
		full(qa_buf_addspan(b, v));
		return;
	}
	full(qa_buf_addstr(b, name ? name : text));
}

static const char *
status(const struct shown *s)
{
	if (!s->e.has_message)
		return NULL;
	if (s->facts.source == QA_AGENT || s->facts.source == QA_IMPORT || s->facts.source == QA_FETCH ||
	    s->events->len)
		return "settled";
	return s->all_events ? "unsettled" : "unsettled as far as indexed";
}

static void
digest_text(const struct qa_digest *d, char out[QA_SHA256_TEXT])
{
	qa_hex(d->b, sizeof d->b, out);
}

/* ---- for a person ---- */

static void
line(struct shown *s, const char *name, qa_span value)
{
	full(qa_buf_addf(&s->out, "%-13s ", name) || qa_show_add(&s->out, value) || qa_buf_addc(&s->out, '\n'));
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
		value_text(type, value, &v);
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
		full(qa_buf_addf(&s->out, "%-13s %s", "delivery", text));
		if (qa_archive_entry(s->a, &id, &p, &e, NULL) == 1 &&
		    (qa_field_find(e.fields, QA_F_MAILBOX, &v) == 1 || qa_field_find(e.fields, QA_F_OUTCOME, &v) == 1))
			full(qa_buf_addc(&s->out, ' ') || qa_show_add(&s->out, v));
		full(qa_buf_addc(&s->out, '\n'));
	}
}

/* Each line of TEXT, indented. */
static void
person_lines(struct shown *s, qa_span text)
{
	while (text.n) {
		const unsigned char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		full(qa_buf_addstr(&s->out, "    ") ||
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
		full(*a->v[i].name ? qa_buf_addf(&v, "%s <%s>", a->v[i].name, a->v[i].addr)
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
	full(qa_buf_addf(&s->out, "%-13s %u, text %u, html %u, messages inside %u\n", "parts", d->parts, d->text_parts,
			 d->html_parts, d->messages));
	if (d->fallback)
		line(s, "read as text", qa_span_str(d->reason));
	for (size_t i = 0; i < d->nattachments; i++) {
		const struct qa_attachment *a = &d->attachments[i];

		digest_text(&a->digest, digest);
		full(qa_buf_addf(&s->out, "%-13s ", "attachment") ||
		     qa_show_add(&s->out, qa_span_str(*a->name ? a->name : "(no name)")) ||
		     qa_buf_addf(&s->out, "  %s  %llu bytes  %s\n", a->type, (unsigned long long)a->size, digest));
	}
}

static void
show_person(struct shown *s)
{
	char digest[QA_SHA256_TEXT];

	full(qa_buf_addf(&s->out, "%-13s %s\n", "entry", s->id_text));
	if (status(s))
		line(s, "status", qa_span_str(status(s)));
	if (s->e.has_message) {
		digest_text(&s->e.digest, digest);
		full(qa_buf_addf(&s->out, "%-13s %llu bytes\n%-13s %s\n", "size", (unsigned long long)s->e.size, "sha256",
				 digest));
	}
	person_fields(s);
	person_events(s);
	full(qa_buf_addf(&s->out, "%-13s %llu, %s\n", "leaf", (unsigned long long)s->e.leaf,
			 s->e.leaf < s->under ? "under the signed checkpoint" : "not under a signed checkpoint yet"));
	person_lines(s, qa_span_str(s->leaf));
	person_message(s);
	if (s->e.trace.n) {
		full(qa_buf_addstr(&s->out, "trace\n"));
		person_lines(s, s->e.trace);
	}
}

/* ---- for a program ---- */

static void
json_pair(struct shown *s, const char *key, qa_span value)
{
	full(qa_buf_addf(&s->out, ",\"%s\":", key) || qa_json_add(&s->out, value));
}

static void
json_fields(struct shown *s)
{
	struct qa_buf v = QA_BUF(QA_JOURNAL_FIELDS_MAX);
	const char *between = "";
	unsigned type;
	qa_span value;

	full(qa_buf_addstr(&s->out, ",\"fields\":["));
	for (size_t at = 0; qa_field_next(s->e.fields, &at, &type, &value) == 1; between = ",") {
		const char *name = qa_field_name(type);

		qa_buf_clear(&v);
		value_text(type, value, &v);
		full(qa_buf_addf(&s->out, "%s{\"type\":%u,\"name\":\"%s\",\"value\":", between, type, name ? name : "") ||
		     qa_json_add(&s->out, qa_buf_span(&v)) || qa_buf_addc(&s->out, '}'));
	}
	full(qa_buf_addc(&s->out, ']'));
	qa_buf_free(&v);
}

static void
json_addresses(struct shown *s, const char *key, const struct qa_addresses *a)
{
	full(qa_buf_addf(&s->out, ",\"%s\":[", key));
	for (size_t i = 0; i < a->n; i++)
		full((i && qa_buf_addc(&s->out, ',')) || qa_buf_addstr(&s->out, "{\"name\":") ||
		     qa_json_add(&s->out, qa_span_str(a->v[i].name)) || qa_buf_addstr(&s->out, ",\"address\":") ||
		     qa_json_add(&s->out, qa_span_str(a->v[i].addr)) || qa_buf_addc(&s->out, '}'));
	full(qa_buf_addc(&s->out, ']'));
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
	full(qa_buf_addf(&s->out, ",\"parts\":%u,\"raw_text\":%s,\"attachments\":[", d->parts,
			 d->fallback ? "true" : "false"));
	for (size_t i = 0; i < d->nattachments; i++) {
		const struct qa_attachment *a = &d->attachments[i];

		digest_text(&a->digest, digest);
		full((i && qa_buf_addc(&s->out, ',')) || qa_buf_addstr(&s->out, "{\"name\":") ||
		     qa_json_add(&s->out, qa_span_str(a->name)) || qa_buf_addstr(&s->out, ",\"type\":") ||
		     qa_json_add(&s->out, qa_span_str(a->type)) ||
		     qa_buf_addf(&s->out, ",\"size\":%llu,\"sha256\":\"%s\"}", (unsigned long long)a->size, digest));
	}
	full(qa_buf_addc(&s->out, ']'));
}

static void
show_json(struct shown *s)
{
	char digest[QA_SHA256_TEXT];

	digest_text(&s->e.digest, digest);
	full(qa_buf_addf(&s->out, "{\"id\":\"%s\",\"size\":%llu", s->id_text, (unsigned long long)s->e.size));
	if (s->e.has_message)
		json_pair(s, "sha256", qa_span_str(digest));
	if (status(s))
		json_pair(s, "status", qa_span_str(status(s)));
	json_fields(s);
	full(qa_buf_addstr(&s->out, ",\"deliveries\":["));
	for (guint i = 0; i < s->events->len; i++) {
		const struct qa_event_ref *r = &g_array_index(s->events, struct qa_event_ref, i);
		char text[QA_ENTRY_ID_TEXT];

		qa_entry_id_text(&(struct qa_entry_id){r->month, r->n}, text);
		full(qa_buf_addf(&s->out, "%s\"%s\"", i ? "," : "", text));
	}
	full(qa_buf_addf(&s->out, "],\"leaf\":%llu,\"signed\":%s", (unsigned long long)s->e.leaf,
			 s->e.leaf < s->under ? "true" : "false"));
	json_pair(s, "leaf_text", qa_span_str(s->leaf));
	json_pair(s, "trace", s->e.trace);
	json_message(s);
	full(qa_buf_addstr(&s->out, "}\n"));
}

int
main(int argc, char **argv)
{
	struct shown s = {.out.limit = 256 << 20};
	struct qa_err err;
	bool json = false;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		if (c != JSON)
			qa_usage(&opt);
		json = true;
	}
	if (argc - optind != 2)
		qa_usage(&opt);
	s.a = tool_archive(&opt, argv[optind]);
	s.id = tool_id(&opt, argv[optind + 1]);
	if (index_shut_domain(qa_opt_home(), qa_archive_domain(s.a), &err))
		qa_die(opt.program, &err);
	qa_entry_id_text(&s.id, s.id_text);
	load(&s);
	(json ? show_json : show_person)(&s);
	tool_write(&opt, qa_buf_span(&s.out));
	qa_document_free(s.d);
	g_array_free(s.events, TRUE);
	qa_buf_free(&s.out);
	qa_buf_free(&s.fields);
	qa_buf_free(&s.trace);
	qa_archive_close(s.a);
	return 0;
}
