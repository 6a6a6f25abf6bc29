/*
 * md_cat: one message out of the archive, byte for byte. Nothing is written before its SHA-256 was found right: small
 * messages are held in memory, large ones are read twice.
 */
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HOLD = 64 << 20 };

static const char help[] = "Writes a message to standard output, byte for byte as it came in.\n\n";
static const struct qa_opt opt = {"md_cat", "DOMAIN ID", help, "", NULL};

static int
drop(void *ctx, qa_span piece)
{
	(void)ctx;
	(void)piece;
	return 0;
}

static int
put(void *ctx, qa_span piece)
{
	(void)ctx;
	tool_write(&opt, piece);
	return 0;
}

int
main(int argc, char **argv)
{
	struct qa_buf b = QA_BUF(HOLD + 1);
	struct qa_partition *p;
	struct qa_archive *a;
	struct qa_entry_id id;
	struct qa_entry e;
	struct qa_err err;

	while (qa_opt_next(&opt, argc, argv) != -1)
		qa_usage(&opt);
	if (argc - optind != 2)
		qa_usage(&opt);
	a = tool_archive(&opt, argv[optind]);
	id = tool_id(&opt, argv[optind + 1]);
	tool_entry(&opt, a, &id, &p, &e);
	if (!e.has_message) {
		fprintf(stderr, "%s: entry %s of %s is an event without a message\n", opt.program, argv[optind + 1],
			argv[optind]);
		return 1;
	}
	if (e.size <= HOLD) {
		if (qa_partition_message_buf(p, &e, &b, &err))
			qa_die(opt.program, &err);
		tool_write(&opt, qa_buf_span(&b));
	} else if (qa_partition_message(p, &e, drop, NULL, &err) || qa_partition_message(p, &e, put, NULL, &err)) {
		qa_die(opt.program, &err);
	}
	qa_buf_free(&b);
	qa_archive_close(a);
	return 0;
}
