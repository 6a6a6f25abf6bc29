#include "archive/home.h"
#include "sys/sys.h"

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

int
qa_home_domain(const char *home, const char *domain, struct qa_err *err)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folders[] = {{"etc", 0700}, {"depot", 0750}, {"log", 0755}, {"var", 0750}, {"var/pending", 0750}};
	char path[QA_PATH_MAX];

	if (qa_home_path(path, home, err, "domain/%s", domain) || qa_mkdirs(AT_FDCWD, path, 0755, err))
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (qa_home_path(path, home, err, "domain/%s/%s", domain, folders[i].name) ||
		    qa_mkdirs(AT_FDCWD, path, folders[i].mode, err))
			return -1;
	return 0;
}
