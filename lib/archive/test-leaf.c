/* Leaves and IDs: what is written comes back, and nothing else is taken. */
#include "archive/read.h"
#include "tests/tap.h"

#include <string.h>

static struct qa_leaf
sample(void)
{
	struct qa_leaf l = {.kind = QA_MESSAGE, .source = QA_QUEUE, .captured = UINT64_C(1795404125000000001)};

	l.id.month = 2026 * 12 + 10;
	l.id.n = 1234;
	for (unsigned i = 0; i < sizeof l.record.b; i++)
		l.record.b[i] = (unsigned char)(i * 17);
	l.message = qa_sha256_of(qa_span_str("message"));
	l.envelope = qa_sha256_of(qa_span_str("envelope"));
	return l;
}

int
main(void)
{
	static const char expected[] = "qmail-archive leaf v1\n"
				       "message queue\n"
				       "2026-11/1234\n"
				       "00112233445566778899aabbccddeeff\n"
				       "1795404125000000001\n"
				       "q1MKE+RZFJgrefm34/uplM/R8/si9xzqGvvwK0YMbR0=\n"
				       "TFA8pndh5cSq7P6ZYkTCXYwLQJAtEIXIW0RovVZ1SMY=\n";
	struct qa_leaf l = sample(), back;
	struct qa_entry_id id;
	unsigned char secret[32] = {1}, m[32], e[32];
	char text[QA_LEAF_MAX], bad[QA_LEAF_MAX];
	struct qa_err err;
	int taken = 0;

	size_t n = qa_leaf_text(&l, text);
	OK(n == strlen(text) && strcmp(text, expected) == 0);
	OK(qa_leaf_parse(qa_span_of(text, n), &back, &err) == 0);
	OK(back.id.n == 1234 && back.captured == l.captured && qa_digest_eq(&back.envelope, &l.envelope));
	for (size_t cut = 0; cut < n; cut++)
		taken += qa_leaf_parse(qa_span_of(text, cut), &back, &err) == 0;
	OKF(taken == 0, "no truncation is a leaf");
	for (size_t i = 0; i < n; i++) {
		struct qa_leaf other;

		memcpy(bad, text, n);
		bad[i] = (char)(bad[i] ^ 1);
		/* some flips make another good leaf; none may read as this one */
		if (qa_leaf_parse(qa_span_of(bad, n), &other, &err) == 0) {
			char again[QA_LEAF_MAX];

			taken += qa_leaf_text(&other, again) != n || memcmp(again, bad, n) != 0;
		}
	}
	OKF(taken == 0, "a leaf has one spelling");
	OK(qa_entry_id_scan(qa_span_str("2026-11/1"), &id) == 0 && id.n == 1);
	OK(qa_entry_id_scan(qa_span_str("2026-11/0"), &id) == -1);
	OK(qa_entry_id_scan(qa_span_str("2026-11/01"), &id) == -1);
	OK(qa_entry_id_scan(qa_span_str("2026-13/1"), &id) == -1);
	OK(qa_entry_id_scan(qa_span_str("2026-11/"), &id) == -1);
	OK(qa_entry_id_scan(qa_span_str("2026-11/18446744073709551616"), &id) == -1);
	qa_leaf_nonces(secret, m, e);
	struct qa_digest want = qa_sha256_of(qa_span_of("qmail-archive nonce 1\n\001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
							"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
							22 + 32));
	OK(memcmp(m, want.b, 32) == 0 && memcmp(m, e, 32) != 0);
	return done();
}
