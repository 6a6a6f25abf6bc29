#include "progress.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
progress_init(struct progress *p, const char *what)
{
	*p = (struct progress){.what = what, .begun = qa_tick(), .terminal = isatty(STDERR_FILENO) == 1};
}

void
progress_show(struct progress *p, const char *domain, uint64_t done, uint64_t all)
{
	uint64_t now = qa_tick(), spent;
	double rate;

	if (!p->domain || strcmp(p->domain, domain) != 0) {
		p->domain = domain;
		p->begun = now;
		p->first = done;
	}
	if (!p->terminal || now - p->begun < 2 * QA_SECOND || now - p->last < QA_SECOND / 4)
		return;
	p->last = now;
	spent = now - p->begun;
	rate = (double)(done - p->first) * 1e9 / (double)spent;
	fprintf(stderr, "\r%s: %s %llu of %llu", domain, p->what, (unsigned long long)done, (unsigned long long)all);
	if (rate > 0) {
		unsigned long left = all > done ? (unsigned long)((double)(all - done) / rate) : 0;

		fprintf(stderr, ", %.0f a second, %lu:%02lu left", rate, left / 60, left % 60);
	}
	fputs("\033[K", stderr);
	fflush(stderr);
	p->shown = true;
}

void
progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

void
progress_entries(void *p, const char *domain, uint64_t done, uint64_t all)
{
	progress_show(p, domain, done, all);
}
