/*
 * md_index: the reader that makes mail findable. Follows every domain's log and puts what is new into the catalogs.
 *
 * It parses hostile mail, so the process that does so is shut in: it reads depot and log of the domains there are, writes in their
 * var/catalog, and sees nothing else of the instance, keys least of all. As a daemon it is the child of one that parses nothing
 * and only looks for new domains, for which it starts another child.
 */
#include "auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/opt.h"
#include "catalog/follow.h"
#include "index-sandbox.h"
#include "long.h"
#include "progress.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TICK_MS = 250,
	SEAL_TICKS = 2400,  /* how often old months are */
	RETRY_TICKS = 20,   /* after a failure */
	AWAKE = 16,	    /* domains whose files are kept open */
	LIST_MS = 5000,	    /* how often new domains are looked for */
	REST_MS = 1000,	    /* before a child that died is started again */
	LOUD_EVERY = 240,   /* ticks between two reports of the same domain's failure */
};

static const char help[] =
    "Puts new mail of all domains into their catalogs, until it is told to end.\n\n"
    "  -1            take in all there is, then end\n"
    "  -s            compact finished months at once\n"
    "  -d FD         write a line to FD when ready\n"
    "  -q            no progress\n"
    "      --json    with -1: a JSON object of what each domain has\n";

enum { JSON = 1 };
static const struct option longs[] = {{"json", no_argument, NULL, JSON}, {0}};
static const struct qa_opt opt = {"md_index", "[-1sq] [-d FD] [--json]", help, "1sd:q", longs};

struct watched {
	struct qa_follow *f;
	unsigned long next, loud; /* ticks: not before; when a failure was last reported */
	unsigned long used;	  /* of the last pass */
	bool awake, failing;
};

struct indexer {
	const char *home;
	struct qa_follow_hooks hooks;
	GPtrArray *domains; /* struct watched *, in the order of names */
	unsigned long tick;
	bool failed;
};

static void
watched_free(void *p)
{
	struct watched *w = p;

	qa_follow_close(w->f);
	g_free(w);
}

static void
complain(struct indexer *x, const char *domain, struct watched *w, const struct qa_err *err)
{
	x->failed = true;
	if (w) {
		w->failing = true;
		w->next = x->tick + RETRY_TICKS;
		if (w->loud && x->tick - w->loud < LOUD_EVERY)
			return;
		w->loud = x->tick ? x->tick : 1;
	}
	qa_log(QA_ERROR, "event=index.pass.failed domain=%s why=%s", domain, qa_log_quote(err->text));
}

static void
watch_domains(struct indexer *x, GPtrArray *names)
{
	struct qa_err err;

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		struct watched *w;
		struct qa_follow *f;
		int r;

		if (strchr(name, '/'))
			continue;
		r = qa_follow_open(x->home, name, &x->hooks, &f, &err);
		if (r < 0)
			complain(x, name, NULL, &err);
		if (r != 1)
			continue;
		qa_follow_rest(f);
		w = g_new0(struct watched, 1);
		w->f = f;
		g_ptr_array_add(x->domains, w);
	}
}

/* Of the domains with open files, only the AWAKE ones used last keep them. */
static void
let_rest(struct indexer *x)
{
	struct watched *oldest = NULL;
	unsigned awake = 0;

	for (guint i = 0; i < x->domains->len; i++) {
		struct watched *w = g_ptr_array_index(x->domains, i);

		if (!w->awake)
			continue;
		awake++;
		if (!oldest || w->used < oldest->used)
			oldest = w;
	}
	if (awake > AWAKE) {
		qa_follow_rest(oldest->f);
		oldest->awake = false;
	}
}

/* One pass over a domain: true when it is done with. */
static bool
pass(struct indexer *x, struct watched *w)
{
	struct qa_err err = {0};
	int r;

	w->awake = true;
	w->used = x->tick;
	r = qa_follow_pass(w->f, &err);
	let_rest(x);
	if (r >= 0) {
		if (w->failing)
			qa_log(QA_NOTICE, "event=index.pass.recovered domain=%s", qa_follow_domain(w->f));
		w->failing = false;
		w->loud = 0;
		return r == 1;
	}
	if (errno == EWOULDBLOCK)
		w->next = x->tick + 4; /* md_reindex is at work there */
	else
		complain(x, qa_follow_domain(w->f), w, &err);
	return false;
}

static void
look(struct indexer *x)
{
	for (guint i = 0; i < x->domains->len && !long_ending; i++) {
		struct watched *w = g_ptr_array_index(x->domains, i);
		bool seal = x->tick % SEAL_TICKS == SEAL_TICKS - 1 && qa_follow_unsealed(w->f);

		if (x->tick >= w->next && (seal || qa_follow_changed(w->f)))
			pass(x, w);
	}
	x->tick++;
}

/* Two passes find what came during the first; a third one what a damaged catalog lost. */
static int
drain(struct indexer *x, bool json)
{
	for (guint i = 0; i < x->domains->len && !long_ending; i++) {
		struct watched *w = g_ptr_array_index(x->domains, i);
		bool done = false;

		x->tick++;
		for (int tries = 0; tries < 3 && !done && !long_ending && !w->failing; tries++)
			done = pass(x, w);
		for (int waits = 0; !done && !w->failing && !long_ending && waits < 600; waits++) {
			poll(NULL, 0, 100);
			done = pass(x, w);
		}
		if (json)
			printf("{\"domain\":\"%s\",\"indexed\":%llu,\"entries\":%llu,\"raw_text\":%llu}\n",
			       qa_follow_domain(w->f), (unsigned long long)qa_follow_done(w->f),
			       (unsigned long long)qa_follow_bound(w->f),
			       (unsigned long long)qa_follow_fallbacks(w->f));
	}
	return x->failed || long_ending ? 2 : 0;
}

static int
once_all(struct indexer *x, bool json)
{
	g_autoptr(GPtrArray) names = NULL;
	struct qa_err err;

	qa_message_init();
	names = index_folders(x->home, &err);
	if (!names)
		qa_die(opt.program, &err);
	watch_domains(x, names);
	if (index_shut(x->home, names, &err))
		qa_die(opt.program, &err);
	return drain(x, json);
}

/* The child of a daemon: ends when told to, or when its parent is gone. */
static void
work(struct indexer *x, GPtrArray *names, pid_t parent)
{
	struct qa_err err;

	qa_message_init();
	watch_domains(x, names);
	if (index_shut(x->home, names, &err)) {
		qa_log(QA_ERROR, "event=index.sandbox.failed why=%s", qa_log_quote(err.text));
		_exit(2);
	}
	while (!long_ending && getppid() == parent) {
		look(x);
		poll(NULL, 0, TICK_MS);
	}
	g_ptr_array_free(x->domains, TRUE);
	_exit(0);
}

static bool
same_names(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return false;
	for (guint i = 0; i < a->len; i++)
		if (strcmp(g_ptr_array_index(a, i), g_ptr_array_index(b, i)) != 0)
			return false;
	return true;
}

static void
end_child(pid_t child)
{
	kill(child, SIGTERM);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

/* The parent: a child for the domains there are, another one when there are others or it died. */
static void
serve(struct indexer *x)
{
	GPtrArray *names = g_ptr_array_new(), *now;
	pid_t child = -1, self = getpid();
	struct qa_err err;

	while (!long_ending) {
		now = index_folders(x->home, &err);
		if (!now) {
			qa_log(QA_ERROR, "event=index.list.failed why=%s", qa_log_quote(err.text));
		} else {
			if (child > 0 && !same_names(names, now)) {
				end_child(child);
				child = -1;
			}
			g_ptr_array_free(names, TRUE);
			names = now;
		}
		if (child < 0) {
			child = fork();
			if (child == 0)
				work(x, names, self);
			if (child < 0)
				qa_log(QA_ERROR, "event=index.child.failed why=%s", qa_log_quote(strerror(errno)));
		}
		for (int ms = 0; ms < LIST_MS && !long_ending; ms += REST_MS) {
			poll(NULL, 0, REST_MS);
			if (child > 0 && waitpid(child, NULL, WNOHANG) == child) {
				child = -1;
				if (!long_ending)
					qa_log(QA_ERROR, "event=index.child.died");
				break;
			}
		}
	}
	if (child > 0)
		end_child(child);
	g_ptr_array_free(names, TRUE);
}

int
main(int argc, char **argv)
{
	struct indexer x = {.hooks = {.stop = long_stop}};
	struct progress bar;
	bool once = false, quiet = false, json = false;
	uint64_t fd = UINT64_MAX;
	int c, rc = 0;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case '1':
			once = true;
			break;
		case 's':
			x.hooks.seal = true;
			break;
		case 'd':
			if (qa_scan_u64(qa_span_str(optarg), &fd) || fd > 1000000)
				qa_usage(&opt);
			break;
		case 'q':
			quiet = true;
			break;
		case JSON:
			json = true;
			break;
		default:
			qa_usage(&opt);
		}
	if (optind != argc || (json && !once))
		qa_usage(&opt);
	qa_log_init(opt.program, !once);
	x.home = qa_opt_home();
	x.domains = g_ptr_array_new_with_free_func(watched_free);
	x.hooks.trickle = !once;
	if (once && !quiet) {
		progress_init(&bar, "indexed");
		x.hooks.progress = progress_entries;
		x.hooks.ctx = &bar;
	}
	long_prepare();
	long_become(&opt, x.home, false);
	long_ready(fd == UINT64_MAX ? -1 : (int)fd);
	qa_log(QA_INFO, "event=index.start.ok version=%s", QA_VERSION);
	if (once)
		rc = once_all(&x, json);
	else
		serve(&x);
	if (x.hooks.progress)
		progress_end(&bar);
	g_ptr_array_free(x.domains, TRUE);
	if (!once)
		qa_log(QA_INFO, "event=index.end.ok");
	return rc;
}
