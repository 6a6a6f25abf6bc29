/*
 * The handle: opening, closing, where its files are.
 */
#include "store/private.h"
#include "sys/publish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int
qa_store_path(const struct qa_partition *p, const char *name, char out[QA_PATH], struct qa_err *err)
{
	int n = snprintf(out, QA_PATH, "%s/%s", p->folder, name);

	if (n < 0 || n >= QA_PATH)
		return qa_fail(err, ENAMETOOLONG, "cannot name %s/%s: ", p->folder, name);
	return 0;
}

static char *
join(const char *folder, const char *prefix, const char *name)
{
	size_t n = strlen(folder) + strlen(prefix) + strlen(name) + 2;
	char *s = malloc(n);

	if (s)
		snprintf(s, n, "%s/%s%s", folder, prefix, name);
	return s;
}

int
qa_store_new(const struct qa_partition_where *w, struct qa_partition **p_r, struct qa_err *err)
{
	struct qa_partition *p = calloc(1, sizeof *p);
	char month[QA_MONTH_TEXT];

	if (!p)
		return qa_fail(err, ENOMEM, "cannot open a partition of %s: ", w->domain);
	qa_month_text(w->month, month);
	p->entries.fd = p->items.fd = -1;
	p->month = w->month;
	p->seg_most = QA_FILES_OPEN;
	p->folder = join(w->depot, "", month);
	p->known_path = w->var ? join(w->var, "known-", month) : NULL;
	p->domain = strdup(w->domain);
	if (!p->folder || !p->domain || (w->var && !p->known_path)) {
		qa_partition_close(p);
		return qa_fail(err, ENOMEM, "cannot open a partition of %s: ", w->domain);
	}
	*p_r = p;
	return 0;
}

void
qa_store_drop(struct qa_partition *p)
{
	for (size_t i = 0; p->seg && i < p->man.n; i++)
		qa_seg_close(p, i);
	free(p->seg);
	p->seg = NULL;
	p->seg_open = 0;
	qa_manifest_free(&p->man);
	qa_index_close(&p->entries);
	qa_index_close(&p->items);
}

void
qa_partition_close(struct qa_partition *p)
{
	if (!p)
		return;
	qa_writer_free(p);
	qa_store_drop(p);
	for (size_t i = 0; i < QA_ROLES; i++)
		qa_loaded_free(&p->cache[i]);
	qa_buf_free(&p->fields);
	free(p->piece);
	free(p->folder);
	free(p->known_path);
	free(p->domain);
	free(p);
}

int
qa_store_manifest(struct qa_partition *p, struct qa_err *err)
{
	struct qa_buf text = QA_BUF(QA_MANIFEST_LIMIT);
	char path[QA_PATH];
	int rc;

	if (qa_store_path(p, "manifest", path, err))
		return -1;
	rc = qa_slurp(AT_FDCWD, path, &text, err);
	if (rc == 1 && qa_manifest_get(qa_buf_span(&text), p->domain, p->month, &p->man, err)) {
		qa_fail_in(err, "cannot use %s", path);
		rc = -1;
	}
	qa_buf_free(&text);
	if (rc != 1)
		return rc;
	p->seg = calloc(p->man.n ? p->man.n : 1, sizeof *p->seg);
	if (!p->seg)
		return qa_fail(err, ENOMEM, "cannot open %s: ", p->folder);
	for (size_t i = 0; i < p->man.n; i++)
		p->seg[i].fd = -1;
	return 1;
}

int
qa_store_publish(struct qa_partition *p, const struct qa_manifest *m, struct qa_err *err)
{
	struct qa_buf text = QA_BUF(QA_MANIFEST_LIMIT);
	char path[QA_PATH];
	int rc = -1;

	if (qa_store_path(p, "manifest", path, err))
		return -1;
	if (qa_manifest_put(m, p->domain, p->month, &text))
		qa_fail(err, errno, "cannot write %s: ", path);
	else
		rc = qa_publish(AT_FDCWD, path, qa_buf_span(&text), 0640, err);
	qa_buf_free(&text);
	return rc;
}

/* 1, 0 no such partition, -1. */
static int
look(struct qa_partition *p, bool trust, struct qa_err *err)
{
	char entries[QA_PATH], items[QA_PATH];
	struct qa_tail_end end;
	int rc = qa_store_manifest(p, err);

	if (rc != 1)
		return rc;
	if (qa_store_path(p, "entries.idx", entries, err) || qa_store_path(p, "items.idx", items, err))
		return -1;
	if (qa_index_open(&p->entries, entries, QA_ENTRY_REC, p->month, false, err) ||
	    qa_index_open(&p->items, items, QA_ITEM_REC, p->month, false, err))
		return -1;
	rc = 1;
	if (trust)
		rc = qa_tail_load(p, UINT64_MAX, &end, err);
	if (rc == 1) {
		p->distrust = true;
		qa_index_cut(&p->entries, 0);
		qa_index_cut(&p->items, 0);
		rc = qa_tail_load(p, UINT64_MAX, &end, err);
	}
	return rc < 0 ? -1 : 1;
}

int
qa_store_reload(struct qa_partition *p, bool trust, struct qa_err *err)
{
	qa_store_drop(p);
	p->distrust = false;
	int rc = look(p, trust, err);
	if (rc == 0)
		return qa_fail(err, ENOENT, "%s is gone", p->folder);
	return rc < 0 ? -1 : 0;
}

int
qa_partition_read(const struct qa_partition_where *w, struct qa_partition **p_r, struct qa_err *err)
{
	struct qa_partition *p;

	if (qa_store_new(w, &p, err))
		return -1;
	int rc = look(p, true, err);
	if (rc == 1) {
		*p_r = p;
		return 1;
	}
	int num = errno;
	qa_partition_close(p);
	errno = num;
	return rc;
}

uint64_t
qa_partition_entries(const struct qa_partition *p)
{
	return p->entries.total + (p->w ? p->w->waits : 0);
}

uint64_t
qa_partition_items(const struct qa_partition *p)
{
	return p->items.total + (p->w ? p->w->items : 0);
}

int
qa_partition_list(const char *depot, qa_month **v_r, size_t *n_r, struct qa_err *err)
{
	struct qa_names names;
	size_t n = 0;

	*v_r = NULL;
	*n_r = 0;
	if (qa_listdir(AT_FDCWD, depot, &names, err))
		return errno == ENOENT ? 0 : -1;
	qa_month *v = malloc((names.n ? names.n : 1) * sizeof *v);
	if (!v) {
		qa_names_free(&names);
		return qa_fail(err, ENOMEM, "cannot read folder %s: ", depot);
	}
	/* names of months sort as the months do */
	for (size_t i = 0; i < names.n; i++)
		if (qa_month_scan(qa_span_str(names.v[i]), &v[n]) == 0)
			n++;
	qa_names_free(&names);
	*v_r = v;
	*n_r = n;
	return 0;
}
