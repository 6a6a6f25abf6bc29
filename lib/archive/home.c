#include "archive/home.h"
#include "sys/syncset.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int
qa_home_path(char out[QA_PATH_MAX], const char *home, struct qa_err *err, const char *fmt, ...)
{
	va_list ap;
	int n, m = 0;

	n = snprintf(out, QA_PATH_MAX, "%s/", home);
	if (n >= 0 && n < QA_PATH_MAX) {
		va_start(ap, fmt);
		m = vsnprintf(out + n, (size_t)(QA_PATH_MAX - n), fmt, ap);
		va_end(ap);
	}
	if (n < 0 || m < 0 || n + m >= QA_PATH_MAX)
		return qa_fail(err, ENAMETOOLONG, "cannot use the instance %.200s: ", home);
	return 0;
}

static const struct {
	const char *name;
	mode_t mode;
} folders[] = {{"etc", 0700}, {"depot", 0750}, {"log", 0755}, {"var", 0750}, {"var/pending", 0750}};
enum { FOLDERS = sizeof folders / sizeof *folders };

static bool
is_folder(const char *path)
{
	struct stat st;

	return qa_sys->fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Whether all is there and durable. */
static bool
is_made(const char *home, const char *domain)
{
	char path[QA_PATH_MAX];
	struct stat st;

	if (qa_home_path(path, home, NULL, QA_HOME_LOG "/vkey", domain) || qa_sys->fstatat(AT_FDCWD, path, &st, 0))
		return false;
	for (size_t i = 0; i < FOLDERS; i++)
		if (qa_home_path(path, home, NULL, "domain/%s/%s", domain, folders[i].name) || !is_folder(path))
			return false;
	return true;
}

static int
make_folder(const char *path, mode_t mode, struct qa_err *err)
{
	if (qa_sys->mkdirat(AT_FDCWD, path, mode) == 0)
		return 0;
	int num = errno;
	if (num == EEXIST && is_folder(path))
		return 0;
	return qa_fail(err, num == EEXIST ? ENOTDIR : num, "cannot make folder %s: ", path);
}

/* One that exists may have been made by a process that died before it synced. */
static int
make(const char *home, const char *domain, struct qa_syncset *set, struct qa_err *err)
{
	char path[QA_PATH_MAX];

	if (qa_home_path(path, home, err, "domain/%s", domain) || make_folder(path, 0755, err))
		return -1;
	for (size_t i = 0; i < FOLDERS; i++)
		if (qa_home_path(path, home, err, "domain/%s/%s", domain, folders[i].name) ||
		    make_folder(path, folders[i].mode, err))
			return -1;
	if (qa_home_path(path, home, err, "domain/%s", domain) || qa_syncset_folder(set, AT_FDCWD, path, err) ||
	    qa_home_path(path, home, err, QA_HOME_VAR, domain) || qa_syncset_folder(set, AT_FDCWD, path, err))
		return -1;
	return 0;
}

int
qa_home_domains(const char *home, const char *const *domain, size_t n, struct qa_err *err)
{
	struct qa_syncset set;
	char path[QA_PATH_MAX];
	bool any = false;
	int rc = qa_home_path(path, home, err, "domain");

	qa_syncset_init(&set);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (is_made(home, domain[i]))
			continue;
		if (!any)
			rc = qa_mkdirs(AT_FDCWD, path, 0755, err);
		any = true;
		if (rc == 0)
			rc = make(home, domain[i], &set, err);
	}
	if (rc == 0 && any)
		rc = qa_syncset_folder(&set, AT_FDCWD, path, err);
	if (rc == 0)
		return qa_syncset_commit(&set, err);
	qa_syncset_drop(&set);
	return -1;
}

int
qa_home_domain(const char *home, const char *domain, struct qa_err *err)
{
	return qa_home_domains(home, &domain, 1, err);
}
