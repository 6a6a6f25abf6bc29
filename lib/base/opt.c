#include "base/opt.h"
#include "auto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32, HELP = 1 << 20, VERSION };

static const char *home;

static void
show_help(const struct qa_opt *o)
{
	printf("usage: %s %s\n\n%s  -H HOME       the instance (else $MAILDEPOT_HOME, else " QA_HOME
	       ")\n      --help    show this and exit\n      --version show the version and exit\n\n"
	       "See %s in the manual pages.\n",
	       o->program, o->usage, o->help, o->program);
	exit(0);
}

int
qa_opt_next(const struct qa_opt *o, int argc, char **argv)
{
	struct option all[MOST] = {{"help", no_argument, NULL, HELP},
				   {"version", no_argument, NULL, VERSION}};
	char shorts[128];
	size_t n = 2;

	for (const struct option *l = o->longs; l && l->name && n < MOST - 1; l++)
		all[n++] = *l;
	const char *own = o->shorts ? o->shorts : "";
	int anywhere = *own == '*';

	snprintf(shorts, sizeof shorts, "%sH:%s", anywhere ? "" : "+", own + anywhere);
	for (;;) {
		int c = getopt_long(argc, argv, shorts, all, NULL);

		switch (c) {
		case 'H':
			home = optarg;
			break;
		case HELP:
			show_help(o);
			break;
		case VERSION:
			printf("%s (qmail-archive) %s\n", o->program, QA_VERSION);
			exit(0);
		case '?':
			qa_usage(o);
		default:
			return c;
		}
	}
}

const char *
qa_opt_home(void)
{
	if (!home || !*home)
		home = secure_getenv("MAILDEPOT_HOME");
	if (!home || !*home)
		home = QA_HOME;
	return home;
}

void
qa_die(const char *program, const struct qa_err *err)
{
	char line[sizeof err->text];

	/* a name that a stranger chose must not move the cursor or make a second line */
	snprintf(line, sizeof line, "%s", err->text);
	for (char *s = line; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	fprintf(stderr, "%s: %s\n", program, line);
	exit(2);
}

void
qa_usage(const struct qa_opt *o)
{
	fprintf(stderr, "usage: %s %s\n", o->program, o->usage);
	exit(2);
}
