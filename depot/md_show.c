/*
 * md_show: all that the archive knows of one entry: envelope, deliveries, its place in the log, its parts.
 */
#include "archive/home.h"
#include "archive/prove.h"
#include "catalog/events.h"
#include "index-sandbox.h"
#include "message/message.h"
#include "show.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

enum { JSON = 1, READ_MOST = 64 << 20 };

static const char help[] = "Shows an entry: envelope, deliveries, place in the log, parts of its message.\n\n"
			   "      --json    one JSON object\n";
static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {0}};
static const struct qa_opt opt = {"md_show", "[--json] DOMAIN ID", help, "", longs};

void
show_full(int failed)
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
	show_full(qa_buf_addspan(&s->fields, s->e.fields) || qa_buf_addspan(&s->trace, s->e.trace));
	s->e.fields = qa_buf_span(&s->fields);
	s->e.trace = qa_buf_span(&s->trace);
	if (qa_facts_get(s->e.fields, &s->facts, &err))
		qa_die(opt.program, &err);
	load_leaf(s);
	load_events(s);
	load_message(s);
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
