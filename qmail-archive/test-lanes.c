/* Batches on a quick disk, on a slow one, side by side, and failing: which are done, and when another may be sent. */
#include "qmail-archive/lanes.h"
#include "qmail-archive/claims.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

enum mode { QUICK, SLOW, HELD, BROKEN };
static _Atomic enum mode mode;
static _Atomic unsigned entered; /* syncs that are held, or were */
static sem_t inside, leave[8];

static int
sync_it(int fd)
{
	struct timespec ms3 = {0, 3000000};
	enum mode now = mode;
	unsigned turn;

	switch (now) {
	case SLOW:
		nanosleep(&ms3, NULL);
		break;
	case HELD:
		turn = entered++;
		sem_post(&inside);
		sem_wait(&leave[turn]);
		break;
	case BROKEN:
		errno = EIO;
		return -1;
	case QUICK:
		break;
	}
	(void)fd; /* a disk under test is neither quick nor slow at will */
	return 0;
}

static struct qa_lanes *lanes;

/* One record more, which WHO waits for, in the batch that gathers; then it is sent if it may. */
static void
put(const char *who)
{
	static struct qa_buf fields = QA_BUF(0);
	struct qa_request r = {.fd = -1};
	struct qa_err err;

	qa_buf_clear(&fields);
	memcpy(r.id.b, who, strlen(who));
	if (qa_claims_capture(&fields, &r.id, QA_MESSAGE, QA_QUEUE, "host"))
		exit(2);
	r.fields = qa_buf_span(&fields);
	r.head.fields = fields.n;
	r.head.digest = qa_sha256_of(qa_span_of(NULL, 0));
	if (qa_batch_add(qa_lanes_gathering(lanes), &r, (void *)(uintptr_t)who, &err))
		exit(2);
	qa_lanes_send(lanes);
}

/* Who was in the batch that is done, "-" for none, and the status. */
static const char *
finished(bool wait, int *status_r)
{
	struct qa_err err;
	struct qa_batch *b = qa_lanes_done(lanes, wait, status_r, &err);
	const char *who = b ? b->v[0].who : "-";

	if (b)
		qa_lanes_reuse(lanes, b);
	return who;
}

static unsigned
files(const char *folder)
{
	struct qa_names names;
	struct qa_err err;
	unsigned n = 0;

	if (qa_listdir(AT_FDCWD, folder, &names, &err))
		exit(2);
	for (size_t i = 0; i < names.n; i++)
		n += names.v[i][0] != '.';
	qa_names_free(&names);
	return n;
}

int
main(void)
{
	static struct qa_sys own;
	struct qa_err err;
	int status;

	const char *folder = tmp_make();

	own = qa_sys_real;
	own.fdatasync = sync_it;
	qa_sys = &own;
	if (sem_init(&inside, 0, 0))
		return 2;
	for (size_t i = 0; i < 8; i++)
		if (sem_init(&leave[i], 0, 0))
			return 2;
	OKF(qa_lanes_open(folder, 0, &lanes, &err) == 0, "opened");
	struct qa_lanes *second;
	OKF(qa_lanes_open(folder, 0, &second, &err) == -1, "not twice");
	put("before");
	OKF(strcmp(finished(false, &status), "before") == 0, "before the start a batch is written in place");
	qa_lanes_start(lanes);
	for (int i = 0; i < 20; i++) {
		put("quick");
		if (strcmp(finished(true, &status), "quick") != 0 || status)
			break;
	}
	OKF(status == 0, "on a quick disk too");
	OKF(files(folder) == 1, "into one file");
	OKF(!qa_lanes_busy(lanes), "then nothing is under way");

	mode = SLOW;
	for (int i = 0; i < 40; i++) {
		put("slow");
		if (strcmp(finished(true, &status), "slow") != 0 || status)
			break;
	}
	OKF(status == 0, "on a slow disk");
	OKF(files(folder) == 1, "one after the other need no second file");

	mode = HELD;
	put("a");
	sem_wait(&inside);
	put("b");
	sem_wait(&inside);
	OKF(strcmp(finished(false, &status), "-") == 0, "two syncs are under way, none is done");
	sem_post(&leave[1]);
	OKF(strcmp(finished(true, &status), "b") == 0, "the second is not held up by the first");
	put("c");
	sem_wait(&inside);
	put("d");
	sem_wait(&inside);
	put("e");
	OKF(qa_lanes_gathering(lanes)->n == 1, "three at a time; a fourth gathers");
	mode = QUICK;
	sem_post(&leave[0]);
	OKF(strcmp(finished(true, &status), "a") == 0, "the first");
	qa_lanes_send(lanes);
	OKF(strcmp(finished(true, &status), "e") == 0, "makes room");
	sem_post(&leave[2]);
	OKF(strcmp(finished(true, &status), "c") == 0, "the third");
	sem_post(&leave[3]);
	OKF(strcmp(finished(true, &status), "d") == 0, "the fourth");
	OKF(!qa_lanes_busy(lanes), "all done");

	mode = BROKEN;
	put("f");
	OKF(strcmp(finished(true, &status), "f") == 0, "a sync that fails");
	OKF(status == EIO, "is told");
	mode = QUICK;
	unsigned before = files(folder);
	put("g");
	OKF(strcmp(finished(true, &status), "g") == 0, "the next one");
	OKF(status == 0, "is good");
	OKF(files(folder) == before + 1, "in another file");
	put("h");
	qa_lanes_close(lanes);
	return done();
}
