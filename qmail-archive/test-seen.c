#include "qmail-archive/seen.h"
#include "base/num.h"
#include "tests/tap.h"

static struct qa_digest
number(uint32_t n, uint32_t bucket)
{
	struct qa_digest d = {{0}};

	qa_le32_put(d.b, bucket);
	qa_le32_put(d.b + 4, n);
	return d;
}

/* Adds digests FROM to TO; all in one bucket, or spread. */
static void
add(struct qa_seen *s, uint32_t from, uint32_t to, bool spread)
{
	for (uint32_t i = from; i < to; i++) {
		struct qa_digest d = number(i, spread ? i : 7);

		qa_seen_add(s, &d);
	}
}

static bool
has(struct qa_seen *s, uint32_t n, bool spread)
{
	struct qa_digest d = number(n, spread ? n : 7);

	return qa_seen_has(s, &d);
}

int
main(void)
{
	struct qa_seen *s = qa_seen_new();

	OK(s != NULL);
	OK(!has(s, 0, true));
	add(s, 0, QA_SEEN_MAX, true);
	OK(has(s, 0, true) && has(s, QA_SEEN_MAX - 1, true));
	OK(!has(s, QA_SEEN_MAX, true));
	add(s, QA_SEEN_MAX, QA_SEEN_MAX + 10, true);
	OK(!has(s, 0, true) && !has(s, 9, true));
	OK(has(s, 10, true) && has(s, QA_SEEN_MAX + 9, true));
	add(s, 0, 3 * 1000, false);
	OK(has(s, 0, false) && has(s, 2999, false) && !has(s, 3000, false));
	add(s, 1000000, 1000000 + QA_SEEN_MAX, true);
	OK(!has(s, 0, false) && !has(s, 2999, false));
	struct qa_digest same = number(5, 5);
	qa_seen_add(s, &same);
	qa_seen_add(s, &same);
	add(s, 2000000, 2000000 + QA_SEEN_MAX - 1, true);
	OK(qa_seen_has(s, &same)); /* the younger of two equal ones */
	add(s, 3000000, 3000001, true);
	OK(!qa_seen_has(s, &same));
	qa_seen_free(s);
	return done();
}
