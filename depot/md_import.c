/*
 * md_import: the writer of the archive. As a daemon it files what the journal brings, for all domains; with a domain
 * and paths it files mail that is in files already.
 */
#include "archive/key.h"
#include "archive/onboard.h"
#include "archive/round.h"
#include "auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/opt.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/domains.h"
#include "depot/import-seal.h"
#include "depot/long.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEAL = 1000 };
enum { GATHER_MS = 400, POLL_MS = 1000, RETRY_MS = 2000, REPORT = 60 /* s */, LATE = 600 /* s */ };

static const char help[] =
    "Files what the journal brings into the archives of all domains, until it is told to end.\n"
    "With a DOMAIN and PATHs: files .eml files and folders, Maildirs and mboxes into that domain.\n"
    "With --seal: packs the months of DOMAIN that are over, or the one named, for good.\n\n"
    "  -1            file all that waits, then end\n"
    "  -d FD         write a line to FD when ready\n"
    "  -q            no progress\n"
    "      --seal    seal now, without waiting for seal_after\n";

static const struct option longs[] = {{"seal", no_argument, NULL, SEAL}, {NULL, 0, NULL, 0}};
static const struct qa_opt opt = {"md_import", "[-1q] [-d FD] | [-q] DOMAIN PATH... | --seal DOMAIN [YYYY-MM]", help, "1d:q",
				  longs};

static int
must_stop(void *ctx)
{
	(void)ctx;
	return long_ending;
}

/* ---- the daemon ---- */

/* A descriptor that becomes readable when the journal grows; -1 when there is none to be had. */
static int
watch(const char *home)
{
	static const char *const folders[] = {"journal", "journal/direct"};
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	for (size_t i = 0; fd >= 0 && i < 2; i++) {
		char path[1024];

		snprintf(path, sizeof path, "%s/%s", home, folders[i]);
		if (inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

static void
wait_for_work(int watched, uint64_t due)
{
	struct pollfd p = {.fd = watched, .events = POLLIN};
	char drop[4096];
	int ms = due / 1000000 < POLL_MS ? (int)(due / 1000000) + 1 : POLL_MS;

	if (poll(&p, watched >= 0, watched >= 0 ? ms : ms < 100 ? ms : 100) > 0) {
		/* patience makes rounds larger: the mail is safe in the journal, and each round's syncs are felt by the
		 * mail system on the same disk */
		poll(NULL, 0, GATHER_MS);
		while (read(watched, drop, sizeof drop) > 0)
			continue;
	}
}

static struct qa_stats stats;
static struct qa_pen pen;

/* The stats file, when one is kept. */
static struct qa_pen *
find_stats(const char *home)
{
	struct qa_err err;
	int found = qa_stats_find(&stats, home, NULL, &err);

	if (found < 0)
		qa_log(QA_ERROR, "event=import.stats.failed why=%s", qa_log_quote(err.text));
	qa_pen_init(&pen, &stats);
	pen.late = LATE;
	return found == 1 ? &pen : NULL;
}

/* Lines that could not be written are no reason to stop; once a minute it is said. */
static void
report_lost(void)
{
	static uint64_t said, at;

	if (pen.lost == said || (at && qa_tick() - at < REPORT * QA_SECOND))
		return;
	qa_log(QA_ERROR, "event=import.stats.failed lost=%llu why=%s", (unsigned long long)pen.lost, qa_log_quote(pen.err.text));
	said = pen.lost;
	at = qa_tick();
}

static void
work(struct qa_importer *im, struct import_seal *seal, bool once, int watched)
{
	struct qa_err err;

	while (!long_ending) {
		if (!once)
			import_seal_tend(seal);
		int did = qa_importer_round(im, &err);
		report_lost();

		if (did < 0) {
			qa_log(QA_ERROR, "event=import.round.failed why=%s", qa_log_quote(err.text));
			if (once)
				return;
			poll(NULL, 0, RETRY_MS);
		} else if (did == 0 && once) {
			return;
		} else if (did == 0) {
			wait_for_work(watched, qa_importer_due(im));
		}
	}
}

static int
serve(const char *home, bool once, int ready_fd)
{
	struct qa_importer_conf conf = {0};
	const struct qa_importer_stats *st;
	struct qa_importer *im;
	struct import_seal seal;
	struct qa_err err;
	int rc = 0, watched = once ? -1 : watch(home);

	long_become(&opt, home, false);
	conf.pen = find_stats(home);
	if (qa_importer_conf(home, &conf, &err) || qa_importer_open(home, &conf, &im, &err))
		qa_die(opt.program, &err);
	import_seal_init(&seal, home, conf.seal_after, conf.reserve, must_stop);
	long_ready(ready_fd);
	qa_log(QA_INFO, "event=import.start.ok version=%s", QA_VERSION);
	work(im, &seal, once, watched);
	import_seal_end(&seal);
	if (qa_importer_publish(im, &err)) {
		qa_log(QA_ERROR, "event=import.publish.failed why=%s", qa_log_quote(err.text));
		rc = 2;
	}
	report_lost();
	st = qa_importer_stats(im);
	qa_log(QA_INFO, "event=import.stop.ok records=%llu entries=%llu known=%llu refused=%llu rounds=%llu",
	       (unsigned long long)st->records, (unsigned long long)st->entries, (unsigned long long)st->known,
	       (unsigned long long)st->refused, (unsigned long long)st->rounds);
	if (once && qa_importer_held(im))
		rc = 2;
	qa_importer_close(im);
	if (once && !long_ending && import_seal_now(&seal))
		rc = 2;
	return rc;
}

/* ---- onboarding ---- */

struct view {
	bool tty, quiet;
	uint64_t started, shown;
	uint64_t troubles;
};

static void
show_progress(void *ctx, const struct qa_onboard_stats *st)
{
	struct view *v = ctx;
	uint64_t now = qa_tick(), done = st->filed + st->known + st->failed;
	double secs = (double)(now - v->started) / 1e9;

	if (v->quiet || !v->tty || now - v->shown < QA_SECOND / 4 || secs < 2)
		return;
	v->shown = now;
	if (st->counting) {
		fprintf(stderr, "\rreading dates: %llu messages, %.1f MB\033[K", (unsigned long long)st->found,
			(double)st->bytes / 1e6);
		return;
	}
	double rate = (double)st->bytes_done / secs;
	double left = rate > 0 ? (double)(st->bytes - st->bytes_done) / rate : 0;
	fprintf(stderr, "\r%llu of %llu messages, %.0f a second, %d:%02d left\033[K", (unsigned long long)done,
		(unsigned long long)st->found, (double)done / secs, (int)left / 60, (int)left % 60);
}

static void
show_trouble(void *ctx, const char *path, const char *why)
{
	struct view *v = ctx;

	v->troubles++;
	fprintf(stderr, "%s%s: %s: %s\n", v->tty && !v->quiet ? "\r\033[K" : "", opt.program, path, why);
}

/* The folder that takes the mail of a domain, by the table. */
static void
folder_of(const char *home, const char *domain, struct qa_rule *rule_r)
{
	char clean[QA_DOMAIN_MAX + 1];
	struct qa_domains table;
	struct qa_err err;
	bool own;

	err.num = 0;
	if (qa_domain_name(qa_span_str(domain), clean)) {
		qa_fail(&err, 0, "%s is not a domain name", domain);
		qa_die(opt.program, &err);
	}
	if (qa_domains_open(&table, home, &err))
		qa_die(opt.program, &err);
	own = qa_domains_find(&table, qa_span_str(clean), rule_r) == 1 || strcmp(clean, "default") == 0;
	if (table.missing)
		qa_fail(&err, 0, "there is no table of domains in %s; md_domain add makes one", home);
	else if (!own)
		qa_fail(&err, 0, "there is no rule for the domain %s; md_domain add %s makes one", clean, clean);
	if (table.missing || !own)
		qa_die(opt.program, &err);
	qa_domains_close(&table);
}

static int
onboard(const char *home, const char *domain, char **paths, int n, bool quiet)
{
	struct view v = {.tty = isatty(STDERR_FILENO), .quiet = quiet, .started = qa_tick()};
	const struct passwd *pw = getpwuid(getuid());
	char operator_name[64];
	struct qa_onboard_stats st = {0};
	struct qa_rule rule;
	struct qa_err err;
	int rc;

	folder_of(home, domain, &rule);
	long_become(&opt, home, true);
	snprintf(operator_name, sizeof operator_name, "%s (uid %u)", pw ? pw->pw_name : "unknown",
		 (unsigned)getuid());

	struct qa_onboard o = {.home = home,
			       .domain = rule.folder,
			       .paths = (const char *const *)paths,
			       .n = (size_t)n,
			       .operator_name = operator_name,
			       .tool = "md_import " QA_VERSION,
			       .stop = must_stop,
			       .progress = show_progress,
			       .trouble = show_trouble,
			       .ctx = &v};
	rc = qa_onboard(&o, &st, &err);
	if (v.tty && !v.quiet)
		fprintf(stderr, "\r\033[K");
	if (rc < 0 && !st.found)
		qa_die(opt.program, &err);
	printf("%llu %s: %llu filed, %llu known already, %llu failed; %llu without a believable date\n",
	       (unsigned long long)st.found, qa_noun(st.found, "message", "messages"), (unsigned long long)st.filed, (unsigned long long)st.known,
	       (unsigned long long)st.failed, (unsigned long long)st.guessed);
	if (rc < 0)
		qa_die(opt.program, &err);
	if (rc > 0)
		fprintf(stderr, "%s: stopped; run it again to go on\n", opt.program);
	return rc > 0 || st.failed || v.troubles ? 1 : 0;
}

static int
seal_by_hand(const char *home, const char *domain, const char *month)
{
	struct qa_importer_conf conf = {0};
	struct import_seal seal;
	struct qa_rule rule;
	struct qa_err err;

	folder_of(home, domain, &rule);
	long_become(&opt, home, false);
	if (qa_importer_conf(home, &conf, &err))
		qa_die(opt.program, &err);
	import_seal_init(&seal, home, conf.seal_after, conf.reserve, must_stop);
	return import_seal_command(&seal, rule.folder, month);
}

int
main(int argc, char **argv)
{
	bool once = false, quiet = false, seal = false;
	int ready_fd = -1, c;
	uint64_t fd;

	qa_log_init(opt.program, 1);
	qa_key_guard();
	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		switch (c) {
		case '1':
			once = true;
			break;
		case 'q':
			quiet = true;
			break;
		case SEAL:
			seal = true;
			break;
		case 'd':
			if (qa_scan_u64(qa_span_str(optarg), &fd) || fd > 1023)
				qa_usage(&opt);
			ready_fd = (int)fd;
			break;
		default:
			qa_usage(&opt);
		}
	}
	long_prepare();
	umask(022);
	if (seal && (once || quiet || ready_fd >= 0 || argc - optind < 1 || argc - optind > 2))
		qa_usage(&opt);
	if (seal)
		return seal_by_hand(qa_opt_home(), argv[optind], argv[optind + 1]);
	if (optind == argc)
		return serve(qa_opt_home(), once, ready_fd);
	if (once || ready_fd >= 0 || optind + 1 == argc)
		qa_usage(&opt);
	return onboard(qa_opt_home(), argv[optind], argv + optind + 1, argc - optind - 1, quiet);
}
