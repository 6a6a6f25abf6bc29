/* Paths of an instance and the folders of a domain. */
#include "archive/home.h"
#include "archive/testing.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static struct qa_sys table;
static long calls, fail_at;

static int
failing_fsync(int fd)
{
	if (++calls == fail_at) {
		errno = EIO;
		return -1;
	}
	return qa_sys_real.fsync(fd);
}

static int
failing_mkdirat(int dirfd, const char *path, mode_t mode)
{
	if (++calls == fail_at) {
		errno = ENOSPC;
		return -1;
	}
	return qa_sys_real.mkdirat(dirfd, path, mode);
}

static void
test_path(void)
{
	char out[QA_PATH_MAX], home[QA_PATH_MAX + 10];
	struct qa_err err = {0};

	OK(qa_home_path(out, "/h", &err, QA_HOME_LOG "/edge", "a.example") == 0 &&
	   strcmp(out, "/h/domain/a.example/log/edge") == 0);
	OK(qa_home_path(out, "/h", &err, QA_HOME_KEY, "a.example") == 0 &&
	   strcmp(out, "/h/domain/a.example/etc/md_authenticity.conf") == 0);
	OK(qa_home_path(out, "rel", &err, "x%d", 7) == 0 && strcmp(out, "rel/x7") == 0);
	/* home, slash, one letter and the NUL fill it exactly */
	memset(home, 'h', sizeof home);
	home[QA_PATH_MAX - 3] = 0;
	OK(qa_home_path(out, home, &err, "x") == 0 && strlen(out) == QA_PATH_MAX - 1);
	OKF(qa_home_path(out, home, &err, "xy") == -1 && errno == ENAMETOOLONG && err.num == ENAMETOOLONG,
	    "one byte more is too long: %.40s...", err.text);
	home[QA_PATH_MAX - 3] = 'h';
	home[QA_PATH_MAX + 5] = 0;
	OKF(qa_home_path(out, home, &err, "x") == -1 && errno == ENAMETOOLONG, "a home that is too long by itself");
	OKF(qa_home_path(out, "/h", NULL, "%0999d", 1) == -1, "an error without a place for it");
}

static int
mode_of(const char *name)
{
	char path[QA_PATH_MAX];
	struct stat st;

	MUST(qa_home_path(path, test_home, &test_err, "domain/" TEST_DOMAIN "/%s", name));
	return stat(path, &st) || !S_ISDIR(st.st_mode) ? -1 : (int)(st.st_mode & 0777);
}

static void
test_domain(void)
{
	char path[QA_PATH_MAX];
	struct qa_err err = {0};
	int again = 0;

	umask(0);
	OK(qa_home_domain(test_home, TEST_DOMAIN, &err) == 0);
	OKF(mode_of("etc") == 0700, "nobody else looks at keys: %o", (unsigned)mode_of("etc"));
	OK(mode_of("depot") == 0750 && mode_of("log") == 0755 && mode_of("var") == 0750 && mode_of("var/pending") == 0750);
	OKF(qa_home_domain(test_home, TEST_DOMAIN, &err) == 0 && mode_of("etc") == 0700, "a second time it is as it was");
	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_VAR "/pending", TEST_DOMAIN));
	rmdir(path);
	OKF(qa_home_domain(test_home, TEST_DOMAIN, &err) == 0 && mode_of("var/pending") == 0750, "what is missing is made");

	rmdir(path);
	FILE *f = fopen(path, "w");
	if (!f || fclose(f))
		exit(99);
	OKF(qa_home_domain(test_home, TEST_DOMAIN, &err) == -1 && strstr(err.text, "pending"), "a file in the way is named: %s",
	    err.text);
	unlink(path);

	/* every sync and every folder that fails is told: a name that is not durable may go, with all that is in it */
	table = qa_sys_real;
	qa_sys = &table;
	for (int what = 0; what < 2; what++) {
		table.fsync = what ? qa_sys_real.fsync : failing_fsync;
		table.mkdirat = what ? failing_mkdirat : qa_sys_real.mkdirat;
		int rc = -1;
		for (fail_at = 1, again = 0; rc && fail_at < 100; fail_at++) {
			if (run("rm", "-rf", test_home, NULL))
				exit(99);
			calls = 0;
			rc = qa_home_domain(test_home, TEST_DOMAIN, &err);
			if (rc && err.num == (what ? ENOSPC : EIO))
				again += qa_home_domain(test_home, TEST_DOMAIN, &test_err) == 0;
			else if (rc)
				printf("# call %ld: %s\n", fail_at, err.text);
		}
		OKF(rc == 0 && again == fail_at - 2 && again > 5, "%s fails at each of %d calls: told, and made good by the next one",
		    what ? "mkdir" : "sync", again);
	}
	qa_sys = &qa_sys_real;
}

int
main(void)
{
	test_begin();
	test_path();
	test_domain();
	return test_end();
}
