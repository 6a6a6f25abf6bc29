/* An entry into the partition of its month, unless it is known there. */
#include "archive/writer-private.h"
#include "base/id.h"
#include "tlog/merkle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The partition of a month, opened for appending; makes room by closing the least recently used one without pending entries. */
static int
get_part(struct qa_writer *w, qa_month month, struct open_partition **part_r, struct qa_err *err)
{
	struct qa_partition_where where = {w->depot, w->var, w->domain, month};
	size_t oldest = w->parts;

	for (size_t i = 0; i < w->parts; i++) {
		if (w->part[i].month == month) {
			w->part[i].used = ++w->counter;
			*part_r = &w->part[i];
			return 0;
		}
		if (!w->part[i].leaves && (oldest == w->parts || w->part[i].used < w->part[oldest].used))
			oldest = i;
	}
	if (w->parts == QA_WRITER_PARTITIONS) {
		if (oldest == w->parts)
			return qa_fail(err, EAGAIN, "more than %d months of %s in one round",
				       QA_WRITER_PARTITIONS, w->domain);
		qa_writer_close_part(w, oldest);
	}
	struct open_partition *part = &w->part[w->parts];
	memset(part, 0, sizeof *part);
	part->month = month;
	part->used = ++w->counter;
	if (qa_partition_append(&where, qa_log_committed(w->log), &part->p, err))
		return -1;
	w->parts++;
	*part_r = part;
	return 0;
}

/* By the record's id or, without one, by the message's bytes. */
static int
find_in(struct qa_partition *p, const struct qa_addition *a, const struct qa_id *id, uint64_t *n_r,
	struct qa_err *err)
{
	return id ? qa_partition_find_id(p, id, n_r, err) : qa_partition_find_message(p, &a->digest, n_r, err);
}

/* Looks in the entry's own month, then in the month before it when that one exists. */
static int
find_known(struct qa_writer *w, const struct qa_addition *a, const struct qa_id *id, struct qa_entry_id *id_r,
	   struct qa_err *err)
{
	struct open_partition *part;
	char name[QA_MONTH_TEXT], path[QA_PATH_MAX + QA_MONTH_TEXT + 1];
	struct stat st;
	int rc;

	if (get_part(w, a->month, &part, err))
		return -1;
	id_r->month = a->month;
	rc = find_in(part->p, a, id, &id_r->n, err);
	if (rc)
		return rc;
	id_r->month = a->month - 1;
	qa_month_text(id_r->month, name);
	snprintf(path, sizeof path, "%s/%s", w->depot, name);
	if (qa_sys->fstatat(AT_FDCWD, path, &st, 0))
		return 0;
	if (get_part(w, id_r->month, &part, err))
		return -1;
	return find_in(part->p, a, id, &id_r->n, err);
}

static int
keep_leaf(struct qa_writer *w, struct open_partition *part, const struct qa_digest *leaf, struct qa_err *err)
{
	if (part->leaves == part->leaves_size) {
		size_t size = part->leaves_size ? part->leaves_size * 2 : 32;
		struct qa_digest *p = realloc(part->leaf, size * sizeof *p);

		if (!p)
			return qa_fail(err, ENOMEM, "cannot hold the log of %s: ", w->domain);
		part->leaf = p;
		part->leaves_size = size;
	}
	part->leaf[part->leaves++] = *leaf;
	return 0;
}

int
qa_writer_add(struct qa_writer *w, const struct qa_addition *a, struct qa_entry_id *id_r, struct qa_err *err)
{
	struct qa_new_entry e = {a->has_message, a->message, a->digest, a->fields, {{0}}, {0}};
	struct open_partition *part;
	bool by_content = a->has_message && (a->known_by_content || a->filed_once);
	struct qa_leaf leaf;
	struct qa_facts f;
	char text[QA_LEAF_MAX];
	int rc;

	if (qa_facts_get(a->fields, &f, err))
		return -1;
	rc = find_known(w, a, &f.id, id_r, err);
	if (rc == 0 && by_content) {
		rc = find_known(w, a, NULL, id_r, err);
		if (rc == 1 && a->filed_once) {
			e.has_message = false;
			e.message = qa_span_of(NULL, 0);
			e.digest = qa_sha256_of(e.message);
			rc = 0;
		}
	}
	if (rc)
		return rc < 0 ? -1 : 0;
	if (get_part(w, a->month, &part, err))
		return -1;
	e.id = f.id;
	if (qa_random(e.secret, sizeof e.secret))
		return qa_fail(err, errno, "cannot get random bytes: ");
	id_r->month = a->month;
	if (qa_partition_add(part->p, &e, &id_r->n, err) ||
	    qa_leaf_make(id_r, e.secret, a->fields, &e.digest, &leaf, err))
		return -1;

	struct qa_digest h = qa_tlog_leaf_hash(qa_span_of(text, qa_leaf_text(&leaf, text)));
	if (keep_leaf(w, part, &h, err))
		return -1;
	w->added++;
	return 1;
}
