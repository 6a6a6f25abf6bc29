/*
 * The server behind smtpstat: a child on one end of a socket pair, which is its descriptors 0 and 1, as tcpserver gives one socket for both.
 * Everything else it has as smtpstat was given it: environment, other descriptors, signal settings, real ids.
 */
#ifndef QA_STATISTIC_SERVER_H
#define QA_STATISTIC_SERVER_H

#include "base/attr.h"
#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct qa_server {
	int fd; /* our end, not blocking */
	pid_t pid;
	bool ended;
	int status;    /* as waitpid(2) gives it, when ended */
	sigset_t mask; /* for ppoll(2): what we block otherwise, to lose no signal */
};

/*
 * Starts ARGV, found in PATH. From then on the signals that would end us go to the server instead, SIGPIPE is ignored, and SIGCHLD
 * interrupts a ppoll with mask. -1: nothing has been started and nothing is changed. A program that cannot be run is no failure here; the child says
 * so and exits 111.
 */
int qa_server_start(struct qa_server *s, char **argv, struct qa_err *err) QA_MUST;

/* Whether it has ended; does not wait. Also hands on signals that came. */
bool qa_server_look(struct qa_server *s);

/* Runs ARGV in this very process: for when it could not be started. Only returns when that fails too; then 111 is the exit code. */
int qa_server_become(char **argv);

/* Ends this process as the server ended: with its exit code, or by the signal that killed it, without another core. */
void qa_server_follow(const struct qa_server *s) QA_NORETURN;

#endif
