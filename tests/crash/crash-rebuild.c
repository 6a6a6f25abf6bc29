/* A log whose edge is missing or damaged is made again from the store: nothing that was committed goes. */
#include "archive/home.h"
#include "sys/sys.h"
#include "tests/crash/depot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
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
	       unlinkat(at->fd, "domain/a.example/log/checkpoint", 0) ||
	       renameat(at->fd, "domain/a.example/log/tile", at->fd, "old-tile");
}

/* log-rebuild-tail: entries that a writer left in memory when it was killed, before its sync, are found by a rebuild. */
static int
die_now(int fd)
{
	(void)fd;
	_exit(0);
}

static int
tail_work(const struct qa_crash_at *at)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct qa_sys dying = *qa_sys;

		dying.fdatasync = dying.syncfs = die_now;
		qa_sys = &dying;
		_exit(depot_drain(at) ? 1 : 2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (qa_sys->unlinkat(at->fd, "domain/a.example/log/edge", 0) ||
	    qa_fsync_dir(at->fd, "domain/a.example/log", NULL))
		return -1;
	return depot_drain(at);
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
     .promise = "the same when checkpoint and tiles are lost as well"},
    {.name = "log-rebuild-kept", .setup = gone_setup, .work = depot_drain, .verify = depot_kept,
     .promise = "the checkpoint and its tiles are there, without another run"},
    {.name = "log-rebuild-tail", .setup = fill, .work = tail_work, .recover = depot_drain, .verify = verify,
     .promise = "the same, with entries whose writer was killed before its sync"},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, ops, sizeof ops / sizeof *ops);
}
