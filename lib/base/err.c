#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
qa_fail(struct qa_err *err, int num, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		vsnprintf(err->text, sizeof err->text, fmt, ap);
		va_end(ap);
		err->num = num;

		size_t n = strlen(err->text);
		if (num && n >= 2 && strcmp(err->text + n - 2, ": ") == 0)
			snprintf(err->text + n, sizeof err->text - n, "%s", strerror(num));
	}
	errno = num;
	return -1;
}

int
qa_fail_in(struct qa_err *err, const char *fmt, ...)
{
	if (err) {
		char old[sizeof err->text];
		va_list ap;

		memcpy(old, err->text, sizeof old);
		va_start(ap, fmt);
		vsnprintf(err->text, sizeof err->text, fmt, ap);
		va_end(ap);

		size_t n = strlen(err->text);
		snprintf(err->text + n, sizeof err->text - n, ": %s", old);
		errno = err->num;
	}
	return -1;
}
