/*
 * md_verify: whether the archive is what was signed.
 */
#include "archive/verify.h"
#include "archive/admin.h"
#include "archive/home.h"
#include "base/text.h"
#include "sys/sys.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Verifies the archive of DOMAIN, or of all domains: the signed checkpoint, the log, the partitions.\n"
    "Exit 0 all is well, 1 something was found, 2 something could not be verified.\n\n"
    "      --deep          read every byte, compare every digest and every leaf\n"
    "      --since FILE    the log must extend this checkpoint, kept outside\n"
    "  -k KEY              the key to trust (a vkey), instead of the one in the archive\n"
    "  -q                  no progress\n"
    "      --json          one JSON object a domain\n";
enum { DEEP = 1, SINCE, JSON };
static const struct option longs[] = {{"deep", no_argument, NULL, DEEP},
				      {"since", required_argument, NULL, SINCE},
				      {"json", no_argument, NULL, JSON},
				      {0}};
static const struct qa_opt opt = {"md_verify", "[-q] [--deep] [--since CHECKPOINT] [-k KEY] [--json] [DOMAIN [YYYY-MM]]",
				  help, "k:q", longs};

struct view {
	const char *domain;
	bool json, tty;
	uint64_t started, shown, lines;
	struct qa_buf list, notes; /* findings as JSON */
};

enum { LINES_MOST = 1000 };

static void
found(void *ctx, enum qa_trouble t, const char *text)
{
	struct view *v = ctx;

	if (v->json) {
		struct qa_buf *b = t == QA_T_NOTE ? &v->notes : &v->list;

		if (v->lines++ < LINES_MOST &&
		    (qa_buf_addf(b, "%s{\"kind\":\"%s\",\"what\":", b->n ? "," : "", qa_trouble_name(t)) ||
		     qa_json_add(b, qa_span_str(text)) || qa_buf_addc(b, '}')))
			exit(2);
		return;
	}
	if (v->tty)
		fputs("\r\033[K", stderr);
	if (v->lines++ < LINES_MOST) {
		struct qa_buf b = QA_BUF(4096);

		/* a file that a stranger put there may have any name */
		if (qa_show_add(&b, qa_span_str(text)))
			exit(2);
		printf("%s: %s: %.*s\n", v->domain, qa_trouble_name(t), (int)b.n, (const char *)b.p);
		qa_buf_free(&b);
	} else if (v->lines == LINES_MOST + 1) {
		printf("%s: more than %d findings; the rest is only counted\n", v->domain, LINES_MOST);
	}
}

static void
progress(void *ctx, const struct qa_verify_stats *st, uint64_t of)
{
	struct view *v = ctx;
	uint64_t now;

	if (!v->tty || st->entries % 64)
		return;
	now = qa_tick();
	if (now - v->started < 2 * QA_SECOND || now - v->shown < QA_SECOND / 4)
		return;
	v->shown = now;
	double secs = (double)(now - v->started) / 1e9;
	double rate = (double)st->entries / secs;
	double left = of > st->entries && rate > 0 ? (double)(of - st->entries) / rate : 0;
	fprintf(stderr, "\r%s: %llu of %llu entries, %.0f MB/s, %d:%02d left\033[K", v->domain,
		(unsigned long long)st->entries, (unsigned long long)of, (double)st->bytes / 1e6 / secs,
		(int)left / 60, (int)left % 60);
}

static void
report(struct view *v, const struct qa_verify_stats *st, bool deep, int rc)
{
	if (v->tty)
		fputs("\r\033[K", stderr);
	if (v->json) {
		printf("{\"domain\":\"%s\",\"good\":%s,\"deep\":%s,\"leaves\":%llu,\"partitions\":%llu,\"entries\":%llu,"
		       "\"messages\":%llu,\"bytes\":%llu,\"purged\":%llu,\"offline\":%llu",
		       v->domain, rc ? "false" : "true", deep ? "true" : "false", (unsigned long long)st->leaves,
		       (unsigned long long)st->partitions, (unsigned long long)st->entries,
		       (unsigned long long)st->messages, (unsigned long long)st->bytes,
		       (unsigned long long)st->purged, (unsigned long long)st->offline);
		for (unsigned t = 0; t < QA_T_KINDS; t++)
			printf(",\"%s\":%llu", qa_trouble_name((enum qa_trouble)t), (unsigned long long)st->trouble[t]);
		printf(",\"findings\":[%.*s],\"notes\":[%.*s]}\n", (int)v->list.n,
		       v->list.n ? (const char *)v->list.p : "", (int)v->notes.n,
		       v->notes.n ? (const char *)v->notes.p : "");
		return;
	}
	printf("%s: %s: %llu %s signed, %llu %s", v->domain, rc ? "BAD" : "good", (unsigned long long)st->leaves,
	       qa_noun(st->leaves, "leaf", "leaves"), (unsigned long long)st->partitions,
	       qa_noun(st->partitions, "partition", "partitions"));
	if (deep)
		printf("; every byte read: %llu %s, %llu %s, %llu %s of mail", (unsigned long long)st->entries,
		       qa_noun(st->entries, "entry", "entries"), (unsigned long long)st->messages,
		       qa_noun(st->messages, "message", "messages"), (unsigned long long)st->bytes,
		       qa_noun(st->bytes, "byte", "bytes"));
	if (st->purged || st->offline)
		printf("; %llu purged, %llu %s offline", (unsigned long long)st->purged, (unsigned long long)st->offline,
		       qa_noun(st->offline, "partition", "partitions"));
	for (unsigned t = 0; t < QA_T_KINDS; t++)
		if (st->trouble[t])
			printf("; %llu %s", (unsigned long long)st->trouble[t],
			       t == QA_T_NOTE ? qa_noun(st->trouble[t], "note", "notes") : qa_trouble_name((enum qa_trouble)t));
	putchar('\n');
}

/* 0, 1, 2 as the program exits. */
static int
verify(struct qa_verify *what, const char *domain, bool json, bool quiet)
{
	struct view v = {.domain = domain, .json = json, .tty = !quiet && isatty(STDERR_FILENO), .started = qa_tick()};
	struct qa_verify_stats st;
	struct qa_err err;
	int rc;

	what->domain = domain;
	what->found = found;
	what->progress = progress;
	what->ctx = &v;
	rc = qa_verify(what, &st, &err);
	if (rc < 0)
		fprintf(stderr, "%s: %s: %s\n", opt.program, domain, err.text);
	else
		report(&v, &st, what->deep, rc);
	fflush(stdout);
	qa_buf_free(&v.list);
	qa_buf_free(&v.notes);
	return rc < 0 ? 2 : rc;
}

static bool
is_listed(const struct qa_names *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], name) == 0)
			return true;
	return false;
}

/* Archives that the table wants and that have no folder: their domain was not verified, it is gone. */
static int
verify_lost(struct qa_verify *what, const struct qa_names *list, size_t *n_r, bool json, bool quiet)
{
	struct qa_domain_line *lines;
	struct qa_err err;
	int worst = 0;

	*n_r = 0;
	if (qa_admin_read(what->home, NULL, NULL, &lines, n_r, &err)) {
		if (err.num == ENOENT)
			return 0; /* a copy of the archives alone has no table */
		fprintf(stderr, "%s: %s\n", opt.program, err.text);
		return 2;
	}
	for (size_t i = 0; i < *n_r; i++) {
		const char *folder = lines[i].rule.folder;
		size_t k = 0;

		while (k < i && !(lines[k].rule.archive && strcmp(lines[k].rule.folder, folder) == 0))
			k++;
		if (k == i && lines[i].rule.archive && !is_listed(list, folder)) {
			int rc = verify(what, folder, json, quiet);

			worst = rc > worst ? rc : worst;
		}
	}
	free(lines);
	return worst;
}

/* A name that is no domain's: nothing of ours made it. */
static int
stranger(const char *name)
{
	struct qa_buf b = QA_BUF(1024);

	if (qa_show_add(&b, qa_span_str(name)))
		exit(2);
	fprintf(stderr, "%s: domain/%.*s is not the folder of a domain\n", opt.program, (int)b.n, (const char *)b.p);
	qa_buf_free(&b);
	return 1;
}

static int
verify_all(struct qa_verify *what, bool json, bool quiet)
{
	char path[QA_PATH_MAX];
	struct qa_names list = {0};
	struct qa_err err;
	int worst = 0;
	size_t rules;

	if (qa_home_path(path, what->home, &err, "domain") ||
	    (qa_listdir(AT_FDCWD, path, &list, &err) && err.num != ENOENT))
		qa_die(opt.program, &err);
	for (size_t i = 0; i < list.n; i++) {
		char name[QA_DOMAIN_MAX + 1];
		int rc = 0;

		if (list.v[i][0] == '.')
			continue;
		if (qa_domain_name(qa_span_str(list.v[i]), name) == 0 && strcmp(name, list.v[i]) == 0)
			rc = verify(what, name, json, quiet);
		else
			rc = stranger(list.v[i]);
		worst = rc > worst ? rc : worst;
	}
	int rc = verify_lost(what, &list, &rules, json, quiet);
	worst = rc > worst ? rc : worst;
	if (list.n == 0 && rules == 0) {
		fprintf(stderr, "%s: there is no archive in %s\n", opt.program, what->home);
		worst = 2;
	}
	qa_names_free(&list);
	return worst;
}

int
main(int argc, char **argv)
{
	struct qa_buf since = QA_BUF(QA_TLOG_NOTE_MAX), key = QA_BUF(4096);
	struct qa_verify what = {.deep = false};
	struct qa_tlog_checkpoint outside;
	bool json = false, quiet = false;
	struct qa_err err;
	int c, rc;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		switch (c) {
		case DEEP:
			what.deep = true;
			break;
		case SINCE:
			tool_read(&opt, optarg, &since);
			what.since = qa_buf_span(&since);
			/* whose it is, is to be found out; that it is one, is not */
			if (qa_tlog_checkpoint_open(what.since, NULL, 0, &outside, &err) < 0) {
				qa_fail_in(&err, "%s is no checkpoint", optarg);
				qa_die(opt.program, &err);
			}
			break;
		case JSON:
			json = true;
			break;
		case 'k':
			what.vkey = tool_key(&opt, optarg, &key);
			break;
		case 'q':
			quiet = true;
			break;
		default:
			qa_usage(&opt);
		}
	}
	what.home = qa_opt_home();
	if (argc - optind > 2)
		qa_usage(&opt);
	if (argc - optind == 2 && qa_month_scan(qa_span_str(argv[optind + 1]), &what.month)) {
		qa_fail(&err, 0, "%s is not a month; one looks like 2026-11", argv[optind + 1]);
		qa_die(opt.program, &err);
	}
	if (optind == argc) {
		rc = verify_all(&what, json, quiet);
	} else {
		struct qa_archive *a = tool_archive(&opt, argv[optind]);

		rc = verify(&what, qa_archive_domain(a), json, quiet);
		qa_archive_close(a);
	}
	qa_buf_free(&since);
	qa_buf_free(&key);
	return rc;
}
