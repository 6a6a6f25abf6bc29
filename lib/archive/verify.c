#include "archive/verify.h"
#include "archive/home.h"
#include "archive/verify-private.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[QA_T_KINDS] = {"damaged", "missing", "added", "reordered", "truncated",
					      "index",	 "log",	    "forked", "key",	  "unreachable", "note"};

const char *
qa_trouble_name(enum qa_trouble t)
{
	return (unsigned)t < QA_T_KINDS ? names[t] : "unknown";
}

void
qa_verify_found(struct qa_verifying *x, enum qa_trouble t, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	x->st->trouble[t]++;
	x->bad |= t != QA_T_NOTE;
	if (x->v->found)
		x->v->found(x->v->ctx, t, text);
}

void
qa_verify_stranger(struct qa_verifying *x, const char *folder, const char *area, const char *name)
{
	char path[QA_PATH_MAX + 256];
	struct stat st;

	if (strncmp(name, ".tmp.", 5) != 0) {
		qa_verify_found(x, QA_T_ADDED, "%s/%s: does not belong there", area, name);
		return;
	}
	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (qa_sys->fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		qa_verify_found(x, QA_T_NOTE, "%s/%s: is not in use: a writer is at work, or left it", area, name);
}

/* ---- entries ---- */

static void
finding(void *ctx, enum qa_finding_kind kind, const char *text)
{
	static const enum qa_trouble as[] = {
	    [QA_FIND_DAMAGE] = QA_T_DAMAGED,	    [QA_FIND_MISSING] = QA_T_MISSING, [QA_FIND_EXTRA] = QA_T_ADDED,
	    [QA_FIND_ORDER] = QA_T_REORDERED,	    [QA_FIND_TRUNCATED] = QA_T_TRUNCATED,
	    [QA_FIND_INDEX] = QA_T_INDEX,	    [QA_FIND_UNREACHABLE] = QA_T_UNREACHABLE,
	    [QA_FIND_NOTE] = QA_T_NOTE};
	struct qa_verifying *x = ctx;

	if (kind == QA_FIND_TAIL) {
		/* what an interrupted round leaves, unless entries of the log are missing */
		if (!x->tail[0])
			snprintf(x->tail, sizeof x->tail, "depot/%s: %s", x->month_text, text);
		return;
	}
	qa_verify_found(x, as[kind], "depot/%s: %s", x->month_text, text);
}

static int
each_entry(void *ctx, struct qa_partition *p, const struct qa_entry *e, bool good)
{
	struct qa_verifying *x = ctx;
	struct qa_entry_id id = {x->month, e->n};
	char name[QA_ENTRY_ID_TEXT], text[QA_LEAF_MAX];
	struct qa_digest hash, logged;
	struct qa_leaf leaf;
	struct qa_err err;

	(void)p;
	qa_entry_id_text(&id, name);
	x->st->entries++;
	x->st->messages += e->has_message;
	x->st->events += !e->has_message;
	x->st->purged += e->purged;
	x->st->bytes += e->size;
	if (x->v->progress)
		x->v->progress(x->v->ctx, x->st, x->size);
	if (e->leaf >= x->size)
		return 0;
	if (x->seen[e->leaf / 8] >> e->leaf % 8 & 1)
		qa_verify_found(x, QA_T_REORDERED, "%s: leaf %llu is there twice", name, (unsigned long long)e->leaf);
	x->seen[e->leaf / 8] |= (unsigned char)(1 << e->leaf % 8);
	if (!good)
		return 0;
	/* its leaf cannot be made again, and no leaf says yet that it may be gone: anybody could have set the mark */
	if (e->purged) {
		qa_verify_found(x, QA_T_MISSING, "%s: is marked as purged, but nothing in the log says so", name);
		return 0;
	}
	if (qa_archive_leaf(x->month, e, &leaf, &err)) {
		qa_verify_found(x, QA_T_DAMAGED, "%s: %s", name, err.text);
		return 0;
	}
	hash = qa_tlog_leaf_hash(qa_span_of(text, qa_leaf_text(&leaf, text)));
	if (qa_verify_logged(x, e->leaf, &logged) == 0 && !qa_digest_eq(&hash, &logged))
		qa_verify_found(x, QA_T_LOG, "%s: is not what leaf %llu of the log says", name,
				(unsigned long long)e->leaf);
	return 0;
}

static void
check_partition(struct qa_verifying *x, const char *depot, qa_month m)
{
	struct qa_partition_where where = {depot, NULL, x->v->domain, m};
	struct qa_partition *p;
	struct qa_err err;
	int rc;

	x->month = m;
	qa_month_text(m, x->month_text);
	rc = qa_partition_read(&where, &p, &err);
	if (rc == 0)
		return;
	if (rc < 0) {
		qa_verify_found(x, errno == EBADMSG ? QA_T_DAMAGED : QA_T_UNREACHABLE, "depot/%s: %s", x->month_text,
				err.text);
		return;
	}
	x->st->partitions++;
	if (x->v->deep && qa_partition_check(p, x->size, finding, each_entry, x, &err) < 0)
		qa_verify_found(x, QA_T_UNREACHABLE, "depot/%s: %s", x->month_text, err.text);
	x->entries += qa_partition_entries(p);
	qa_partition_close(p);
}

/* Leaves that no entry answers to, in runs. */
static void
report_unseen(struct qa_verifying *x)
{
	uint64_t i = 0;

	while (i < x->size) {
		uint64_t start;

		if (i % 8 == 0 && x->seen[i / 8] == 0xff) {
			i += 8;
			continue;
		}
		if (x->seen[i / 8] >> i % 8 & 1) {
			i++;
			continue;
		}
		for (start = i; i < x->size && !(x->seen[i / 8] >> i % 8 & 1); i++)
			continue;
		qa_verify_found(x, QA_T_MISSING, "depot: no entry for leaf %llu%s%.0llu", (unsigned long long)start,
				i - start > 1 ? " to " : "", i - start > 1 ? (unsigned long long)i - 1 : 0ULL);
		x->st->trouble[QA_T_MISSING] += i - start - 1;
	}
}

/* What lies under depot/ and is no partition. */
static void
check_strangers(struct qa_verifying *x, const char *depot)
{
	struct qa_names list;
	struct qa_err err;
	qa_month m;

	if (qa_listdir(AT_FDCWD, depot, &list, &err)) {
		if (errno != ENOENT)
			qa_verify_found(x, QA_T_UNREACHABLE, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < list.n; i++)
		if (qa_month_scan(qa_span_str(list.v[i]), &m))
			qa_verify_stranger(x, depot, "depot", list.v[i]);
	qa_names_free(&list);
}

static int
check_depot(struct qa_verifying *x, struct qa_err *err)
{
	char depot[QA_PATH_MAX];
	qa_month *months;
	size_t n;

	if (qa_home_path(depot, x->v->home, err, QA_HOME_DEPOT, x->v->domain) ||
	    qa_partition_list(depot, &months, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!x->v->month || months[i] == x->v->month)
			check_partition(x, depot, months[i]);
	free(months);
	if (x->v->month) {
		if (!x->st->partitions)
			return qa_fail(err, ENOENT, "%s has no such partition", x->v->domain);
		return 0;
	}
	if (x->v->deep) {
		check_strangers(x, depot);
		report_unseen(x);
		if (x->tail[0] && x->st->trouble[QA_T_MISSING])
			qa_verify_found(x, QA_T_DAMAGED, "%s", x->tail);
	} else if (x->entries < x->size) {
		qa_verify_found(x, QA_T_MISSING, "depot: %llu entries, but the log has %llu leaves",
				(unsigned long long)x->entries, (unsigned long long)x->size);
	}
	return 0;
}

int
qa_verify(const struct qa_verify *v, struct qa_verify_stats *st_r, struct qa_err *err)
{
	struct qa_verifying x = {.v = v, .st = st_r};
	int rc;

	memset(st_r, 0, sizeof *st_r);
	rc = qa_verify_log(&x, err);
	st_r->leaves = x.size;
	if (rc == 0) {
		x.seen = calloc(1, x.size / 8 + 1);
		rc = x.seen ? check_depot(&x, err) : qa_fail(err, ENOMEM, "cannot verify %s: ", v->domain);
	}
	free(x.seen);
	free(x.tile);
	return rc ? -1 : x.bad;
}
