#include "bar.h"
#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 40 };

void
bar_init(struct bar *b)
{
	*b = (struct bar){.begun = qa_tick(), .terminal = isatty(STDERR_FILENO) == 1};
}

void
bar_show(void *ctx, uint64_t done, uint64_t all)
{
	static const char full[] = "########################################";
	struct bar *b = ctx;
	uint64_t spent = qa_tick() - b->begun;
	double share = all ? (double)done / (double)all : 0;

	if (!b->terminal || spent < 2 * QA_SECOND || all == 0)
		return;
	if (share > 1)
		share = 1;
	int n = (int)(share * WIDTH);
	unsigned long left = share > 0 ? (unsigned long)((double)spent / 1e9 * (1 - share) / share) : 0;
	fprintf(stderr, "\r[%.*s%*s] %3d %% of %.1f GB, %lu:%02lu left\033[K", n, full, WIDTH - n, "", (int)(share * 100),
		(double)all / 1e9, left / 60, left % 60);
	fflush(stderr);
	b->shown = true;
}

void
bar_end(struct bar *b)
{
	if (b->shown)
		fputs("\r\033[K", stderr);
	b->shown = false;
}
