/*
 * append: what adding lines to a stats file costs.
 *
 *	append FILE WRITERS LINES	WRITERS processes at once add LINES in all, one by one, as smtpstat and its like do
 *
 * Nothing is printed; see meter.
 */
#include "base/num.h"
#include "statline/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
add(const char *file, uint64_t lines)
{
	struct qa_stats to = {.host = "mx1.example.net"};
	struct qa_err err;

	snprintf(to.path, sizeof to.path, "%s", file);
	for (uint64_t i = 0; i < lines; i++) {
		struct qa_statline s = {.bytes = i, .attempts = 1, .sender = qa_span_str("somebody.else@mail.example.org"),
					.recipient = qa_span_str("postmaster@example.net"), .status = qa_span_str("success")};

		if (qa_stats_write(&to, &s, &err)) {
			fprintf(stderr, "append: %s\n", err.text);
			_exit(1);
		}
	}
}

int
main(int argc, char **argv)
{
	uint64_t writers, lines;
	int status, bad = 0;

	if (argc != 4 || qa_scan_u64(qa_span_str(argv[2]), &writers) || qa_scan_u64(qa_span_str(argv[3]), &lines) || !writers) {
		fprintf(stderr, "usage: append FILE WRITERS LINES\n");
		return 2;
	}
	for (uint64_t i = 0; i < writers; i++)
		if (fork() == 0) {
			add(argv[1], lines / writers);
			_exit(0);
		}
	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}
