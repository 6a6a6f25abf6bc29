/*
 * md_index: the reader that makes mail findable. Follows every domain's log and puts what is new into the catalogs. It
 * parses hostile mail, so it holds no key and writes nowhere but in H/domain/DOMAIN/var/catalog.
 */
#include "archive/home.h"
#include "auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/opt.h"
#include "catalog/follow.h"
#include "progress.h"
#include "sys/sys.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	TICK_MS = 250,
	LIST_TICKS = 40,    /* how often new domains are looked for */
	SEAL_TICKS = 2400,  /* how often old months are */
	RETRY_TICKS = 20,   /* after a failure */
	AWAKE = 16,	    /* domains whose files are kept open */
	LOUD_EVERY = 240,   /* ticks between two reports of the same domain's failure */
};

static volatile sig_atomic_t ending;

static void
end(int sig)
{
	(void)sig;
	ending = 1;
}

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

static bool
stop(void *ctx)
{
	(void)ctx;
	return ending;
}

static void
watched_free(void *p)
{
	struct watched *w = p;

	qa_follow_close(w->f);
	g_free(w);
}

static bool
is_watched(const struct indexer *x, const char *domain)
{
	for (guint i = 0; i < x->domains->len; i++) {
		struct watched *w = g_ptr_array_index(x->domains, i);

		if (strcmp(qa_follow_domain(w->f), domain) == 0)
			return true;
	}
	return false;
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
list_domains(struct indexer *x)
{
	char path[QA_PATH_MAX];
	struct qa_names names;
	struct qa_err err;

	if (qa_home_path(path, x->home, &err, "domain") || qa_listdir(AT_FDCWD, path, &names, &err)) {
		if (err.num != ENOENT)
			complain(x, "-", NULL, &err);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct watched *w;
		struct qa_follow *f;
		int r;

		if (names.v[i][0] == '.' || is_watched(x, names.v[i]))
			continue;
		r = qa_follow_open(x->home, names.v[i], &x->hooks, &f, &err);
		if (r < 0)
			complain(x, names.v[i], NULL, &err);
		if (r != 1)
			continue;
		qa_follow_rest(f);
		w = g_new0(struct watched, 1);
		w->f = f;
		g_ptr_array_add(x->domains, w);
	}
	qa_names_free(&names);
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
	if (x->tick % LIST_TICKS == 0)
		list_domains(x);
	for (guint i = 0; i < x->domains->len && !ending; i++) {
		struct watched *w = g_ptr_array_index(x->domains, i);
		bool seal = x->tick % SEAL_TICKS == SEAL_TICKS - 1 && qa_follow_unsealed(w->f);

		if (x->tick >= w->next && (seal || qa_follow_changed(w->f)))
			pass(x, w);
	}
	x->tick++;
}

static void
serve(struct indexer *x)
{
	while (!ending) {
		look(x);
		poll(NULL, 0, TICK_MS);
	}
}

/* Two passes find what came during the first; a third one what a damaged catalog lost. */
static int
drain(struct indexer *x, bool json)
{
	list_domains(x);
	for (guint i = 0; i < x->domains->len && !ending; i++) {
		struct watched *w = g_ptr_array_index(x->domains, i);
		bool done = false;

		x->tick++;
		for (int tries = 0; tries < 3 && !done && !ending && !w->failing; tries++)
			done = pass(x, w);
		for (int waits = 0; !done && !w->failing && !ending && waits < 600; waits++) {
			poll(NULL, 0, 100);
			done = pass(x, w);
		}
		if (json)
			printf("{\"domain\":\"%s\",\"indexed\":%llu,\"entries\":%llu,\"raw_text\":%llu}\n",
			       qa_follow_domain(w->f), (unsigned long long)qa_follow_done(w->f),
			       (unsigned long long)qa_follow_committed(w->f),
			       (unsigned long long)qa_follow_fallbacks(w->f));
	}
	return x->failed || ending ? 2 : 0;
}

static void
prepare(void)
{
	struct sigaction a = {.sa_handler = end};
	struct rlimit r;

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	a.sa_handler = SIG_IGN;
	sigaction(SIGHUP, &a, NULL);
	sigaction(SIGPIPE, &a, NULL);
	sigaction(SIGXFSZ, &a, NULL);
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	qa_message_init();
}

static void
say_ready(int fd)
{
	if (fd >= 0) {
		if (write(fd, "\n", 1) != 1)
			qa_log(QA_WARNING, "event=index.ready.unheard fd=%d", fd);
		close(fd);
	}
	qa_log(QA_INFO, "event=index.start.ok version=%s", QA_VERSION);
}

int
main(int argc, char **argv)
{
	struct indexer x = {.hooks = {.stop = stop}};
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
	prepare();
	say_ready(fd == UINT64_MAX ? -1 : (int)fd);
	if (once)
		rc = drain(&x, json);
	else
		serve(&x);
	if (x.hooks.progress)
		progress_end(&bar);
	g_ptr_array_free(x.domains, TRUE);
	if (!once)
		qa_log(QA_INFO, "event=index.end.ok");
	return rc;
}
