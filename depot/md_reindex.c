/*
 * md_reindex: makes catalogs again from the depot. The old catalog of a month answers until the new one takes its place.
 */
#include "archive/home.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/follow.h"
#include "index-sandbox.h"
#include "long.h"
#include "progress.h"
#include "tool.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Makes the catalogs of a domain again, all of them or a month's. Searches go on meanwhile.\n\n"
    "  -q            no progress\n";
static const struct qa_opt opt = {"md_reindex", "[-q] DOMAIN [YYYY-MM]", help, "q", NULL};

/* md_index holds the lock for moments only. */
static int
remake(struct qa_follow *f, qa_month m, struct qa_err *err)
{
	int r;

	for (int tries = 0;; tries++) {
		r = qa_follow_remake(f, m, err);
		if (r >= 0 || errno != EWOULDBLOCK || tries == 600 || long_ending)
			return r;
		poll(NULL, 0, 50);
	}
}

int
main(int argc, char **argv)
{
	struct qa_follow_hooks hooks = {.stop = long_stop};
	struct progress bar;
	struct qa_archive *archive;
	struct qa_follow *f;
	const qa_month *v;
	qa_month only = 0;
	struct qa_err err;
	bool quiet = false;
	int c, r = 1;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		if (c != 'q')
			qa_usage(&opt);
		quiet = true;
	}
	if (argc - optind < 1 || argc - optind > 2)
		qa_usage(&opt);
	if (argc - optind == 2 && qa_month_scan(qa_span_str(argv[optind + 1]), &only)) {
		qa_fail(&err, 0, "%s is not a month; one looks like 2026-11", argv[optind + 1]);
		qa_die(opt.program, &err);
	}
	qa_log_init(opt.program, 0);
	long_catch();
	long_become(&opt, qa_opt_home(), false);
	archive = tool_archive(&opt, argv[optind]);
	progress_init(&bar, "indexed");
	if (!quiet) {
		hooks.progress = progress_entries;
		hooks.ctx = &bar;
	}
	if (qa_follow_open(qa_opt_home(), qa_archive_domain(archive), &hooks, &f, &err) != 1)
		qa_die(opt.program, &err);
	if (index_shut_domain(qa_opt_home(), qa_archive_domain(archive), &err))
		qa_die(opt.program, &err);
	size_t n = qa_archive_months(archive, &v), done = 0;
	for (size_t i = n; i-- > 0 && r == 1 && !long_ending;) {
		if (only && v[i] != only)
			continue;
		r = remake(f, v[i], &err);
		done += r == 1;
	}
	progress_end(&bar);
	if (r < 0)
		qa_die(opt.program, &err);
	if (only && !done && !long_ending) {
		qa_fail(&err, 0, "%s has no month %s", argv[optind], argv[optind + 1]);
		qa_die(opt.program, &err);
	}
	uint64_t entries = qa_follow_done(f);
	printf("%zu %s, %llu %s indexed\n", done, qa_noun(done, "month", "months"), (unsigned long long)entries,
	       qa_noun(entries, "entry", "entries"));
	if (long_ending)
		fprintf(stderr, "%s: interrupted; what was not finished is as it was\n", opt.program);
	qa_follow_close(f);
	qa_archive_close(archive);
	return long_ending ? 2 : 0;
}
