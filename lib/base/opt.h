/*
 * What every tool's main does: options, help, the instance, and the way out.
 *
 * A tool describes itself once and loops over qa_opt_next; --help, --version and -H HOME are
 * answered here. Exit codes of tools: 0 found or good, 1 not, 2 trouble.
 */
#ifndef QA_BASE_OPT_H
#define QA_BASE_OPT_H

#include "base/attr.h"
#include "base/err.h"

#include <getopt.h>

struct qa_opt {
	const char *program;
	const char *usage;   /* "[-n N] DOMAIN QUERY" */
	const char *help;    /* lines of options, each with its end of line */
	const char *shorts;  /* as getopt(3), without 'H' and 'h'; a '*' in front: options may also follow operands */
	const struct option *longs; /* ended by zeros; may be NULL; val below 1 << 20 */
};

/* The next option's letter or val, -1 at the end (optind is then the first operand). An
 * unknown option prints the usage line and exits 2. */
int qa_opt_next(const struct qa_opt *o, int argc, char **argv);

/* The instance: -H, else MAILDEPOT_HOME, else conf-home. Valid until exit. */
const char *qa_opt_home(void);

/* "PROGRAM: text" on standard error, exit 2. */
void qa_die(const char *program, const struct qa_err *err) QA_NORETURN;

/* The usage line on standard error, exit 2. */
void qa_usage(const struct qa_opt *o) QA_NORETURN;

#endif
