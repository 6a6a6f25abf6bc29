/*
 * meter: runs a command, its output to standard error, and prints what it took:
 *
 *	meter COMMAND [ARG...]		WALL CPU RSS (seconds, seconds, MB of 10^6 bytes: the largest process)
 *
 * The wall clock stops when the command ends; CPU is that of all it started, also of what outlived its parent, which is
 * waited for. Ends as the command did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	struct timespec a, b;
	struct rusage u;
	int status, other;
	pid_t pid;

	if (argc < 2)
		return 2;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	clock_gettime(CLOCK_MONOTONIC, &a);
	pid = fork();
	if (pid == 0) {
		dup2(2, 1);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("meter");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	while (wait(&other) > 0)
		;
	getrusage(RUSAGE_CHILDREN, &u);
	printf("%.3f %.3f %.1f\n", (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9,
	       seconds(u.ru_utime) + seconds(u.ru_stime), (double)u.ru_maxrss * 1024 / 1e6);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
