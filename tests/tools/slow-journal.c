/*
 * slow-journal: md_journal's loop on a disk that is slow or broken at will. Environment:
 *	QA_SLOW_MS	every fsync and fdatasync takes so much longer
 *	QA_SLOW_FILE	but only while this file exists
 *	QA_FAIL_FILE	while this file exists, every sync fails with the errno value it holds
 */
#include "base/log.h"
#include "qmail-archive/journald.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is to happen to a sync: 0, or -1 with errno. */
static int
trouble(void)
{
	const char *ms = getenv("QA_SLOW_MS"), *slow = getenv("QA_SLOW_FILE"), *fail = getenv("QA_FAIL_FILE");
	FILE *f = fail ? fopen(fail, "r") : NULL;
	int num = 0;

	if (f) {
		if (fscanf(f, "%d", &num) != 1)
			num = EIO;
		fclose(f);
		errno = num;
		return -1;
	}
	if (ms && (!slow || access(slow, F_OK) == 0)) {
		long n = strtol(ms, NULL, 10);
		struct timespec t = {n / 1000, n % 1000 * 1000000L};

		nanosleep(&t, NULL);
	}
	return 0;
}

static int
slow_fsync(int fd)
{
	return trouble() ? -1 : qa_sys_real.fsync(fd);
}

static int
slow_fdatasync(int fd)
{
	return trouble() ? -1 : qa_sys_real.fdatasync(fd);
}

int
main(int argc, char **argv)
{
	static struct qa_sys slow;
	struct qa_journald conf = {.home = getenv("MAILDEPOT_HOME"), .ready_fd = -1, .connections = 1000,
				   .preallocate = 4 << 20};
	struct qa_err err;

	slow = qa_sys_real;
	slow.fsync = slow_fsync;
	slow.fdatasync = slow_fdatasync;
	qa_sys = &slow;
	if (argc == 3 && strcmp(argv[1], "-d") == 0)
		conf.ready_fd = (int)strtol(argv[2], NULL, 10);
	qa_log_init("slow-journal", QA_LOG_STDERR);
	if (!conf.home || qa_journald_run(&conf, &err)) {
		fprintf(stderr, "slow-journal: %s\n", conf.home ? err.text : "MAILDEPOT_HOME is not set");
		return 111;
	}
	return 0;
}
