#include "tests/crash/depot.h"
#include "archive/admin.h"
#include "archive/home.h"
#include "archive/log.h"
#include "archive/round.h"
#include "archive/verify.h"
#include "base/num.h"
#include "journal/door.h"
#include "journal/scan.h"
#include "journal/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const char *const depot_domain[DEPOT_DOMAINS] = {"a.example", "b.example", "default"};

int
depot_failed(const struct qa_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return -1;
}

/* ---- records ---- */

qa_span
depot_message(unsigned i)
{
	static char p[320000];
	size_t lines = i >= DEPOT_SMALL ? 0 : i == 3 ? 4000 : i % 5 == 4 ? 90 : 3;
	int n = snprintf(p, sizeof p, "Subject: number %u\nMessage-ID: <%u@x>\n\n", i, i);
	uint32_t x = i % 5 == 4 ? 1 : i; /* attachments are all the same one */

	for (size_t line = 0; line < lines; line++) {
		for (int k = 0; k < 76; k++) {
			x = x * 1664525 + 1013904223;
			p[n++] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[x >> 26];
		}
		p[n++] = '\n';
		if (i == 3 && line % 20 == 0)
			p[n++] = '.'; /* no run to be stored apart */
	}
	return qa_span_of(p, (size_t)n);
}

bool
depot_belongs(unsigned i, size_t d)
{
	if (i >= DEPOT_SMALL)
		return d == 0;
	if (i % 7 == 6)
		return d == 2;
	return d < 2 && (i % 5 == 0 || i % 2 == d);
}

/* Two months, both over. */
static uint64_t
captured(unsigned i)
{
	return (i % 3 == 2 ? UINT64_C(1577880000) : UINT64_C(1580558400)) * QA_SECOND + i;
}

static void
id_of(unsigned i, unsigned char id[QA_ID_SIZE])
{
	memset(id, 0, QA_ID_SIZE);
	id[0] = (unsigned char)i;
	id[1] = (unsigned char)(i >> 8);
	id[QA_ID_SIZE - 1] = 0x77;
}

static void
fields(struct qa_buf *b, unsigned i)
{
	unsigned char id[QA_ID_SIZE];
	bool nobody = depot_belongs(i, 2);

	id_of(i, id);
	qa_buf_clear(b);
	if (qa_field_add(b, QA_F_ID, qa_span_of(id, sizeof id)) || qa_field_add_u8(b, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(b, QA_F_CAPTURED, captured(i)) || qa_field_add_u8(b, QA_F_SOURCE, QA_QUEUE) ||
	    qa_field_add_str(b, QA_F_SENDER, "me@elsewhere.example") ||
	    (depot_belongs(i, 0) && qa_field_add_str(b, QA_F_RECIPIENT, "x@a.example")) ||
	    (depot_belongs(i, 1) && qa_field_add_str(b, QA_F_RECIPIENT, "y@b.example")) ||
	    (nobody && qa_field_add_str(b, QA_F_RECIPIENT, "z@nowhere.example")) ||
	    qa_field_add_str(b, QA_F_REMOTE_IP, "192.0.2.1"))
		abort();
}

int
depot_home(const struct qa_crash_at *at)
{
	char folder[QA_DOMAIN_MAX + 1];
	struct qa_err err;

	for (size_t d = 0; d < 2; d++)
		if (qa_admin_add(at->path, depot_domain[d], NULL, 0, NULL, NULL, folder, &err))
			return depot_failed(&err);
	return 0;
}

int
depot_journal(const struct qa_crash_at *at, unsigned from, unsigned to, unsigned per)
{
	struct qa_buf f = QA_BUF(0);
	char path[QA_PATH_MAX];
	struct qa_journal *j;
	struct qa_err err;
	int rc = 0;

	if (qa_home_path(path, at->path, &err, "journal") || qa_journal_open(path, 0, &j, &err))
		return depot_failed(&err);
	for (unsigned i = from; i < to && rc == 0; i++) {
		struct qa_digest d = qa_sha256_of(depot_message(i));

		fields(&f, i);
		rc = qa_journal_add(j, &d, depot_message(i), qa_buf_span(&f), &err);
		if (rc == 0)
			rc = qa_journal_commit(j, &err);
		if (rc == 0 && (i - from + 1) % per == 0)
			qa_journal_rotate(j, true);
	}
	qa_journal_close(j);
	qa_buf_free(&f);
	return rc ? depot_failed(&err) : 0;
}

int
depot_direct(const struct qa_crash_at *at, unsigned i)
{
	struct qa_buf f = QA_BUF(0);
	struct qa_direct d;
	struct qa_err err;

	fields(&f, i);
	int rc = qa_direct_begin(&d, at->path, &err);
	if (rc == 0) {
		rc = qa_direct_add(&d, depot_message(i), &err);
		if (rc == 0)
			rc = qa_direct_commit(&d, qa_buf_span(&f), &err);
		qa_direct_close(&d);
	}
	qa_buf_free(&f);
	return rc ? depot_failed(&err) : 0;
}

/* ---- what the programs do ---- */

void
depot_promise(const struct qa_crash_at *at)
{
	for (size_t d = 0; d < DEPOT_DOMAINS; d++) {
		struct qa_buf b = QA_BUF(4096);
		char path[QA_PATH_MAX];

		if (qa_home_path(path, at->path, NULL, QA_HOME_LOG "/checkpoint", depot_domain[d]) == 0 &&
		    qa_slurp(AT_FDCWD, path, &b, NULL) == 1)
			qa_crash_ack("head %zu %.*s", d, (int)b.n, (const char *)b.p);
		qa_buf_free(&b);
	}
}

int
depot_drain(const struct qa_crash_at *at)
{
	struct qa_importer_conf conf = {0};
	struct qa_importer *im;
	struct qa_err err;
	int rc;

	if (qa_importer_open(at->path, &conf, &im, &err))
		return depot_failed(&err);
	for (int idle = 0;;) {
		rc = qa_importer_round(im, &err);
		if (rc < 0)
			break;
		if (rc == 0 && (!qa_importer_held(im) || ++idle > 4))
			break;
		if (rc == 0) /* a failing domain is tried again after a quarter of a second, then a half */
			nanosleep(&(struct timespec){0, 300000000}, NULL);
	}
	if (rc == 0 && qa_importer_held(im))
		rc = qa_fail(&err, EBUSY, "records wait for a domain");
	if (rc == 0)
		rc = qa_importer_publish(im, &err);
	if (rc == 0)
		depot_promise(at);
	qa_importer_close(im);
	return rc ? depot_failed(&err) : 0;
}

/* ---- comparing ---- */

struct count {
	struct qa_crash_found *found;
	size_t d;
	unsigned times[DEPOT_MOST];
	bool kept;
};

static void
take_entry(void *ctx, qa_month month, const struct qa_entry *e, qa_span message)
{
	struct count *c = ctx;
	unsigned char id[QA_ID_SIZE];
	struct qa_facts f;
	struct qa_err err;
	const char *name = depot_domain[c->d];

	if (qa_facts_get(e->fields, &f, &err)) {
		qa_crash_wrong(c->found, "%s: %s", name, err.text);
		return;
	}
	unsigned i = f.id.b[0] | (unsigned)f.id.b[1] << 8;
	id_of(i, id);
	if (i >= DEPOT_MOST || memcmp(id, f.id.b, sizeof id) != 0)
		qa_crash_wrong(c->found, "%s has an entry that nobody sent", name);
	else if (!qa_span_eq(message, depot_message(i)))
		qa_crash_wrong(c->found, "%s: record %u has another message", name, i);
	else if (f.captured != captured(i) || qa_month_of(captured(i)) != month)
		qa_crash_wrong(c->found, "%s: record %u has another time, or lies in another month", name, i);
	else
		c->times[i]++;
}

struct each {
	struct qa_crash_found *found;
	struct qa_archive *a;
	depot_taker *take;
	void *ctx;
};

static void
each_of_month(const struct each *x, qa_month month)
{
	struct qa_buf b = QA_BUF(1 << 20);
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_err err;
	int rc = qa_archive_partition(x->a, month, &p, &err);

	for (struct qa_entry_id id = {month, 1}; rc == 1 && id.n <= qa_partition_entries(p); id.n++) {
		if ((rc = qa_archive_entry(x->a, &id, &p, &e, &err)) != 1)
			break;
		qa_buf_clear(&b);
		/* the entry's spans end with the next call on the partition, so it is asked for again */
		if (e.has_message &&
		    (qa_partition_message_buf(p, &e, &b, &err) || qa_archive_entry(x->a, &id, &p, &e, &err) != 1))
			rc = -1;
		else
			x->take(x->ctx, month, &e, e.has_message ? qa_buf_span(&b) : qa_span_of(NULL, 0));
	}
	if (rc < 0)
		qa_crash_wrong(x->found, "%s", err.text);
	qa_buf_free(&b);
}

void
depot_each(const struct qa_crash_at *at, struct qa_crash_found *found, size_t d, depot_taker *take, void *ctx)
{
	struct each x = {.found = found, .take = take, .ctx = ctx};
	const qa_month *months;
	struct qa_err err;
	int rc = qa_archive_open(at->path, depot_domain[d], &x.a, &err);

	if (rc < 0)
		qa_crash_wrong(found, "%s", err.text);
	if (rc != 1)
		return;
	size_t n = qa_archive_months(x.a, &months);
	for (size_t i = 0; i < n; i++)
		each_of_month(&x, months[i]);
	qa_archive_close(x.a);
}

void
depot_once(struct qa_crash_found *found, const char *name, const unsigned *times, unsigned n, bool promised)
{
	for (unsigned i = 0; i < n; i++) {
		if (!times[i] && promised)
			qa_crash_lost(found, "%s %u", name, i);
		if (times[i] > 1)
			qa_crash_twice(found, "%s %u, %u times", name, i, times[i]);
	}
}

static void
found_trouble(void *ctx, enum qa_trouble t, const char *text)
{
	struct count *c = ctx;

	/* the depot's index is derived, and mended when a writer opens it */
	if (t != QA_T_NOTE && !(c->kept && t == QA_T_INDEX))
		qa_crash_wrong(c->found, "md_verify: %s: %s: %s", depot_domain[c->d], qa_trouble_name(t), text);
}

static void
check_log(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found, size_t d,
	  bool kept)
{
	struct count c = {.found = found, .d = d, .kept = kept};
	struct qa_verify v = {.home = at->path, .domain = depot_domain[d], .deep = true, .settle_ms = 1,
			      .found = found_trouble, .ctx = &c};
	struct qa_verify_stats st;
	struct qa_err err;
	char prefix[20];
	uint64_t size;

	snprintf(prefix, sizeof prefix, "head %zu ", d);
	for (size_t i = 0; i < acks->n; i++)
		if (acks->v[i].n >= strlen(prefix) && memcmp(acks->v[i].p, prefix, strlen(prefix)) == 0)
			v.since = qa_span_cut(acks->v[i], strlen(prefix), acks->v[i].n);
	int have = qa_log_size(at->path, depot_domain[d], &size, &err);
	if (have < 0)
		qa_crash_wrong(found, "%s", err.text);
	if (have == 1 && size && qa_verify(&v, &st, &err) < 0)
		qa_crash_wrong(found, "%s", err.text);
	if (v.since.n && (have == 0 || size == 0))
		qa_crash_lost(found, "the log of %s", depot_domain[d]);
}

void
depot_check_log(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found, size_t d)
{
	check_log(at, acks, found, d, false);
}

/* Just so many files are in the folder; without ALL only those whose names are numbers count. */
static void
must_have(const struct qa_crash_at *at, struct qa_crash_found *found, const char *folder, bool all, size_t want)
{
	struct qa_names names;
	uint64_t number;
	size_t n = 0;

	if (qa_listdir(at->fd, folder, &names, NULL)) {
		if (errno != ENOENT || want)
			qa_crash_wrong(found, "cannot list %s", folder);
		return;
	}
	for (size_t i = 0; i < names.n; i++)
		n += names.v[i][0] != '.' && (all || qa_scan_hex64(qa_span_str(names.v[i]), &number) == 0);
	if (n != want)
		qa_crash_wrong(found, "%s has %zu files instead of %zu", folder, n, want);
	qa_names_free(&names);
}

void
depot_compare(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found, unsigned n,
	      unsigned damaged)
{
	must_have(at, found, "journal", false, 0);
	must_have(at, found, "journal/direct", true, 0);
	must_have(at, found, "journal/bad", true, damaged);
	for (size_t d = 0; d < DEPOT_DOMAINS; d++) {
		struct count c = {.found = found, .d = d};
		char pending[300];

		snprintf(pending, sizeof pending, QA_HOME_VAR "/pending", depot_domain[d]);
		must_have(at, found, pending, false, 0);
		depot_check_log(at, acks, found, d);
		depot_each(at, found, d, take_entry, &c);
		for (unsigned i = 0; i < DEPOT_MOST; i++) {
			bool here = i < n && depot_belongs(i, d);

			if (here && !c.times[i])
				qa_crash_lost(found, "%s: record %u", depot_domain[d], i);
			if (c.times[i] > 1)
				qa_crash_twice(found, "%s: record %u, %u times", depot_domain[d], i, c.times[i]);
			if (c.times[i] && !here)
				qa_crash_wrong(found, "%s: record %u is not for it", depot_domain[d], i);
		}
	}
}

int
depot_kept(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	for (size_t d = 0; d < DEPOT_DOMAINS; d++) {
		struct qa_buf b = QA_BUF(4096);
		char path[QA_PATH_MAX], start[20];

		snprintf(start, sizeof start, "head %zu ", d);
		if (qa_home_path(path, at->path, NULL, QA_HOME_LOG "/checkpoint", depot_domain[d]) ||
		    qa_slurp(AT_FDCWD, path, &b, NULL) < 0)
			qa_crash_wrong(found, "cannot read the checkpoint of %s", depot_domain[d]);
		for (size_t i = 0; i < acks->n; i++) {
			if (acks->v[i].n <= strlen(start) || memcmp(acks->v[i].p, start, strlen(start)) != 0)
				continue;
			if (!qa_span_eq(qa_span_cut(acks->v[i], strlen(start), acks->v[i].n), qa_buf_span(&b)))
				qa_crash_lost(found, "the checkpoint of %s", depot_domain[d]);
			check_log(at, acks, found, d, true);
		}
		qa_buf_free(&b);
	}
	return 0;
}
