/*
 * Sixty-four writers at once, while the file is rotated under them: each line is there once, and whole. QA_STATS_LINES=1000000 says how many
 * lines in all.
 */
#include "base/num.h"
#include "statline/file.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 64, LINES = 500, ROTATIONS = 20, FILES = 10000 };

static size_t lines_each = LINES;
static unsigned char *seen; /* WRITERS * lines_each */
static size_t good, empty, bad, twice, strange;

/* Lines of very different lengths, some of which cross a page. */
static void QA_NORETURN
writer(unsigned number)
{
	static unsigned char long_part[1200];
	struct qa_stats to = {.path = "stats", .host = "mx.example.net"};
	char recipient[64];

	memset(long_part, 'a' + (int)(number % 26), sizeof long_part);
	for (size_t i = 0; i < lines_each; i++) {
		struct qa_statline s = {.out = number & 1, .pid = number + 1, .bytes = i, .attempts = 1,
					.status = qa_span_str("success")};

		s.sender = qa_span_of(long_part, (i * 97 + number) % sizeof long_part);
		snprintf(recipient, sizeof recipient, "r%zu@example.net", i);
		s.recipient = qa_span_str(recipient);
		if (qa_stats_write(&to, &s, NULL))
			_exit(1);
	}
	_exit(0);
}

static void
count_line(qa_span line)
{
	struct qa_statline s;
	const char *why;

	if (line.n == 1) {
		empty++;
		return;
	}
	if (qa_statline_get(line, &s, &why)) {
		bad++;
		return;
	}
	if (s.pid < 1 || s.pid > WRITERS || s.bytes >= lines_each || s.sender.n != (s.bytes * 97 + s.pid - 1) % 1200 ||
	    s.out != !(s.pid & 1)) {
		strange++;
		return;
	}
	unsigned char *mark = &seen[(s.pid - 1) * lines_each + s.bytes];
	twice += *mark;
	good += !*mark;
	*mark = 1;
}

static void
count_file(const char *name)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f = fopen(name, "r");

	if (!f)
		return;
	while ((n = getline(&line, &size, f)) > 0)
		count_line(qa_span_of(line, (size_t)n));
	free(line);
	fclose(f);
}

/* The file gets another name now and then until all writers have ended: how many names, or -1 when a writer failed. */
static int
rotate_and_wait(void)
{
	int rotated = 0, status, failed = 0;
	char name[32];

	for (int left = WRITERS; left;) {
		pid_t p = waitpid(-1, &status, WNOHANG);

		if (p > 0) {
			left--;
			failed |= status;
			continue;
		}
		snprintf(name, sizeof name, "stats.%d", rotated);
		if (rotated < FILES && rename("stats", name) == 0)
			rotated++;
		usleep(rotated < ROTATIONS ? 1000 : 50000);
	}
	return failed ? -1 : rotated;
}

int
main(void)
{
	uint64_t all;
	const char *said = getenv("QA_STATS_LINES");

	if (said && qa_scan_u64(qa_span_str(said), &all) == 0)
		lines_each = (size_t)all / WRITERS;
	seen = calloc(WRITERS, lines_each);
	if (!seen || chdir(tmp_make()))
		return 2;
	for (unsigned i = 0; i < WRITERS; i++)
		if (fork() == 0)
			writer(i);
	int files = rotate_and_wait();
	OKF(files > 0, "%d writers, %d rotations", WRITERS, files);
	count_file("stats");
	for (int i = 0; i < files; i++) {
		char name[32];

		snprintf(name, sizeof name, "stats.%d", i);
		count_file(name);
	}
	OKF(good == WRITERS * lines_each, "%zu lines of %zu", good, WRITERS * lines_each);
	OKF(bad == 0 && twice == 0 && strange == 0, "%zu bad, %zu twice, %zu mixed", bad, twice, strange);
	printf("# %zu empty lines\n", empty);
	free(seen);
	return done();
}
