/* Telling of failed cases. Workers are many and the TAP line comes at the end: what they tell waits in a file for each fault. */
#include "tests/crash/case.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
crash_show_log(FILE *out, const char *path)
{
	char line[1000];
	FILE *f = fopen(path, "r");

	for (int i = 0; f && i < 40 && fgets(line, sizeof line, f); i++)
		fprintf(out, "#   | %s%s", line, strchr(line, '\n') ? "" : "\n");
	if (f)
		fclose(f);
}

static void
told_path(enum crash_fault f, char path[400])
{
	snprintf(path, 400, "%s/told.%s", crash_scratch(), crash_faults[f].name);
}

/* Prints, below the failed line of the fault, what the workers told of its failures. */
void
crash_show_told(enum crash_fault fault)
{
	char path[400], line[1200];

	told_path(fault, path);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		fputs(line, stdout);
	if (f)
		fclose(f);
	unlink(path);
}

/* Tells how to get this failure again, for crash_show_told: in one write, as other workers do the same. */
void
crash_report(const struct crash_worker *w, const struct crash_case *c)
{
	const struct crash_test *t = w->t;
	const struct qa_crash_found *f = w->found;
	unsigned long call = c->fault == F_READ ? 0 : c->n;
	char *text = NULL;
	size_t n = 0;

	if (__atomic_fetch_add(&t->shared->shown, 1, __ATOMIC_RELAXED) >= 10 && !t->one)
		return;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		crash_stuck("no memory");
	fprintf(out, "# CRASH_ONE=%s:%s:%lu:%lu %s\n", t->op->name, crash_faults[c->fault].name, c->n, c->seed,
	        t->program);
	fprintf(out, "#   before %s %lu (%s %s): %lu lost, %lu twice, %lu wrong: %s (%s)\n",
	        c->fault == F_READ ? "read" : "call", c->n,
	        call > t->calls ? "the end" : qa_sim_call_name(t->good, call),
	        call > t->calls ? "" : qa_sim_call_path(t->good, call), f->lost, f->duplicates, f->wrong,
	        f->text, w->where ? w->where : "at work");
	crash_show_log(out, w->log);
	if (t->one)
		fprintf(out, "#   the tree: %s\n", w->root);
	fclose(out);
	char path[400];
	told_path(c->fault, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		crash_stuck(path);
	close(fd);
	free(text);
}
