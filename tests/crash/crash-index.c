/*
 * The catalogs: md_index following the log, and md_reindex. Whatever dies, md_index run again makes them answer as catalogs made
 * from nothing do: the same tables row by row and term by term, and counts as a look at every entry gives them.
 */
#include "archive/home.h"
#include "catalog/catalog-private.h"
#include "catalog/follow.h"
#include "catalog/search.h"
#include "sys/publish.h"
#include "sys/sim.h"
#include "tests/crash/depot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One domain, two months. */
enum { FIRST = 9, RECORDS = 15 };
static const char domain[] = "a.example";

/* ---- what the programs do ---- */

/* md_index -1: at most three passes. */
static int
run_index(const struct qa_crash_at *at, bool seal)
{
	struct qa_follow_hooks hooks = {.seal = seal};
	struct qa_follow *f;
	struct qa_err err;
	int r = 0;

	qa_message_init();
	if (qa_follow_open(at->path, domain, &hooks, &f, &err) != 1)
		return depot_failed(&err);
	for (int tries = 0; tries < 3 && r == 0; tries++)
		r = qa_follow_pass(f, &err);
	if (r == 1)
		qa_crash_ack("%llu entries", (unsigned long long)qa_follow_done(f));
	qa_follow_close(f);
	if (r == 0)
		fprintf(stderr, "three passes were not enough\n");
	return r == 1 ? 0 : r < 0 ? depot_failed(&err) : -1;
}

/* The daemon: the catalogs of finished months are sealed later. */
static int
follow(const struct qa_crash_at *at)
{
	qa_sim_hook_sqlite();
	return run_index(at, false);
}

static int
follow_and_seal(const struct qa_crash_at *at)
{
	qa_sim_hook_sqlite();
	return run_index(at, true);
}

/* md_reindex. */
static int
reindex(const struct qa_crash_at *at)
{
	struct qa_archive *a = NULL;
	struct qa_follow *f = NULL;
	const qa_month *months;
	struct qa_err err;
	int r;

	qa_sim_hook_sqlite();
	qa_message_init();
	r = qa_archive_open(at->path, domain, &a, &err);
	if (r == 1)
		r = qa_follow_open(at->path, domain, NULL, &f, &err);
	if (r == 1) {
		size_t n = qa_archive_months(a, &months);

		for (size_t i = n; i-- > 0 && r == 1;) {
			r = qa_follow_remake(f, months[i], &err);
			if (r == 1)
				qa_crash_ack("month %u", (unsigned)months[i]);
		}
		qa_follow_close(f);
	}
	qa_archive_close(a);
	return r == 1 ? 0 : depot_failed(&err);
}

/* ---- what a catalog holds, as text ---- */

/* Every row of a SELECT. */
static void
dump_rows(struct qa_catalog *c, const char *sql, GString *out)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);

	g_string_append_printf(out, "%s\n", sql);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const char *text = (const char *)sqlite3_column_text(st, i);

			g_string_append_printf(out, " %s", text ? text : "NULL");
		}
		g_string_append_c(out, '\n');
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		g_string_append_printf(out, "%s\n", sqlite3_errmsg(c->db));
}

/* All of it but whether it is sealed. */
static void
dump_catalog(const char *dir, qa_month m, GString *out)
{
	struct qa_catalog *c;
	struct qa_err err;

	if (qa_catalog_read(dir, domain, m, &c, &err) != 1) {
		g_string_append_printf(out, "%s\n", err.text);
		return;
	}
	dump_rows(c,
		  "SELECT domain, month, last_n, next_leaf, messages, events, fallbacks, bytes, first_date, last_date, ordered"
		  " FROM state",
		  out);
	dump_rows(c, "SELECT * FROM entry ORDER BY n", out);
	dump_rows(c, "SELECT * FROM event ORDER BY digest, n", out);
	if (sqlite3_exec(c->db, "CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, words, instance)", NULL, NULL, NULL))
		g_string_append_printf(out, "%s\n", sqlite3_errmsg(c->db));
	else
		dump_rows(c, "SELECT quote(term), doc, col, offset FROM temp.v ORDER BY 2, 3, 4, 1", out);
	qa_catalog_close(c);
}

/* The archive, and where its catalogs are. Ends the test's process when there is none. */
static struct qa_archive *
archive_of(const struct qa_crash_at *at, char dir[QA_PATH_MAX])
{
	struct qa_archive *a;
	struct qa_err err = {0};

	if (qa_archive_open(at->path, domain, &a, &err) != 1 ||
	    qa_home_path(dir, at->path, &err, QA_HOME_VAR "/catalog", domain)) {
		fprintf(stderr, "no archive: %s\n", err.text);
		exit(3);
	}
	return a;
}

static void
dump(const struct qa_crash_at *at, GString *out)
{
	const qa_month *months;
	char dir[QA_PATH_MAX];
	struct qa_archive *a = archive_of(at, dir);
	size_t n = qa_archive_months(a, &months);

	for (size_t i = 0; i < n; i++)
		dump_catalog(dir, months[i], out);
	qa_archive_close(a);
}

/* ---- comparing ---- */

static void
must_count(struct qa_crash_found *found, struct qa_archive *a, const char *dir, const char *query, uint64_t want)
{
	struct qa_coverage const *cov;
	struct qa_search *s;
	struct qa_query q;
	struct qa_err err;
	uint64_t count = 0;
	size_t at;

	if (qa_query_parse(qa_span_str(query), 0, &q, &at, &err)) {
		qa_crash_wrong(found, "%s: %s", query, err.text);
		return;
	}
	if (qa_search_open(a, dir, &q, &s, &err)) {
		qa_crash_wrong(found, "%s: %s", query, err.text);
	} else {
		cov = qa_search_coverage(s);
		if (qa_search_count(s, &count, &err))
			qa_crash_wrong(found, "%s: %s", query, err.text);
		else if (count < want)
			qa_crash_lost(found, "%s has %llu hits of %llu", query, (unsigned long long)count,
				      (unsigned long long)want);
		else if (count > want)
			qa_crash_twice(found, "%s has %llu hits instead of %llu", query, (unsigned long long)count,
				       (unsigned long long)want);
		if (cov->indexed != cov->committed || cov->fallbacks || cov->missing->len || cov->damaged->len ||
		    cov->offline->len)
			qa_crash_wrong(found, "%llu of %llu entries covered", (unsigned long long)cov->indexed,
				       (unsigned long long)cov->committed);
		qa_search_close(s);
	}
	qa_query_free(&q);
}

/* What a look at every entry gives. */
struct scan {
	uint64_t all, january, large;
	unsigned times[RECORDS];
};

static void
take_entry(void *ctx, qa_month month, const struct qa_entry *e, qa_span message)
{
	struct scan *s = ctx;

	s->all++;
	s->january += month % 12 == 0;
	s->large += e->size > 2000;
	for (unsigned i = 0; i < RECORDS; i++)
		s->times[i] += qa_span_eq(message, depot_message(i));
}

static void
compare_counts(const struct qa_crash_at *at, struct qa_crash_found *found)
{
	struct scan s = {0};
	char dir[QA_PATH_MAX], query[60];
	struct qa_archive *a = archive_of(at, dir);

	depot_each(at, found, 0, take_entry, &s);
	must_count(found, a, dir, "*", s.all);
	must_count(found, a, dir, "subject:number from:elsewhere.example OR number", s.all);
	must_count(found, a, dir, "date:2020-01", s.january);
	must_count(found, a, dir, "larger:2000", s.large);
	for (unsigned i = 0; i < RECORDS; i++) {
		snprintf(query, sizeof query, "subject:\"number %u\" id:<%u@x>", i, i);
		must_count(found, a, dir, query, s.times[i]);
	}
	qa_archive_close(a);
}

/* The files' own consistency, and that nothing is left over beside them. */
static void
check_files(const struct qa_crash_at *at, struct qa_crash_found *found)
{
	char dir[QA_PATH_MAX];
	struct qa_names names;
	struct qa_err err;
	qa_month m;

	if (qa_home_path(dir, at->path, &err, QA_HOME_VAR "/catalog", domain) ||
	    qa_listdir(AT_FDCWD, dir, &names, &err)) {
		qa_crash_wrong(found, "%s", err.text);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i], *end = strlen(name) >= 7 ? name + 7 : "";
		struct qa_catalog *c;

		if (strcmp(name, ".lock") == 0)
			continue;
		if (qa_month_scan(qa_span_of(name, strlen(name) < 7 ? 0 : 7), &m) ||
		    (strcmp(end, ".db") != 0 && strcmp(end, ".db-wal") != 0 && strcmp(end, ".db-shm") != 0)) {
			qa_crash_wrong(found, "%s is left over", name);
			continue;
		}
		if (strcmp(end, ".db") != 0)
			continue;
		if (qa_catalog_write(dir, domain, m, &c, NULL, &err)) {
			qa_crash_wrong(found, "%s", err.text);
			continue;
		}
		if (qa_catalog_check(c, &err))
			qa_crash_wrong(found, "%s", err.text);
		qa_catalog_close(c);
	}
	qa_names_free(&names);
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct qa_buf fresh = QA_BUF(8 << 20);
	GString *now = g_string_new(NULL);

	(void)acks;
	compare_counts(at, found);
	dump(at, now);
	check_files(at, found);
	if (qa_slurp(at->fd, "fresh", &fresh, NULL) != 1 ||
	    !qa_span_eq(qa_buf_span(&fresh), qa_span_of(now->str, now->len))) {
		qa_crash_wrong(found, "the catalogs do not hold what fresh ones do");
		for (size_t i = 0, line = 0; i < fresh.n; i++) {
			if (i >= now->len || fresh.p[i] != (unsigned char)now->str[i]) {
				fprintf(stderr, "fresh: %.100s\nfound: %.100s\n", (const char *)fresh.p + line,
					i < now->len ? now->str + line : "");
				break;
			}
			if (fresh.p[i] == '\n')
				line = i + 1;
		}
	}
	g_string_free(now, TRUE);
	qa_buf_free(&fresh);
	return 0;
}

/* ---- before ---- */

static int
catalogs(const struct qa_crash_at *at, const char *from, const char *to)
{
	char a[200], b[200];

	snprintf(a, sizeof a, QA_HOME_VAR "/%s", domain, from);
	snprintf(b, sizeof b, QA_HOME_VAR "/%s", domain, to);
	return renameat(at->fd, a, at->fd, b);
}

/* The catalogs that an undisturbed md_index makes of it all are written down as text, and put aside. */
static int
write_fresh(const struct qa_crash_at *at)
{
	GString *text = g_string_new(NULL);
	struct qa_err err;
	int rc = run_index(at, true);

	dump(at, text);
	if (rc == 0 && qa_publish(at->fd, "fresh", qa_span_of(text->str, text->len), 0644, &err))
		rc = depot_failed(&err);
	g_string_free(text, TRUE);
	return rc ? rc : catalogs(at, "catalog", "aside");
}

/* Mail, and no catalog. */
static int
none_setup(const struct qa_crash_at *at)
{
	return depot_home(at) || depot_journal(at, 0, RECORDS, 1000) || depot_drain(at) || write_fresh(at);
}

/* Mail, and catalogs of the first part of it: the older month's sealed or not. */
static int
part_setup(const struct qa_crash_at *at, bool seal)
{
	return depot_home(at) || depot_journal(at, 0, FIRST, 1000) || depot_drain(at) || run_index(at, seal) ||
	       catalogs(at, "catalog", "older") || depot_journal(at, FIRST, RECORDS, 1000) || depot_drain(at) ||
	       write_fresh(at) || catalogs(at, "older", "catalog");
}

static int
open_setup(const struct qa_crash_at *at)
{
	return part_setup(at, false);
}

static int
sealed_setup(const struct qa_crash_at *at)
{
	return part_setup(at, true);
}

/* Catalogs that md_reindex has said are made must answer without another run. */
static int
kept_verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	const qa_month *months;
	struct qa_err err;
	char dir[QA_PATH_MAX];
	struct qa_archive *a = archive_of(at, dir);
	size_t n = qa_archive_months(a, &months);
	for (size_t i = 0; i < n; i++) {
		struct qa_partition *p;
		struct qa_catalog *c;

		if (!qa_crash_acked(acks, "month %u", (unsigned)months[i]))
			continue;
		if (qa_archive_partition(a, months[i], &p, &err) != 1) {
			qa_crash_wrong(found, "%s", err.text);
		} else if (qa_catalog_read(dir, domain, months[i], &c, &err) != 1) {
			qa_crash_lost(found, "%s", err.text);
		} else {
			if (qa_catalog_state(c)->last_n != qa_partition_entries(p))
				qa_crash_lost(found, "the catalog ends at %llu",
					      (unsigned long long)qa_catalog_state(c)->last_n);
			if (qa_catalog_check(c, &err))
				qa_crash_wrong(found, "%s", err.text);
			qa_catalog_close(c);
		}
	}
	qa_archive_close(a);
	return 0;
}

static const struct qa_crash_op ops[] = {
    {.name = "index-first", .setup = none_setup, .work = follow, .recover = follow, .verify = verify, .reads = true,
     .promise = "after md_index, catalogs answer as fresh ones do"},
    {.name = "index", .setup = open_setup, .work = follow_and_seal, .recover = follow, .verify = verify, .reads = true,
     .promise = "the same, with new mail for catalogs that are there, and one sealed"},
    {.name = "index-sealed", .setup = sealed_setup, .work = follow, .recover = follow_and_seal, .verify = verify,
     .promise = "the same, with late mail for a sealed one"},
    {.name = "reindex", .setup = open_setup, .work = reindex, .recover = follow, .verify = verify, .reads = true,
     .promise = "after md_index, catalogs answer as fresh ones do"},
    {.name = "reindex-kept", .setup = open_setup, .work = reindex, .verify = kept_verify,
     .promise = "the month's catalog is made again and in place"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
