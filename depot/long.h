/*
 * What programs that run long share: they end when they are told to, behind the batch at hand, and say when they are ready.
 */
#ifndef QA_DEPOT_LONG_H
#define QA_DEPOT_LONG_H

#include <signal.h>
#include <stdbool.h>

/* SIGTERM or SIGINT came. A program may set it too, to end itself the same way. */
extern volatile sig_atomic_t long_ending;
bool long_stop(void *ctx); /* the same, as a hook */

/* Those two signals set long_ending. */
void long_catch(void);

/* That, for a daemon or whoever works on many domains: SIGHUP, SIGPIPE and SIGXFSZ are ignored, and as many descriptors
 * as the system gives are allowed. */
void long_prepare(void);

/* Root becomes the owner of the instance for good, so that all it makes belongs to whom the daemons run as. With READING it can
 * still read everybody's files. Ends the program when that cannot be. */
struct qa_opt;
void long_become(const struct qa_opt *o, const char *home, bool reading);

/* A line feed to FD, which is closed; -1: nobody asked. */
void long_ready(int fd);

#endif
