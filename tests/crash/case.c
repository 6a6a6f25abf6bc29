/* One run of an operation: without faults, or with the one of a case; then the recovery, and what is left is compared. */
#include "tests/crash/case.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct crash_fault_kind crash_faults[F_COUNT] = {
    [F_EIO] = {"eio", QA_SIM_FAIL, EIO},          [F_ENOSPC] = {"enospc", QA_SIM_FULL, ENOSPC},
    [F_EDQUOT] = {"edquot", QA_SIM_FULL, EDQUOT}, [F_SHORT] = {"short", QA_SIM_SHORT, ENOSPC},
    [F_READ] = {"read", QA_SIM_READ, EIO},        [F_KILL] = {"kill", QA_SIM_KILL, 0},
    [F_POWER] = {"power", QA_SIM_NONE, 0},        [F_AGAIN] = {"again", QA_SIM_NONE, 0},
};

static void
make_tree(struct crash_worker *w, struct qa_sim_disk *disk, struct qa_sim_cut cut)
{
	struct qa_err err;

	crash_remove(w->root);
	if (qa_sim_disk_cut(disk, &cut, w->root, &err)) {
		errno = err.num;
		crash_stuck(err.text);
	}
}

static struct qa_sim *
watch(struct crash_worker *w)
{
	struct qa_err err;
	struct qa_sim *sim = qa_sim_new(w->root, &err);

	if (!sim)
		crash_stuck(err.text);
	return sim;
}

static struct crash_run
run_of(struct crash_worker *w, struct qa_crash_acks acks)
{
	return (struct crash_run){
	    .op = w->t->op, .root = w->root, .log = w->log, .acks = acks, .found = w->found};
}

bool
crash_went_wrong(const struct crash_worker *w)
{
	return w->found->lost || w->found->duplicates || w->found->wrong;
}

/* Tells once where the first thing went wrong. */
static void
locate(struct crash_worker *w, const char *where)
{
	if (crash_went_wrong(w) && !w->where)
		w->where = where;
}

static void
verify(struct crash_worker *w, struct crash_run *r, const char *where)
{
	if (crash_step(r, STEP_VERIFY) > 0)
		qa_crash_wrong(w->found, "verify could not look");
	locate(w, where);
}

static void
recover_and_verify(struct crash_worker *w, struct qa_crash_acks acks, const char *where)
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
keep_as(struct crash_worker *w, bool aside)
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
power(struct crash_worker *w, const struct crash_case *c)
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
failing(struct crash_worker *w, const struct crash_case *c)
{
	struct qa_sim_fault fault = {crash_faults[c->fault].kind, c->n, crash_faults[c->fault].num};

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

void
crash_worker_open(struct crash_worker *w, const struct crash_test *t, unsigned long number)
{
	memset(w, 0, sizeof *w);
	w->t = t;
	w->base = qa_sim_disk_new(t->base);
	w->found = crash_shared(sizeof *w->found);
	snprintf(w->root, sizeof w->root, "%s/%lu", crash_scratch(), number);
	snprintf(w->log, sizeof w->log, "%s/%lu.log", crash_scratch(), number);
}

bool
crash_setup(struct crash_test *t, struct crash_worker *w)
{
	struct qa_err err;

	*w = (struct crash_worker){.t = t, .found = crash_shared(sizeof *w->found)};
	snprintf(w->root, sizeof w->root, "%s/base", crash_scratch());
	snprintf(w->log, sizeof w->log, "%s/base.log", crash_scratch());
	crash_remove(w->root);
	if (mkdir(w->root, 0755))
		crash_stuck(w->root);
	struct crash_run r = run_of(w, (struct qa_crash_acks){0});
	if (crash_step(&r, STEP_SETUP))
		return false;
	if (!(t->base = qa_sim_new(w->root, &err)))
		crash_stuck(err.text);
	return true;
}

bool
crash_run_clean(struct crash_test *t, struct crash_worker *w, size_t *notes_r)
{
	crash_worker_open(w, t, 0);
	make_tree(w, w->base, (struct qa_sim_cut){QA_SIM_ALL, 0});
	t->good = watch(w);
	struct crash_run r = run_of(w, (struct qa_crash_acks){0});
	r.sim = t->good;
	bool good = crash_step(&r, STEP_WORK) == 0;
	t->calls = qa_sim_calls(t->good);
	t->reads = qa_sim_reads(t->good);
	struct qa_sim_disk *d = qa_sim_disk_new(t->good);
	qa_sim_disk_to(d, ULONG_MAX);
	qa_sim_disk_notes(d, notes_r);
	if (good)
		recover_and_verify(w, acks_of(d), "nothing had failed");
	qa_sim_disk_free(d);
	return good && !crash_went_wrong(w);
}

void
crash_case_run(struct crash_worker *w, const struct crash_case *c)
{
	struct crash_tally *sum = &w->t->shared->tally[c->fault];
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
	if (!crash_went_wrong(w))
		return;
	__atomic_fetch_add(&sum->failed, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sum->lost, f->lost, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sum->duplicates, f->duplicates, __ATOMIC_RELAXED);
	crash_report(w, c);
	if (crash_env("CRASH_STOP", 0))
		w->t->shared->stop = true;
}
