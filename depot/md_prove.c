/*
 * md_prove: a proof that a message is in the signed log, as a file to hand out.
 */
#include "archive/prove.h"
#include "tool.h"

#include <stdio.h>

static const char help[] =
    "Writes a proof (c2sp.org/tlog-proof@v1) to standard output. With the message and the\n"
    "domain's key, md_checkproof or any C2SP verifier checks it without this archive.\n\n";
static const struct qa_opt opt = {"md_prove", "DOMAIN ID", help, "", NULL};

int
main(int argc, char **argv)
{
	struct qa_buf b = QA_BUF(1 << 20);
	struct qa_entry_id id;
	struct qa_archive *a;
	struct qa_err err;
	int rc;

	while (qa_opt_next(&opt, argc, argv) != -1)
		qa_usage(&opt);
	if (argc - optind != 2)
		qa_usage(&opt);
	a = tool_archive(&opt, argv[optind]);
	id = tool_id(&opt, argv[optind + 1]);
	rc = qa_prove(a, &id, &b, &err);
	if (rc < 0)
		qa_die(opt.program, &err);
	if (rc == 0) {
		fprintf(stderr, "%s: %s\n", opt.program, err.text);
		return 1;
	}
	tool_write(&opt, qa_buf_span(&b));
	qa_buf_free(&b);
	qa_archive_close(a);
	return 0;
}
