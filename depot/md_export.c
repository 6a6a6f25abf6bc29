/*
 * md_export: what a query finds, as .eml files, an mbox or a Maildir. All of it appears at once, under a name that was free;
 * every message was compared with its SHA-256 on the way.
 */
#include "archive/home.h"
#include "archive/prove.h"
#include "base/clock.h"
#include "base/text.h"
#include "catalog/search.h"
#include "export.h"
#include "long.h"
#include "progress.h"
#include "query.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, PROOF };

static const char help[] = "Writes the messages that QUERY finds to a new file or folder, the oldest first.\n\n"
			   "  -o PATH        where; it must not exist yet\n"
			   "      --format F eml (a folder of files), mbox (mboxrd) or maildir\n"
			   "      --proof    a proof of each message beside it\n"
			   "  -q             no progress\n";
static const struct option longs[] = {{"format", required_argument, NULL, FORMAT}, {"proof", no_argument, NULL, PROOF}, {0}};
static const struct qa_opt opt = {"md_export", "[-q] [--proof] --format eml|mbox|maildir -o PATH DOMAIN QUERY...", help,
				  "*o:q", longs};

struct tally {
	uint64_t written, events, failed;
};

/* One hit into the export; what cannot be had is named and left out. */
static void
export_hit(struct qa_archive *a, struct export *x, const struct qa_hit *hit, struct tally *t)
{
	struct qa_entry_id id = {hit->month, hit->n};
	char text[QA_ENTRY_ID_TEXT];
	struct qa_partition *p;
	struct qa_entry e;
	struct qa_err err = {0};
	int r = qa_archive_entry(a, &id, &p, &e, &err);

	qa_entry_id_text(&id, text);
	if (r == 0)
		qa_fail(&err, ENOENT, "its month is offline");
	if (r == 1 && !e.has_message) {
		t->events++;
		return;
	}
	if (r == 1)
		r = export_add(x, a, &id, p, &e, &err);
	if (r == 1) {
		t->written++;
		return;
	}
	fprintf(stderr, "%s: %s is left out: %s\n", opt.program, text, err.text);
	t->failed++;
	/* a full disk will not get emptier by the next message */
	if (err.num == ENOSPC || err.num == EDQUOT || err.num == EFBIG)
		long_ending = 1;
}

static void
run(struct qa_archive *a, struct qa_search *s, struct export *x, bool quiet, struct tally *t)
{
	struct progress bar;
	struct qa_hit hit;
	struct qa_err err;
	uint64_t all = 0;
	int r;

	progress_init(&bar, "exported");
	if (!quiet && qa_search_count(s, &all, &err))
		qa_die(opt.program, &err);
	if (qa_search_start(s, QA_SORT_OLDEST, &err))
		qa_die(opt.program, &err);
	while (!long_ending && (r = qa_search_next(s, &hit, &err)) != 0) {
		if (r < 0) {
			export_abort(x);
			qa_die(opt.program, &err);
		}
		export_hit(a, x, &hit, t);
		if (!quiet)
			progress_show(&bar, qa_archive_domain(a), t->written, all);
	}
	progress_end(&bar);
}

int
main(int argc, char **argv)
{
	const char *out = NULL, *format = NULL;
	bool proof = false, quiet = false;
	struct qa_archive *a;
	struct qa_search *s;
	struct export *x;
	struct qa_query q;
	struct tally t = {0};
	char dir[QA_PATH_MAX];
	struct qa_err err;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case 'o':
			out = optarg;
			break;
		case 'q':
			quiet = true;
			break;
		case FORMAT:
			format = optarg;
			break;
		case PROOF:
			proof = true;
			break;
		default:
			qa_usage(&opt);
		}
	if (argc - optind < 2 || !out || !format)
		qa_usage(&opt);
	query_words(&opt, argv + optind + 1, &q);
	a = tool_archive(&opt, argv[optind]);
	long_catch();
	if (qa_home_path(dir, qa_opt_home(), &err, QA_HOME_VAR "/catalog", qa_archive_domain(a)) ||
	    qa_search_open(a, dir, &q, &s, &err) || export_begin(out, format, proof, &x, &err))
		qa_die(opt.program, &err);
	run(a, s, x, quiet, &t);
	const struct qa_coverage *cover = qa_search_coverage(s);
	if (long_ending || (!t.written && !t.failed)) {
		export_abort(x);
		if (long_ending)
			fprintf(stderr, "%s: not finished; nothing was left at %s\n", opt.program, out);
	} else if (export_end(x, &err)) {
		qa_die(opt.program, &err);
	}
	uint64_t written = long_ending ? 0 : t.written;
	printf("%llu %s exported%s%s; the search covers %llu of %llu %s\n", (unsigned long long)written,
	       qa_noun(written, "message", "messages"), written ? " to " : "", written ? out : "",
	       (unsigned long long)cover->indexed, (unsigned long long)cover->committed,
	       qa_noun(cover->committed, "entry", "entries"));
	qa_search_close(s);
	qa_archive_close(a);
	qa_query_free(&q);
	return long_ending || t.failed ? 2 : t.written ? 0 : 1;
}
