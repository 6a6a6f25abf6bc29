/*
 * Verifying beside a writer: whatever it is at, what was signed when the check began is found to be good. The writer here is
 * another process that commits, publishes, gives rounds up, opens anew, seals a month and files late entries into it.
 */
#include "archive/log.h"
#include "archive/sealer.h"
#include "archive/testing.h"
#include "archive/verify.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char first[600];

static void
seal(qa_month m)
{
	const struct qa_sealer s = {.home = test_home};
	struct qa_sealer_stats st = {0};

	MUST(qa_sealer_month(&s, TEST_DOMAIN, m, &st, &test_err) != 1);
}

/* The writer's work; `until` is readable when it is enough. */
static void
work(int until)
{
	uint64_t october = test_time(2026, 10, 9), november = test_time(2026, 11, 9);
	unsigned number = 1000;
	struct qa_writer *w;
	char c;

	for (unsigned turn = 1;; turn++) {
		MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
		for (unsigned i = 0; i < 6; i++) {
			test_commit(w, number, number + 5 + turn % 40, i % 3 ? november : october);
			number += 5 + turn % 40;
			if (i % 2)
				MUST(qa_writer_publish(w, &test_err));
		}
		/* a round that is given up when all of it was written */
		struct qa_syncset set;
		qa_syncset_init(&set);
		MUST(qa_writer_begin(w, QA_SECOND, &test_err));
		for (unsigned i = 0; i < 9; i++)
			MUST(test_add(w, i + 500000 + turn * 10, i % 2 ? november : october, 900, NULL) != 1);
		MUST(qa_writer_flush(w, &set, &test_err));
		qa_syncset_drop(&set);
		qa_writer_abort(w);
		test_commit(w, number, number + 1, november);
		number++;
		MUST(qa_writer_publish(w, &test_err));
		qa_writer_close(w);
		if (turn % 2 == 0)
			seal(qa_month_of(october));
		if (turn >= 4 && read(until, &c, 1) != -1)
			_exit(0);
	}
}

static void
found(void *ctx, enum qa_trouble t, const char *text)
{
	(void)ctx;
	if (t != QA_T_NOTE && !first[0])
		snprintf(first, sizeof first, "%s: %s", qa_trouble_name(t), text);
}

static int
verify(struct qa_verify_stats *st_r)
{
	struct qa_verify v = {.home = test_home, .domain = TEST_DOMAIN, .deep = true, .found = found};

	first[0] = 0;
	return qa_verify(&v, st_r, &test_err);
}

int
main(void)
{
	enum { LEAVES = 500, MOST = 20000 }; /* by then October was sealed four times */
	struct qa_verify_stats st;
	uint64_t leaves = 0;
	int until[2], status = 0, grew = 0, good = 0, times;

	test_begin();
	test_file(test_home, 0, 20, test_time(2026, 10, 9));
	OK(verify(&st) == 0 && st.leaves == 20);
	if (pipe2(until, O_NONBLOCK))
		return 99;
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		return 99;
	if (child == 0) {
		close(until[1]);
		work(until[0]);
	}
	close(until[0]);
	for (times = 0; (leaves < LEAVES || grew <= 10) && times < MOST && times - good < 5; times++) {
		int rc = verify(&st);

		good += rc == 0;
		if (rc)
			printf("# check %d, %llu leaves: %s\n", times, (unsigned long long)st.leaves,
			       rc < 0 ? test_err.text : first);
		grew += st.leaves > leaves;
		leaves = st.leaves;
	}
	OKF(good == times, "%d of %d checks beside a writer found nothing", good, times);
	OKF(grew > 10 && leaves >= LEAVES, "the log grew to %llu leaves between them, in %d steps",
	    (unsigned long long)leaves, grew);
	close(until[1]);
	OK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	OKF(verify(&st) == 0, "afterwards all is good (%s)", first);
	return test_end();
}
