/* The lines of md_journal: all of them, also when the disk under the stats file hangs for a while; and none too many in memory. */
#include "qmail-archive/tally.h"
#include "journal/record.h"
#include "qmail-archive/claims.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct qa_buf fields = QA_BUF(1 << 20);
static struct qa_sys table;
static sem_t goes;

static void
make_fields(unsigned recipients)
{
	struct qa_id id = {{7}};
	char name[64];

	qa_buf_clear(&fields);
	if (qa_claims_capture(&fields, &id, QA_MESSAGE, QA_QUEUE, "host") || qa_field_add_str(&fields, QA_F_SENDER, "a@example.org"))
		exit(2);
	for (unsigned i = 0; i < recipients; i++) {
		snprintf(name, sizeof name, "r%u@example.net", i);
		if (qa_field_add_str(&fields, QA_F_RECIPIENT, name))
			exit(2);
	}
}

static size_t
lines(void)
{
	FILE *f = fopen("home/stats", "r");
	size_t n = 0;

	for (int c; f && (c = getc(f)) != EOF;)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static ssize_t
hanging_write(int fd, const void *p, size_t n)
{
	while (sem_wait(&goes))
		;
	sem_post(&goes);
	return qa_sys_real.write(fd, p, n);
}

static void
say(const char *file, const char *what)
{
	FILE *f = fopen(file, "w");

	if (!f || fputs(what, f) < 0 || fclose(f))
		exit(2);
}

int
main(void)
{
	struct qa_tally *t;
	struct qa_err err;

	if (chdir(tmp_make()) || mkdir("home", 0755) || mkdir("home/etc", 0755))
		return 2;
	say("home/etc/stats", "-\n");
	OK(qa_tally_open("home", &t, &err) == 0 && !t && !qa_tally_folder(t));
	qa_tally_add(t, qa_span_str(""), 0);
	qa_tally_report(t);
	OK(qa_tally_start(t, &err) == 0);
	qa_tally_close(t);

	say("home/etc/stats", "stats\n");
	OK(qa_tally_open("home", &t, &err) == 1 && strcmp(qa_tally_folder(t), "home") == 0 && qa_tally_start(t, &err) == 0);
	make_fields(3);
	for (int i = 0; i < 1000; i++)
		qa_tally_add(t, qa_buf_span(&fields), 100);
	qa_tally_close(t);
	OKF(lines() == 3000, "%zu lines", lines());

	sem_init(&goes, 0, 0);
	table = qa_sys_real;
	table.write = hanging_write;
	qa_sys = &table;
	unlink("home/stats");
	OK(qa_tally_open("home", &t, &err) == 1 && qa_tally_start(t, &err) == 0);
	make_fields(5000);
	size_t fit = QA_TALLY_BYTES / (fields.n + 12), all = 2 * fit + 20;
	for (size_t i = 0; i < all; i++) {
		if (i == fit)
			usleep(300000); /* the thread has taken the first ones, and hangs */
		qa_tally_add(t, qa_buf_span(&fields), 100);
	}
	sem_post(&goes);
	qa_tally_close(t);
	OKF(lines() >= 5000 * fit && lines() <= 5000 * 2 * fit, "a disk that hangs: %zu lines of %zu, the memory for %zu", lines(), 5000 * all,
	    5000 * fit);
	qa_sys = &qa_sys_real;
	qa_buf_free(&fields);
	return done();
}
