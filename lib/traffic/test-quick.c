#include "tests/tap.h"
#include "traffic/marks.h"
#include "testing.h"

#include <stdlib.h>

static void
ways(void)
{
	enum { N = 4096 };
	static unsigned char p[N + QA_MARKS_PAD];
	static uint32_t want[N], got[N + QA_MARKS_PAD];
	bool good[3] = {true, true, true};

	for (int run = 0; run < 400; run++) {
		size_t n = rnd(run < 200 ? 200 : N), k = 0;

		for (size_t i = 0; i < sizeof p; i++)
			p[i] = rnd((uint32_t)run % 4 + 1) ? (unsigned char)("ab|@\n\177\037 \200\377"[rnd(10)]) : (unsigned char)rnd(256);
		for (size_t i = 0; i < n; i++)
			if (p[i] == '|' || p[i] == '@' || p[i] < 32 || p[i] == 127)
				want[k++] = (uint32_t)i;
		for (unsigned w = 0; w < 3; w++)
			if (qa_marks_by(w) &&
			    (qa_marks_by(w)(p, n, got) != k || memcmp(want, got, k * sizeof *want) != 0))
				good[w] = false;
	}
	OK(qa_marks_by(0) && !qa_marks_by(3));
	for (unsigned w = 0; w < 3; w++)
		OKF(good[w], "way %u finds every mark%s", w, qa_marks_by(w) ? "" : " # SKIP not on this processor");
}

static void
same_as_exact(void)
{
	enum { N = 200000 };
	unsigned char *all = calloc(1, N + 2 * QA_QUICK_PAD), *p = all + QA_QUICK_PAD;
	bool good = true;

	for (int run = 0; all && run < 60; run++) {
		size_t n = 0, most = run % 3 ? N - 6000 : 2000;

		while (n < most) {
			if (rnd(2000) == 0 || (run == 7 && rnd(20) == 0)) {
				/* about as long as a line may be; or longer than a block */
				size_t k = run % 2 && n + 40000 < most ? 40000 : QA_STATLINE_MAX - 4 + rnd(8);

				memset(p + n, 'x', k);
				memcpy(p + n, "1709528767|", 11);
				memcpy(p + n + k - 14, "|b@c|1|success", 14);
				n += k;
			} else {
				n += testing_line(p + n);
			}
			p[n++] = '\n';
		}
		if (run % 2)
			n--;
		good = good && testing_all(p, n);
	}
	OK(all && good);
	free(all);
}

static void
cuts(void)
{
	unsigned char all[2 * QA_QUICK_PAD + 512] = {0}, *p = all + QA_QUICK_PAD;
	bool good = true;

	for (size_t i = 0; i < sizeof testing_lines / sizeof *testing_lines; i++) {
		size_t n = strlen(testing_lines[i]);

		memcpy(p, testing_lines[i], n);
		memcpy(p + n, "\n1|a@b|c@d|1|x\n", 15);
		for (size_t k = 1; k <= n + 15; k++)
			good = good && testing_all(p, k);
		for (size_t k = 0; k < n; k++) {
			memcpy(p, testing_lines[i], k);
			memcpy(p + k, "\n1|a@b|c@d|1|x\n", 15);
			good = good && testing_all(p, k + 15);
		}
	}
	OK(good);
}

int
main(void)
{
	ways();
	same_as_exact();
	cuts();
	return done();
}
