#include "tests/crash/harness.h"
#include "tests/crash/steps.h"
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum fault { F_EIO, F_ENOSPC, F_EDQUOT, F_SHORT, F_READ, F_KILL, F_POWER, F_AGAIN, F_COUNT };

static const struct {
	const char *name;
	enum qa_sim_kind kind;
	int num;
} faults[F_COUNT] = {
    [F_EIO] = {"eio", QA_SIM_FAIL, EIO},          [F_ENOSPC] = {"enospc", QA_SIM_FULL, ENOSPC},
    [F_EDQUOT] = {"edquot", QA_SIM_FULL, EDQUOT}, [F_SHORT] = {"short", QA_SIM_SHORT, ENOSPC},
    [F_READ] = {"read", QA_SIM_READ, EIO},        [F_KILL] = {"kill", QA_SIM_KILL, 0},
    [F_POWER] = {"power", QA_SIM_NONE, 0},        [F_AGAIN] = {"again", QA_SIM_NONE, 0},
};

struct tally {
	unsigned long calls, runs, unreached, lost, duplicates, failed;
};

/* What the parent and its workers share about one operation. */
struct shared {
	struct tally tally[F_COUNT];
	unsigned long shown;
	bool stop;
};

/* One operation under test. */
struct test {
	const struct qa_crash_op *op;
	const char *program;
	struct qa_sim *base; /* the tree setup left */
	struct qa_sim *good; /* the trace of the run without faults */
	unsigned long calls, reads;
	unsigned char *after_ack; /* [n]: something was acknowledged just before call n */
	struct shared *shared;
	bool one; /* a single case: keep the tree, show the log */
};

/* One process that works off cases. */
struct worker {
	const struct test *t;
	struct qa_sim_disk *base, *good;
	unsigned long good_at;
	char root[400], log[400];
	struct qa_crash_found *found;
	const char *where; /* in the case at hand it went wrong first */
};

/* The case at hand, in the words of CRASH_ONE. */
struct one {
	enum fault fault;
	unsigned long n, seed;
};

static void
make_tree(struct worker *w, struct qa_sim_disk *disk, struct qa_sim_cut cut)
{
	struct qa_err err;

	crash_remove(w->root);
	if (qa_sim_disk_cut(disk, &cut, w->root, &err)) {
		errno = err.num;
		crash_stuck(err.text);
	}
}

static struct qa_sim *
watch(struct worker *w)
{
	struct qa_err err;
	struct qa_sim *sim = qa_sim_new(w->root, &err);

	if (!sim)
		crash_stuck(err.text);
	return sim;
}

static struct crash_run
run_of(struct worker *w, struct qa_crash_acks acks)
{
	return (struct crash_run){
	    .op = w->t->op, .root = w->root, .log = w->log, .acks = acks, .found = w->found};
}

static bool
wrong(const struct worker *w)
{
	return w->found->lost || w->found->duplicates || w->found->wrong;
}

/* Tells once where the first thing went wrong. */
static void
locate(struct worker *w, const char *where)
{
	if (wrong(w) && !w->where)
		w->where = where;
}

static void
verify(struct worker *w, struct crash_run *r, const char *where)
{
	if (crash_step(r, STEP_VERIFY) > 0)
		qa_crash_wrong(w->found, "verify could not look");
	locate(w, where);
}

static void
recover_and_verify(struct worker *w, struct qa_crash_acks acks, const char *where)
{
	struct crash_run r = run_of(w, acks);

	int rc = crash_step(&r, STEP_RECOVER);
	if (rc > 0)
		qa_crash_wrong(w->found, "recovery failed");
	if (rc == 0)
		verify(w, &r, where);
	locate(w, where);
}

/* Sets the tree that the operation left aside, and puts it back. */
static void
keep_as(struct worker *w, bool aside)
{
	char other[sizeof w->root + 8];

	snprintf(other, sizeof other, "%s.kept", w->root);
	crash_remove(aside ? other : w->root);
	if (aside ? rename(w->root, other) : rename(other, w->root))
		crash_stuck("cannot set a tree aside");
}

static struct qa_crash_acks
acks_of(const struct qa_sim_disk *d)
{
	struct qa_crash_acks a;

	a.v = qa_sim_disk_notes(d, &a.n);
	return a;
}

static struct qa_sim_cut
cut_of(unsigned long n, unsigned long seed)
{
	if (seed == 0)
		return (struct qa_sim_cut){QA_SIM_DROP, 0};
	return (struct qa_sim_cut){seed % 2 ? QA_SIM_SOME : QA_SIM_ROUGH, n * 1000 + seed};
}

static void
power(struct worker *w, const struct one *c)
{
	if (w->good && w->good_at > c->n) { /* a disk goes forward only */
		qa_sim_disk_free(w->good);
		w->good = NULL;
	}
	if (!w->good)
		w->good = qa_sim_disk_new(w->t->good);
	qa_sim_disk_to(w->good, c->n);
	w->good_at = c->n;
	struct qa_crash_acks acks = acks_of(w->good);
	make_tree(w, w->good, cut_of(c->n, c->seed));
	if (c->fault == F_POWER) {
		recover_and_verify(w, acks, "after the power cut");
		return;
	}
	/* again: the recovery is watched, and the power cut somewhere in it */
	struct qa_sim *sim = watch(w);
	struct crash_run r = run_of(w, acks);
	r.sim = sim;
	if (crash_step(&r, STEP_RECOVER) > 0)
		qa_crash_wrong(w->found, "the first recovery failed");
	struct qa_sim_disk *d = qa_sim_disk_new(sim);
	unsigned long calls = qa_sim_calls(sim);
	qa_sim_disk_to(d, 1 + (c->n * 7919 + c->seed * 104729) % (calls + 1));
	make_tree(w, d, cut_of(c->n, c->seed));
	recover_and_verify(w, acks, "after a power cut in the recovery");
	qa_sim_disk_free(d);
	qa_sim_free(sim);
}

/* The operation runs with a fault in it; then the tree as it is, and as later power cuts leave it. Returns
 * whether the fault was met. */
static bool
failing(struct worker *w, const struct one *c)
{
	struct qa_sim_fault fault = {faults[c->fault].kind, c->n, faults[c->fault].num};

	make_tree(w, w->base, (struct qa_sim_cut){QA_SIM_ALL, 0});
	struct qa_sim *sim = watch(w);
	struct crash_run r = run_of(w, (struct qa_crash_acks){0});
	r.sim = sim;
	r.fault = &fault;
	crash_step(&r, STEP_WORK);
	bool struck = qa_sim_struck(sim);
	unsigned long calls = qa_sim_calls(sim);
	struct qa_sim_disk *d = qa_sim_disk_new(sim);
	if (c->fault != F_KILL && struck) {
		unsigned long from = c->fault == F_READ || c->n > calls ? 1 : c->n;

		keep_as(w, true);
		qa_sim_disk_to(d, from + 1 + (c->n * 7919 + c->seed) % (calls + 1 - from + 1));
		make_tree(w, d, cut_of(c->n, c->seed + 1));
		recover_and_verify(w, acks_of(d), "after a power cut later");
		qa_sim_disk_to(d, ULONG_MAX);
		make_tree(w, d, cut_of(c->n, 0));
		recover_and_verify(w, acks_of(d), "after a power cut at the end");
		keep_as(w, false);
	}
	/* The programs start again without the machine doing so: what was not synced is still not. */
	r = run_of(w, (struct qa_crash_acks){0});
	r.sim = sim;
	if (crash_step(&r, STEP_RECOVER) > 0)
		qa_crash_wrong(w->found, "recovery failed");
	qa_sim_disk_to(d, ULONG_MAX);
	r.acks = acks_of(d);
	r.sim = NULL;
	verify(w, &r, "after a restart");
	make_tree(w, d, cut_of(c->n, 0));
	recover_and_verify(w, acks_of(d), "after a restart, then a power cut");
	qa_sim_disk_free(d);
	qa_sim_free(sim);
	return struck;
}

static void
show_log(FILE *out, const char *path)
{
	char line[1000];
	FILE *f = fopen(path, "r");

	for (int i = 0; f && i < 40 && fgets(line, sizeof line, f); i++)
		fprintf(out, "#   | %s%s", line, strchr(line, '\n') ? "" : "\n");
	if (f)
		fclose(f);
}

static void
told_path(enum fault f, char path[400])
{
	snprintf(path, 400, "%s/told.%s", crash_scratch(), faults[f].name);
}

/* Prints, below the failed line of the fault, what the workers told of its failures. */
static void
show_told(enum fault fault)
{
	char path[400], line[1200];

	told_path(fault, path);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		fputs(line, stdout);
	if (f)
		fclose(f);
	unlink(path);
}

/* Tells how to get this failure again, for show_told: in one write, as other workers do the same. */
static void
report(const struct worker *w, const struct one *c)
{
	const struct test *t = w->t;
	const struct qa_crash_found *f = w->found;
	unsigned long call = c->fault == F_READ ? 0 : c->n;
	char *text = NULL;
	size_t n = 0;

	if (__atomic_fetch_add(&t->shared->shown, 1, __ATOMIC_RELAXED) >= 10 && !t->one)
		return;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		crash_stuck("no memory");
	fprintf(out, "# CRASH_ONE=%s:%s:%lu:%lu %s\n", t->op->name, faults[c->fault].name, c->n, c->seed,
	        t->program);
	fprintf(out, "#   before %s %lu (%s %s): %lu lost, %lu twice, %lu wrong: %s (%s)\n",
	        c->fault == F_READ ? "read" : "call", c->n,
	        call > t->calls ? "the end" : qa_sim_call_name(t->good, call),
	        call > t->calls ? "" : qa_sim_call_path(t->good, call), f->lost, f->duplicates, f->wrong,
	        f->text, w->where ? w->where : "at work");
	show_log(out, w->log);
	if (t->one)
		fprintf(out, "#   the tree: %s\n", w->root);
	fclose(out);
	char path[400];
	told_path(c->fault, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		crash_stuck(path);
	close(fd);
	free(text);
}

static void
run_case(struct worker *w, const struct one *c)
{
	struct tally *sum = &w->t->shared->tally[c->fault];
	struct qa_crash_found *f = w->found;
	bool met = true;

	memset(f, 0, sizeof *f);
	w->where = NULL;
	unlink(w->log);
	if (c->fault == F_POWER || c->fault == F_AGAIN)
		power(w, c);
	else
		met = failing(w, c);
	__atomic_fetch_add(&sum->runs, 1, __ATOMIC_RELAXED);
	if (!met)
		__atomic_fetch_add(&sum->unreached, 1, __ATOMIC_RELAXED);
	if (!wrong(w))
		return;
	__atomic_fetch_add(&sum->failed, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sum->lost, f->lost, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sum->duplicates, f->duplicates, __ATOMIC_RELAXED);
	report(w, c);
	if (crash_env("CRASH_STOP", 0))
		w->t->shared->stop = true;
}

/* Whether FAULT means anything at call n. */
static bool
applies(const struct test *t, enum fault fault, unsigned long n)
{
	switch (fault) {
	case F_ENOSPC:
	case F_EDQUOT:
		return qa_sim_takes(t->good, n);
	case F_SHORT:
		return qa_sim_writes(t->good, n);
	default:
		return true;
	}
}

static bool
listed(const char *list, const char *fault)
{
	size_t n = strlen(fault);

	for (const char *p = list; (p = strstr(p, fault)); p++)
		if ((p == list || p[-1] == ',') && (p[n] == 0 || p[n] == ','))
			return true;
	return false;
}

static bool
wanted(const struct qa_crash_op *op, const char *fault)
{
	const char *list = getenv("CRASH_FAULTS");

	if (op->faults && !listed(op->faults, fault))
		return false;
	if (list && *list)
		return listed(list, fault);
	return strcmp(fault, "edquot") != 0; /* as enospc, only the number differs */
}

/* Whether n is in a list like "3-10,40-52"; an empty list has all. */
static bool
in_ranges(const char *list, unsigned long n)
{
	unsigned long from, to;
	int used;

	if (!list || !*list)
		return true;
	for (const char *p = list; sscanf(p, "%lu-%lu%n", &from, &to, &used) == 2; p++) {
		if (n >= from && n <= to)
			return true;
		p += used;
		if (*p != ',')
			break;
	}
	return false;
}

/* Calls to try: all, or a part of them when there are many. A power cut is also tried after the last call. */
static bool
chosen(const struct test *t, enum fault fault, unsigned long n)
{
	bool ci = getenv("CRASH_SIZE") && strcmp(getenv("CRASH_SIZE"), "ci") == 0;
	unsigned long most = crash_env("CRASH_MOST", ci ? 150 : 600);
	unsigned long every = crash_env("CRASH_EVERY", 1), all = fault == F_READ ? t->reads : t->calls;

	if (!in_ranges(getenv("CRASH_CALLS"), n))
		return false;
	if (all > most && all / most + 1 > every)
		every = all / most + 1;
	if (fault == F_POWER && (n > t->calls || t->after_ack[n]) && every < 20)
		return true;
	return n % every == 1 % every;
}

/* Works off every PARTS-th case. */
static void
work_off(struct worker *w, unsigned long part, unsigned long parts)
{
	const struct test *t = w->t;
	bool ci = getenv("CRASH_SIZE") && strcmp(getenv("CRASH_SIZE"), "ci") == 0;
	unsigned long seeds = crash_env("CRASH_SEEDS", ci ? 2 : 4), turn = 0;

	/* power first: it finds most, and quickest */
	static const enum fault order[] = {F_POWER,  F_KILL,  F_EIO,  F_ENOSPC,
	                                   F_EDQUOT, F_SHORT, F_READ, F_AGAIN};
	for (size_t i = 0; i < F_COUNT; i++) {
		enum fault fault = order[i];
		unsigned long last = fault == F_READ                        ? (t->op->reads ? t->reads : 0)
		                     : fault == F_POWER || fault == F_AGAIN ? t->calls + 1
		                                                            : t->calls;
		if (!wanted(t->op, faults[fault].name) || (fault == F_AGAIN && !t->op->recover))
			continue;
		for (unsigned long n = 1; n <= last; n++) {
			if (!chosen(t, fault, n) || !applies(t, fault, n) || turn++ % parts != part)
				continue;
			__atomic_fetch_add(&t->shared->tally[fault].calls, 1, __ATOMIC_RELAXED);
			for (unsigned long s = 0; s < (fault == F_POWER ? seeds : 1); s++) {
				if (t->shared->stop)
					return;
				run_case(w, &(struct one){fault, n, fault == F_AGAIN ? n % 3 : s});
			}
		}
	}
}

static void
worker_open(struct worker *w, const struct test *t, unsigned long number)
{
	memset(w, 0, sizeof *w);
	w->t = t;
	w->base = qa_sim_disk_new(t->base);
	w->found = crash_shared(sizeof *w->found);
	snprintf(w->root, sizeof w->root, "%s/%lu", crash_scratch(), number);
	snprintf(w->log, sizeof w->log, "%s/%lu.log", crash_scratch(), number);
}

/* setup, then one run in which nothing fails. */
static bool
rehearse(struct test *t)
{
	struct worker w;
	struct qa_err err;
	char base[400];
	size_t notes;

	snprintf(base, sizeof base, "%s/base", crash_scratch());
	crash_remove(base);
	if (mkdir(base, 0755))
		crash_stuck(base);
	snprintf(w.log, sizeof w.log, "%s/base.log", crash_scratch());
	struct qa_crash_found *found = crash_shared(sizeof *found);
	struct crash_run r = {.op = t->op, .root = base, .log = w.log, .found = found};
	bool good = crash_step(&r, STEP_SETUP) == 0;
	if (!OKF(good, "%s: set up %s", t->op->name, found->text)) {
		show_log(stdout, w.log);
		return false;
	}
	if (!(t->base = qa_sim_new(base, &err)))
		crash_stuck(err.text);
	worker_open(&w, t, 0);
	make_tree(&w, w.base, (struct qa_sim_cut){QA_SIM_ALL, 0});
	t->good = watch(&w);
	r = run_of(&w, (struct qa_crash_acks){0});
	r.sim = t->good;
	good = crash_step(&r, STEP_WORK) == 0;
	t->calls = qa_sim_calls(t->good);
	t->reads = qa_sim_reads(t->good);
	struct qa_sim_disk *d = qa_sim_disk_new(t->good);
	qa_sim_disk_to(d, ULONG_MAX);
	qa_sim_disk_notes(d, &notes);
	if (good)
		recover_and_verify(&w, acks_of(d), "nothing had failed");
	qa_sim_disk_free(d);
	good = good && !wrong(&w);
	if (!OKF(good, "%s: without faults: %lu calls, %lu reads, %zu acknowledged %s", t->op->name, t->calls,
	         t->reads, notes, w.found->text))
		show_log(stdout, w.log);
	else
		good =
		    OKF(notes > 0 && t->calls > 0, "%s: promises something and does something", t->op->name);
	qa_sim_disk_free(w.base);
	return good;
}

static void
find_acks(struct test *t)
{
	struct qa_sim_disk *d = qa_sim_disk_new(t->good);
	size_t before = 0, n;

	t->after_ack = calloc(t->calls + 2, 1);
	if (!t->after_ack)
		crash_stuck("no memory");
	for (unsigned long call = 1; call <= t->calls + 1; call++, before = n) {
		qa_sim_disk_to(d, call);
		qa_sim_disk_notes(d, &n);
		t->after_ack[call] = n > before;
	}
	qa_sim_disk_free(d);
}

static void
results(const struct test *t)
{
	const char *path = getenv("CRASH_RESULTS");

	for (enum fault f = 0; f < F_COUNT; f++) {
		const struct tally *s = &t->shared->tally[f];

		if (!s->runs)
			continue;
		if (!OKF(s->failed == 0,
		         "%s: %s: %lu calls, %lu runs, %lu not reached: %lu lost, %lu twice, %lu failed", t->op->name,
		         faults[f].name, s->calls, s->runs, s->unreached, s->lost, s->duplicates, s->failed))
			show_told(f);
		FILE *out = path && *path && !t->one ? fopen(path, "a") : NULL;
		if (!out)
			continue;
		fprintf(out, "%s\t%s\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\t%s\n", t->op->name, faults[f].name,
		        t->calls, s->calls, s->runs, s->lost, s->duplicates, s->failed,
		        t->op->promise ? t->op->promise : "");
		fclose(out);
	}
}

static void
all_cases(struct test *t)
{
	unsigned long jobs = crash_env("CRASH_JOBS", 2);
	struct worker w;

	fflush(NULL);
	for (unsigned long i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			crash_stuck("cannot fork");
		if (pid > 0)
			continue;
		worker_open(&w, t, i + 1);
		work_off(&w, i, jobs);
		fflush(NULL);
		_exit(0);
	}
	for (unsigned long i = 0; i < jobs; i++) {
		int status;

		if (wait(&status) < 0)
			crash_stuck("cannot wait");
		OKF(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: worker %lu came to its end",
		    t->op->name, i + 1);
	}
}

/* CRASH_ONE=OP:FAULT:N[:SEED]: whether it failed, so that the tree is worth keeping. */
static bool
one_case(struct test *t, const char *text)
{
	size_t n = strlen(t->op->name);
	char fault[20];
	struct one c = {F_COUNT, 0, 0};
	struct worker w;

	if (strncmp(text, t->op->name, n) != 0 || text[n] != ':')
		return false;
	if (sscanf(text + n + 1, "%19[a-z]:%lu:%lu", fault, &c.n, &c.seed) >= 2)
		for (c.fault = 0; c.fault < F_COUNT && strcmp(faults[c.fault].name, fault) != 0;)
			c.fault++;
	if (c.fault == F_COUNT || !c.n) {
		errno = EINVAL;
		crash_stuck("CRASH_ONE=OP:FAULT:N[:SEED]");
	}
	t->one = true;
	worker_open(&w, t, 1);
	run_case(&w, &c);
	return wrong(&w);
}

static bool
asked_for(int argc, char **argv, const char *name)
{
	const char *one = getenv("CRASH_ONE");
	size_t n = strlen(name);

	if (one && *one)
		return strncmp(one, name, n) == 0 && one[n] == ':';
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

int
qa_crash_main(int argc, char **argv, const struct qa_crash_op *op, size_t n)
{
	const char *one = getenv("CRASH_ONE");
	bool keep = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < n; i++) {
		struct test t = {.op = &op[i], .program = argv[0]};

		if (!asked_for(argc, argv, op[i].name))
			continue;
		t.shared = crash_shared(sizeof *t.shared);
		if (rehearse(&t)) {
			find_acks(&t);
			if (one && *one)
				keep = one_case(&t, one);
			else
				all_cases(&t);
			results(&t);
			free(t.after_ack);
		}
		qa_sim_free(t.good);
		qa_sim_free(t.base);
		if (t.shared->stop)
			break;
	}
	if (!keep)
		crash_scratch_end();
	return done();
}
