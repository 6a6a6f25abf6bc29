/*
 * md_journal: the one appender. Options and the way out; the loop is journald.c.
 */
#include "base/log.h"
#include "base/num.h"
#include "base/opt.h"
#include "qmail-archive/journald.h"

#include <stdlib.h>

static const struct qa_opt opt = {
	.program = "md_journal",
	.usage = "[-c CONNECTIONS] [-d FD] [-s]",
	.help = "Makes captured mail durable for all doors, until it is told to end.\n\n"
		"  -c CONNECTIONS  doors served at a time (1000)\n"
		"  -d FD           write a line feed there when ready, and close it\n"
		"  -s              log to syslog (LOCAL1) too\n",
	.shorts = "c:d:s",
};

static unsigned
number(const char *s, unsigned most)
{
	uint64_t n;

	if (qa_scan_u64(qa_span_str(s), &n) || n < 1 || n > most)
		qa_usage(&opt);
	return (unsigned)n;
}

int
main(int argc, char **argv)
{
	struct qa_journald conf = {
		.ready_fd = -1,
		.connections = QA_JOURNALD_CONNECTIONS,
		.preallocate = 4 << 20,
		.sandbox = true,
	};
	struct qa_err err;
	int c, to_syslog = QA_LOG_STDERR;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1)
		switch (c) {
		case 'c':
			conf.connections = number(optarg, QA_JOURNALD_MOST);
			break;
		case 'd':
			conf.ready_fd = (int)number(optarg, 1023);
			break;
		case 's':
			to_syslog = QA_LOG_BOTH;
			break;
		default:
			break;
		}
	if (optind != argc)
		qa_usage(&opt);
	conf.home = qa_opt_home();
	qa_log_init("md_journal", to_syslog);
	if (qa_journald_run(&conf, &err)) {
		qa_log(QA_ALERT, "event=journal.start.failed home=%s why=%s", qa_log_quote(conf.home),
		       qa_log_quote(err.text));
		return 111;
	}
	return 0;
}
