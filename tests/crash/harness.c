#include "tests/crash/harness.h"
#include "tests/crash/case.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Works off every PARTS-th case. */
static void
work_off(struct crash_worker *w, unsigned long part, unsigned long parts)
{
	const struct crash_test *t = w->t;
	bool ci = getenv("CRASH_SIZE") && strcmp(getenv("CRASH_SIZE"), "ci") == 0;
	unsigned long seeds = crash_env("CRASH_SEEDS", ci ? 2 : 4), turn = 0;

	/* power first: it finds most, and quickest */
	static const enum crash_fault order[] = {F_POWER,  F_KILL,  F_EIO,  F_ENOSPC,
	                                         F_EDQUOT, F_SHORT, F_READ, F_AGAIN};
	for (size_t i = 0; i < F_COUNT; i++) {
		enum crash_fault fault = order[i];
		unsigned long last = fault == F_READ                        ? (t->op->reads ? t->reads : 0)
		                     : fault == F_POWER || fault == F_AGAIN ? t->calls + 1
		                                                            : t->calls;
		if (!crash_fault_wanted(t->op, crash_faults[fault].name) || (fault == F_AGAIN && !t->op->recover))
			continue;
		for (unsigned long n = 1; n <= last; n++) {
			if (!crash_call_chosen(t, fault, n) || turn++ % parts != part)
				continue;
			__atomic_fetch_add(&t->shared->tally[fault].calls, 1, __ATOMIC_RELAXED);
			for (unsigned long s = 0; s < (fault == F_POWER ? seeds : 1); s++) {
				if (t->shared->stop)
					return;
				crash_case_run(w, &(struct crash_case){fault, n, fault == F_AGAIN ? n % 3 : s});
			}
		}
	}
}

/* setup, then one run in which nothing fails. */
static bool
rehearse(struct crash_test *t)
{
	struct crash_worker w;
	size_t notes;

	bool good = crash_setup(t, &w);
	if (!OKF(good, "%s: set up %s", t->op->name, w.found->text)) {
		crash_show_log(stdout, w.log);
		return false;
	}
	good = crash_run_clean(t, &w, &notes);
	if (!OKF(good, "%s: without faults: %lu calls, %lu reads, %zu acknowledged %s", t->op->name, t->calls,
	         t->reads, notes, w.found->text))
		crash_show_log(stdout, w.log);
	else
		good =
		    OKF(notes > 0 && t->calls > 0, "%s: promises something and does something", t->op->name);
	qa_sim_disk_free(w.base);
	return good;
}

static void
find_acks(struct crash_test *t)
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
results(const struct crash_test *t)
{
	const char *path = getenv("CRASH_RESULTS");

	for (enum crash_fault f = 0; f < F_COUNT; f++) {
		const struct crash_tally *s = &t->shared->tally[f];

		if (!s->runs)
			continue;
		if (!OKF(s->failed == 0,
		         "%s: %s: %lu calls, %lu runs, %lu not reached: %lu lost, %lu twice, %lu failed", t->op->name,
		         crash_faults[f].name, s->calls, s->runs, s->unreached, s->lost, s->duplicates, s->failed))
			crash_show_told(f);
		FILE *out = path && *path && !t->one ? fopen(path, "a") : NULL;
		if (!out)
			continue;
		fprintf(out, "%s\t%s\t%lu\t%lu\t%lu\t%lu\t%lu\t%lu\t%s\n", t->op->name, crash_faults[f].name,
		        t->calls, s->calls, s->runs, s->lost, s->duplicates, s->failed,
		        t->op->promise ? t->op->promise : "");
		fclose(out);
	}
}

static void
all_cases(struct crash_test *t)
{
	unsigned long jobs = crash_env("CRASH_JOBS", 2);
	struct crash_worker w;

	fflush(NULL);
	for (unsigned long i = 0; i < jobs; i++) {
		pid_t pid = fork();

		if (pid < 0)
			crash_stuck("cannot fork");
		if (pid > 0)
			continue;
		crash_worker_open(&w, t, i + 1);
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
one_case(struct crash_test *t, const char *text)
{
	size_t n = strlen(t->op->name);
	char fault[20];
	struct crash_case c = {F_COUNT, 0, 0};
	struct crash_worker w;

	if (strncmp(text, t->op->name, n) != 0 || text[n] != ':')
		return false;
	if (sscanf(text + n + 1, "%19[a-z]:%lu:%lu", fault, &c.n, &c.seed) >= 2)
		for (c.fault = 0; c.fault < F_COUNT && strcmp(crash_faults[c.fault].name, fault) != 0;)
			c.fault++;
	if (c.fault == F_COUNT || !c.n) {
		errno = EINVAL;
		crash_stuck("CRASH_ONE=OP:FAULT:N[:SEED]");
	}
	t->one = true;
	crash_worker_open(&w, t, 1);
	crash_case_run(&w, &c);
	return crash_went_wrong(&w);
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
		struct crash_test t = {.op = &op[i], .program = argv[0]};

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
