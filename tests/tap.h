/*
 * TAP in thirty lines: OK(condition) counts and names a check, done() prints the plan. A
 * test program ends with `return done();` and is run by prove.
 */
#ifndef QA_TESTS_TAP_H
#define QA_TESTS_TAP_H

#include <stdarg.h>
#include <stdio.h>

static int tap_run, tap_failed;

__attribute__((unused, format(printf, 4, 5))) static int
tap_ok(int good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_run);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# failed at %s:%d\n", file, line);
		fflush(stdout);
	}
	return good;
}

#define OK(cond) tap_ok(!!(cond), __FILE__, __LINE__, "%s", #cond)
#define OKF(cond, ...) tap_ok(!!(cond), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((unused)) static int
done(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed != 0;
}

#endif
