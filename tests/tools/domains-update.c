/* domains-update HOME: compiles HOME/etc/domains, as `md_domain update` does. */
#include "conf/domains.h"

#include <stdio.h>

static void
bad_line(void *ctx, unsigned number, const char *why)
{
	(void)ctx;
	fprintf(stderr, "line %u: %s\n", number, why);
}

int
main(int argc, char **argv)
{
	struct qa_err err;

	if (argc != 2 || qa_domains_update(argv[1], bad_line, NULL, &err)) {
		fprintf(stderr, "domains-update: %s\n", argc == 2 ? err.text : "usage: domains-update HOME");
		return 2;
	}
	return 0;
}
