/* A domain in the rounds: the records it has not committed yet, and adding them to its archive. */
#include "archive/round-private.h"
#include "base/log.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

struct qa_target *
qa_target_of(struct qa_importer *im, const char *name)
{
	struct qa_target *t;

	if (!im->by_name)
		im->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	t = g_hash_table_lookup(im->by_name, name);
	if (t)
		return t;
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	snprintf(t->name, sizeof t->name, "%s", name);
	t->next = im->targets;
	im->targets = t;
	g_hash_table_insert(im->by_name, t->name, t);
	return t;
}

void
qa_target_free_all(struct qa_importer *im)
{
	if (im->by_name)
		g_hash_table_destroy(im->by_name);
	im->by_name = NULL;
	while (im->targets) {
		struct qa_target *t = im->targets;

		im->targets = t->next;
		qa_writer_close(t->w);
		free(t->ref);
		free(t);
	}
}

int
qa_target_keep(struct qa_target *t, struct qa_intake_file *f, uint64_t offset, struct qa_err *err)
{
	if (t->refs == t->refs_size) {
		size_t size = t->refs_size ? t->refs_size * 2 : 32;
		struct qa_ref *p = realloc(t->ref, size * sizeof *p);

		if (!p)
			return qa_fail(err, ENOMEM, "cannot hold records of %s: ", t->name);
		t->ref = p;
		t->refs_size = size;
	}
	t->ref[t->refs].file = f;
	t->ref[t->refs++].offset = offset;
	f->unfiled++;
	return 0;
}

/* The refs that a round has committed: all but those put off to the next one. */
void
qa_target_done(struct qa_target *t, uint64_t round)
{
	size_t done = t->refs - t->later;

	for (size_t i = 0; i < done; i++) {
		t->ref[i].file->unfiled--;
		t->ref[i].file->round = round;
	}
	if (t->later)
		memmove(t->ref, t->ref + done, t->later * sizeof *t->ref);
	t->refs = t->later;
	t->later = 0;
}

void
qa_target_failed(struct qa_importer *im, struct qa_target *t, const struct qa_err *err)
{
	uint64_t now = qa_tick();

	t->later = 0;
	if (t->begun) {
		qa_writer_abort(t->w);
		t->begun = false;
		im->begun--;
	}
	if (!t->failing_since) {
		t->failing_since = now;
		t->backoff = QA_SECOND / 4;
	}
	t->retry_at = now + t->backoff;
	if (t->backoff < 10 * QA_SECOND)
		t->backoff *= 2;
	qa_log(QA_ERROR, "event=import.domain.failing domain=%s records=%zu why=%s", t->name, t->refs,
	       qa_log_quote(err->text));
}

int
qa_target_begin(struct qa_importer *im, struct qa_target *t, struct qa_err *err)
{
	if (!t->w && qa_writer_open(im->home, t->name, &t->w, err))
		return -1;
	if (qa_writer_begin(t->w, 2 * QA_SECOND, err))
		return -1;
	t->begun = t->warm = true;
	t->used = im->round;
	im->begun++;
	return 0;
}

static qa_month
month_for(uint64_t captured)
{
	uint64_t now = qa_now();

	/* a clock far ahead at the capture must not open months to come */
	return qa_month_of(captured > now + 86400 * QA_SECOND ? now : captured);
}

int
qa_target_add(struct qa_importer *im, struct qa_target *t, const struct qa_route *route, const struct qa_scanned *rec,
	   struct qa_err *err)
{
	struct qa_addition a = {.digest = rec->head.digest, .message = rec->message};
	struct qa_entry_id id;
	struct qa_facts f;
	int rc;

	qa_buf_clear(&im->fields);
	if (qa_route_fields(&im->domains, route, rec->fields, &im->fields, err) ||
	    qa_facts_get(qa_buf_span(&im->fields), &f, err))
		return -1;
	a.fields = qa_buf_span(&im->fields);
	a.month = month_for(f.captured);
	a.has_message = f.kind == QA_MESSAGE || rec->message.n > 0;
	/* the .qmail agent sends a message along when it cannot know that the door has done so */
	a.filed_once = f.kind != QA_MESSAGE;
	rc = qa_writer_add(t->w, &a, &id, err);
	if (rc < 0)
		return -1;
	im->stats.entries += rc == 1;
	im->stats.known += rc == 0;
	return 0;
}

/* The route of a record to a domain that was decided before; by the table of now it may go elsewhere, but a record
 * stays with whom it was given to. */
static int
route_to(struct qa_importer *im, const struct qa_target *t, qa_span fields, struct qa_route *route_r,
	 struct qa_err *err)
{
	struct qa_routes routes;

	memset(route_r, 0, sizeof *route_r);
	snprintf(route_r->rule.folder, sizeof route_r->rule.folder, "%s", t->name);
	route_r->all = true;
	if (qa_route(&im->domains, fields, &routes, err))
		return -1;
	for (size_t i = 0; i < routes.n; i++)
		if (strcmp(routes.v[i].rule.folder, t->name) == 0)
			*route_r = routes.v[i];
	qa_routes_free(&routes);
	return 0;
}

/* Adds what the domain could not commit before. */
int
qa_target_add_held(struct qa_importer *im, struct qa_target *t, struct qa_err *err)
{
	struct qa_intake_file *file = NULL;
	struct qa_scan s = {.fd = -1};
	struct qa_scanned rec;
	struct qa_route route;
	int rc = 0;

	for (size_t i = 0; i < t->refs && rc == 0; i++) {
		if (t->ref[i].file != file) {
			if (file)
				qa_scan_close(&s);
			s.fd = -1;
			file = t->ref[i].file;
		}
		if (qa_intake_again(file, &s, t->ref[i].offset, &rec, err) ||
		    route_to(im, t, rec.fields, &route, err) || qa_target_add(im, t, &route, &rec, err))
			rc = -1;
		if (rc && errno == EAGAIN && i > 0) {
			t->later = t->refs - i;
			rc = 0;
			break;
		}
	}
	if (file)
		qa_scan_close(&s);
	return rc;
}
