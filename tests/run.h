/*
 * Running a command from a test, without a shell: run("rm", "-rf", path, NULL) is its exit status, -1 when it could
 * not be run.
 */
#ifndef QA_TESTS_RUN_H
#define QA_TESTS_RUN_H

#include <spawn.h>
#include <stdarg.h>
#include <sys/wait.h>

extern char **environ;

__attribute__((unused, sentinel)) static int
run(const char *program, ...)
{
	char *argv[16] = {(char *)(__UINTPTR_TYPE__)program};
	int n = 1, status;
	va_list ap;
	pid_t pid;

	va_start(ap, program);
	while (n < 15 && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	argv[n] = NULL;
	if (posix_spawnp(&pid, program, NULL, NULL, argv, environ) || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
