/*
 * logstat: qmail-send's log into a stats file of its own. Options, signals and the loop; what it does is in lib/traffic: qsource (the log's files), qjoin
 * (lines to transfers), qkeep (the stats file and the place, exactly once).
 */
#include "auto.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/opt.h"
#include "statline/file.h"
#include "sys/sandbox.h"
#include "traffic/qjoin.h"
#include "traffic/qkeep.h"
#include "traffic/qsource.h"
#include "traffic/vdoms.h"

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STATE = 1000, FOLLOW, FROM_START, HOST, TAG, VIRTUALDOMAINS, MEMORY, PENDING };
enum { LINES = 1 << 20, BYTES = 256 << 20, NOTES = 20, RULES = 64 };

/* A state is written so seldom that it takes at most this many bytes a second. */
static const uint64_t state_rate = 4 << 20;

static const char help[] =
    "Makes lines of the stats file from qmail-send's log: a line for each delivery.\n"
    "LOG is a folder of multilog, a maillog or another file (also .gz), or -.\n\n"
    "  -f FILE                   add the lines to FILE, each once (else to standard output)\n"
    "      --state FOLDER        the place in the log and what is open (FILE.state)\n"
    "      --follow              go on when the log grows and is rotated\n"
    "      --from-start          with --follow, first time: also what is in the log already\n"
    "      --host HOST           the host in the lines, where the log names none\n"
    "      --tag TAG             of a maillog only the lines of TAG, such as qmail\n"
    "      --virtualdomains F    take off the prefixes of control/virtualdomains\n"
    "      --memory SIZE         most bytes for open messages (256M)\n"
    "      --pending write|drop  after a crash and a rotation: what to do with the last lines\n"
    "  -v                        counts, to standard error\n";

static const struct option longs[] = {{"state", required_argument, NULL, STATE},
				      {"follow", no_argument, NULL, FOLLOW},
				      {"from-start", no_argument, NULL, FROM_START},
				      {"host", required_argument, NULL, HOST},
				      {"tag", required_argument, NULL, TAG},
				      {"virtualdomains", required_argument, NULL, VIRTUALDOMAINS},
				      {"memory", required_argument, NULL, MEMORY},
				      {"pending", required_argument, NULL, PENDING},
				      {NULL, 0, NULL, 0}};
static const struct qa_opt opt = {"logstat", "[-v] [-f FILE] [--follow] LOG...", help, "f:v", longs};

struct run {
	const char *file, *state, *table;
	bool follow, from_start, verbose;
	enum qa_qkeep_pending pending;
	const char *const *logs;
	size_t logs_n;
	struct qa_qjoin_opt join;
	struct qa_qjoin *j;
	struct qa_qkeep *k; /* NULL: to standard output */
	struct qa_qsource *s;
	struct qa_vdoms *v;
	bool mute; /* what was in the log before the first run with --follow */
	bool gap;
	uint64_t at, committed; /* bytes of the log, now and at the last commit */
	uint64_t when;		/* ticks of the last commit */
	unsigned notes;
	const char *failed; /* a line that could not be kept */
};

static volatile sig_atomic_t stop, reread;

static void
on_signal(int sig)
{
	if (sig == SIGHUP)
		reread = 1;
	else
		stop = 1;
}

static void
catch(int sig)
{
	struct sigaction act = {.sa_handler = on_signal};

	sigaction(sig, &act, NULL);
}

static void
note(struct run *r, const char *text)
{
	if (text && r->notes < NOTES)
		fprintf(stderr, "logstat: %s\n", text);
	if (text && r->notes++ == NOTES)
		fprintf(stderr, "logstat: more of that is not shown\n");
}

static void
on_note(void *arg, const char *text)
{
	note(arg, text);
}

static void
on_line(void *arg, const struct qa_statline *s)
{
	unsigned char line[QA_STATLINE_MAX + 1];
	struct run *r = arg;

	if (r->mute)
		return;
	size_t n = qa_statline_put(s, line);
	if (r->k ? qa_qkeep_line(r->k, qa_span_of(line, n)) : fwrite(line, 1, n, stdout) != n)
		r->failed = r->k ? "too many lines at once" : "cannot write to standard output";
}

static void
read_table(struct run *r)
{
	struct qa_err err;
	struct qa_vdoms *v = qa_vdoms_open(r->table, &err);

	if (!v && !r->v)
		qa_die(opt.program, &err);
	if (!v) {
		note(r, err.text);
		return;
	}
	if (r->j)
		qa_qjoin_vdoms(r->j, v);
	qa_vdoms_free(r->v);
	r->join.vdoms = r->v = v;
}

static void
commit(struct run *r)
{
	struct qa_qpos pos;
	struct qa_err err;

	r->committed = r->at;
	if (!r->k) {
		if (fflush(stdout))
			r->failed = "cannot write to standard output";
		return;
	}
	qa_qsource_pos(r->s, &pos);
	if (qa_qkeep_commit(r->k, &pos, r->j, &err))
		qa_die(opt.program, &err);
	note(r, qa_qkeep_said(r->k));
	r->when = qa_tick();
}

static bool
due(const struct run *r)
{
	uint64_t wait = QA_SECOND;

	if (r->k)
		wait += (uint64_t)qa_qkeep_size(r->k) * QA_SECOND / state_rate;
	return qa_tick() - r->when >= wait;
}

/* What the log's files have to say: true when lines are missing before the next one. */
static bool
hear(struct run *r)
{
	const char *said;
	bool gap, any = false;

	while ((said = qa_qsource_said(r->s, &gap)) != NULL) {
		note(r, said);
		any |= gap;
	}
	if (any)
		qa_qjoin_gap(r->j);
	r->gap |= any;
	return any;
}

/* One step: 1 there was something, 0 the log has ended for now. */
static int
step(struct run *r)
{
	struct qa_err err;
	qa_span lines;
	int64_t last;
	uint32_t nano;
	int rc;

	if (reread && r->table) {
		reread = 0;
		read_table(r);
	}
	rc = qa_qsource_next(r->s, &lines, &err);
	if (rc < 0)
		qa_die(opt.program, &err);
	hear(r);
	if (rc == 0)
		return 0;
	qa_qjoin_now(r->j, qa_qsource_mtime(r->s));
	qa_qjoin_feed(r->j, lines);
	if (r->failed) {
		qa_fail(&err, 0, "%s", r->failed);
		qa_die(opt.program, &err);
	}
	if (qa_qjoin_last(r->j, &last, &nano))
		qa_qsource_stamp(r->s, last, nano);
	r->at = qa_qsource_bytes(r->s);
	/* a stream cannot be read again: all of it or nothing */
	if (r->k && !r->mute && !qa_qsource_stream(r->s) && (qa_qkeep_waiting(r->k) >= LINES || r->at - r->committed >= BYTES))
		commit(r);
	return 1;
}

static void
doze(void)
{
	struct timespec t = {.tv_nsec = 200000000};

	nanosleep(&t, NULL);
}

static void
follow(struct run *r)
{
	while (!stop) {
		int rc = step(r);

		if (rc == 0 && r->mute) {
			r->mute = false;
			commit(r);
		}
		if (!r->mute && (!r->k || due(r)) && !(r->k && qa_qsource_stream(r->s)) &&
		    (r->at != r->committed || (rc == 0 && r->k && qa_qkeep_unsettled(r->k))))
			commit(r);
		if (rc == 0)
			doze();
		if (rc == 0 && qa_qsource_stream(r->s))
			break;
	}
}

/* What is there, once. Nothing comes behind the last file, so it must be whole. */
static void
all(struct run *r)
{
	while (!stop && step(r))
		;
	if (!stop && qa_qsource_torn(r->s)) {
		note(r, "the last file is packed by gzip, and cut: its end is missing");
		r->gap = true;
	}
}

static void
finish(struct run *r)
{
	struct qa_err err;
	struct qa_qpos pos;

	if (!r->mute)
		commit(r);
	if (r->failed) {
		qa_fail(&err, 0, "%s", r->failed);
		qa_die(opt.program, &err);
	}
	qa_qsource_pos(r->s, &pos);
	if (r->k && !r->mute && qa_qkeep_unsettled(r->k) && qa_qkeep_settle(r->k, &pos, r->j, &err))
		qa_die(opt.program, &err);
}

static void
count(const char *text, uint64_t n)
{
	fprintf(stderr, "logstat: %llu %s\n", (unsigned long long)n, text);
}

static void
summary(const struct run *r)
{
	const struct qa_qjoin_counts *c = qa_qjoin_counts(r->j);
	const struct {
		const char *text;
		uint64_t n;
		bool always;
	} t[] = {
		{"lines read", c->lines, false},
		{"lines without an event", c->other, false},
		{"stats lines", c->stats, false},
		{"bounces", c->bounces, false},
		{"double bounces thrown away", c->triple, false},
		{"messages still open", qa_qjoin_open(r->j), false},
		{"torn lines", c->torn, true},
		{"lines left out, not later than the place that was lost", c->late, true},
		{"deliveries of messages that are not known, not counted", c->unknown, true},
		{"reports of deliveries that are not known, not counted", c->orphans, true},
		{"deliveries without a report", c->cut, true},
		{"messages without an end", c->unended, true},
		{"messages dropped for want of memory", c->dropped, true},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		if (r->verbose || (t[i].always && t[i].n))
			count(t[i].text, t[i].n);
	if (!r->k && c->lines && c->lines == c->other)
		fprintf(stderr, "logstat: none of these lines is of qmail-send\n");
}

static void QA_NORETURN
bad(const char *what, const char *value)
{
	struct qa_err err;

	qa_fail(&err, 0, "%s is no %s", value, what);
	qa_die(opt.program, &err);
}

static void
options(struct run *r, int argc, char **argv)
{
	uint64_t n;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case 'f':
			r->file = optarg;
			break;
		case 'v':
			r->verbose = true;
			break;
		case STATE:
			r->state = optarg;
			break;
		case FOLLOW:
			r->follow = true;
			break;
		case FROM_START:
			r->from_start = true;
			break;
		case HOST:
			r->join.host = optarg;
			break;
		case TAG:
			r->join.tag = optarg;
			break;
		case VIRTUALDOMAINS:
			r->table = optarg;
			break;
		case MEMORY:
			if (qa_scan_size(qa_span_str(optarg), &n) || n < 65536 || n > SIZE_MAX / 2)
				bad("size of at least 64K", optarg);
			r->join.memory = (size_t)n;
			break;
		case PENDING:
			r->pending = strcmp(optarg, "write") == 0 ? QA_QKEEP_WRITE : QA_QKEEP_DROP;
			if (r->pending == QA_QKEEP_DROP && strcmp(optarg, "drop") != 0)
				bad("choice: write or drop", optarg);
			break;
		default:
			qa_usage(&opt);
		}
	if (optind == argc)
		qa_usage(&opt);
	if (r->state && !r->file)
		bad("use without -f", "--state");
	r->logs = (const char *const *)argv + optind;
	r->logs_n = (size_t)(argc - optind);
}

/* The folder of a name, or the name where it is one. */
static const char *
folder_of(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR) ? path : g_path_get_dirname(path);
}

/* A log holds what strangers wrote: nothing but its folder, the stats file's and the state's is open from here on. */
static void
shut_in(const struct run *r)
{
	struct qa_sandbox_rule rule[RULES];
	struct qa_err err;
	size_t n = 0;

	if (r->logs_n > RULES - 4)
		return;
	for (size_t i = 0; i < r->logs_n; i++)
		if (strcmp(r->logs[i], "-") != 0)
			rule[n++] = (struct qa_sandbox_rule){folder_of(r->logs[i]), QA_SANDBOX_READ | QA_SANDBOX_MAYBE};
	if (r->table)
		rule[n++] = (struct qa_sandbox_rule){folder_of(r->table), QA_SANDBOX_READ};
	if (r->file) {
		unsigned all = QA_SANDBOX_READ | QA_SANDBOX_WRITE | QA_SANDBOX_MAKE;

		rule[n++] = (struct qa_sandbox_rule){folder_of(r->file), all};
		rule[n++] = (struct qa_sandbox_rule){r->state, all};
	}
	if (qa_sandbox_apply(rule, n, 0, &err) < 0)
		qa_die(opt.program, &err);
}

static void
begin(struct run *r)
{
	static struct qa_stats stats;
	struct qa_qpos pos = {.any = false};
	struct qa_err err;
	bool found = false;
	int64_t last;
	uint32_t nano;

	if (!r->join.host) {
		/* only the host: with a file named, the instance need not be readable */
		if (qa_stats_find(&stats, qa_opt_home(), r->file ? r->file : "-", &err) < 0)
			qa_die(opt.program, &err);
		r->join.host = stats.host;
	}
	if (r->table)
		read_table(r);
	r->join.line = on_line;
	r->join.said = on_note;
	r->join.arg = r;
	r->j = qa_qjoin_new(&r->join);
	if (r->file) {
		if (!r->state)
			r->state = g_strconcat(r->file, ".state", NULL);
		r->k = qa_qkeep_open(r->file, r->state, r->pending, r->j, &pos, &found, &err);
		if (!r->k)
			qa_die(opt.program, &err);
		note(r, qa_qkeep_said(r->k));
	}
	tzset();
	shut_in(r);
	if (!qa_qjoin_last(r->j, &last, &nano))
		last = 0, nano = 0;
	r->s = qa_qsource_open(r->logs, r->logs_n, found ? &pos : NULL, last, nano, &err);
	if (!r->s)
		qa_die(opt.program, &err);
	if (hear(r))
		qa_qjoin_after_last(r->j);
	/* what came by a stream is counted when all of it is there, so being stopped leaves nothing */
	if (!qa_qsource_stream(r->s))
		catch(SIGTERM), catch(SIGINT);
	r->mute = r->follow && !r->from_start && !found && !qa_qsource_stream(r->s);
	r->when = qa_tick();
}

int
main(int argc, char **argv)
{
	struct run r = {.follow = false};

	options(&r, argc, argv);
	catch(SIGHUP);
	begin(&r);
	if (r.follow)
		follow(&r);
	else
		all(&r);
	finish(&r);
	summary(&r);
	qa_qsource_free(r.s);
	qa_qkeep_close(r.k);
	qa_qjoin_free(r.j);
	qa_vdoms_free(r.v);
	return r.gap;
}
