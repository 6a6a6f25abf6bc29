/*
 * A folder of the test's own: tmp_make() makes one under $TMPDIR or /tmp and returns its
 * path; it is removed with all that is in it when the process that made it exits.
 */
#ifndef QA_TESTS_TMP_H
#define QA_TESTS_TMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char tmp_path[512];
static pid_t tmp_owner;

static int
tmp_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)ftw;
	return flag == FTW_DP ? rmdir(path) : unlink(path);
}

static void
tmp_remove(void)
{
	if (getpid() == tmp_owner)
		nftw(tmp_path, tmp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

__attribute__((unused)) static const char *
tmp_make(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(tmp_path, sizeof tmp_path, "%s/qa-test.XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(tmp_path)) {
		perror(tmp_path);
		exit(2);
	}
	tmp_owner = getpid();
	atexit(tmp_remove);
	return tmp_path;
}

#endif
