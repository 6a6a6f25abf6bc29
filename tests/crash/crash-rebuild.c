/* A log whose edge is missing or damaged is made again from the store: nothing that was committed goes. */
#include "archive/home.h"
#include "sys/sys.h"
#include "tests/crash/depot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = DEPOT_TILE, WAITING = 5 };

/* Enough for a full tile; some more wait in the journal. */
static int
fill(const struct qa_crash_at *at)
{
	return depot_home(at) || depot_journal(at, 0, RECORDS - WAITING, 1000) || depot_drain(at) ||
	       depot_journal(at, RECORDS - WAITING, RECORDS, 1000);
}

static int
missing_setup(const struct qa_crash_at *at)
{
	return fill(at) || unlinkat(at->fd, "domain/a.example/log/edge", 0) ||
	       unlinkat(at->fd, "domain/b.example/log/edge", 0);
}

static int
damaged_setup(const struct qa_crash_at *at)
{
	int fd, rc = fill(at);

	if (rc)
		return rc;
	fd = openat(at->fd, "domain/a.example/log/edge", O_RDWR | O_CLOEXEC);
	rc = fd < 0 || pwrite(fd, "X", 1, 130) != 1;
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Nothing of the log is left but its key: the store alone has to do. */
static int
gone_setup(const struct qa_crash_at *at)
{
	return fill(at) || unlinkat(at->fd, "domain/a.example/log/edge", 0) ||
	       unlinkat(at->fd, "domain/a.example/log/checkpoint", 0);
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	depot_compare(at, acks, found, RECORDS, 0);
	return 0;
}

static const struct qa_crash_op ops[] = {
    {.name = "log-rebuild", .setup = missing_setup, .work = depot_drain, .recover = depot_drain, .verify = verify,
     .promise = "every entry is there, under the log that was signed"},
    {.name = "log-rebuild-damaged", .setup = damaged_setup, .work = depot_drain, .recover = depot_drain, .verify = verify,
     .promise = "the same after damage"},
    {.name = "log-rebuild-gone", .setup = gone_setup, .work = depot_drain, .recover = depot_drain, .verify = verify,
     .promise = "the same when the checkpoint is lost as well"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
