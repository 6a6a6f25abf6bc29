/* Checkpoints: written and read as one spelling only, and believed only from a key of the origin's name. */
#include "tests/tap.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "tlog/test-keys.h"

#include <errno.h>

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static struct qa_err err;

static void
reading(void)
{
	static const char *const good[] = {
	    "example.com/behind-the-sofa\n20852163\n" ROOT, "o\n0\n" ROOT, "o\n9223372036854775807\n" ROOT,
	    "o\n1\n" ROOT "more\nand more\n", "name with spaces + plus\n1\n" ROOT, "\xe4\xbe\x8b\n1\n" ROOT};
	static const char *const bad[] = {
	    "", "\n", "o", "o\n", "o\n1", "o\n1\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", "\n1\n" ROOT,
	    "o\n\n" ROOT, "o\n01\n" ROOT, "o\n+1\n" ROOT, "o\n-1\n" ROOT, "o\n1 \n" ROOT, "o\n 1\n" ROOT,
	    "o\n9223372036854775808\n" ROOT, "o\n18446744073709551616\n" ROOT, "o\n0x1\n" ROOT, "o\n1\n\n",
	    "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
	    "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2IA\n", "o\n1\n" ROOT "\n", "o\n1\n" ROOT "more",
	    "o\n1\n" ROOT "more\n\n", "o\n1\n" ROOT "mo\tre\n", "o\r\n1\n" ROOT, "o\xff\n1\n" ROOT, "o\n1\n" ROOT "\xff\n"};
	struct qa_tlog_checkpoint c;
	struct qa_buf b = QA_BUF(0);

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		qa_buf_clear(&b);
		OKF(qa_tlog_checkpoint_scan(qa_span_str(good[i]), &c, &err) == 0 &&
		    qa_tlog_checkpoint_add(&b, &c, &err) == 0 && qa_span_is(qa_buf_span(&b), good[i]),
		    "checkpoint %zu is read and written again", i);
	}
	OK(qa_tlog_checkpoint_scan(qa_span_str(good[0]), &c, &err) == 0 && c.size == 20852163 && c.root.b[0] == 0x0a &&
	   c.root.b[31] == 0x62 && qa_span_is(c.origin, "example.com/behind-the-sofa") && c.extra.n == 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OKF(qa_tlog_checkpoint_scan(qa_span_str(bad[i]), &c, &err) == -1 && err.num == EPROTO,
		    "no checkpoint: %zu (%s)", i, err.text);
	qa_buf_clear(&b);
	OK(qa_buf_addstr(&b, good[1]) == 0);
	while (b.n < QA_TLOG_CHECKPOINT_MAX - 1 && qa_buf_addc(&b, 'x') == 0)
		;
	OK(qa_buf_addc(&b, '\n') == 0 && qa_tlog_checkpoint_scan(qa_buf_span(&b), &c, &err) == 0);
	b.p[b.n - 1] = 'x';
	OK(qa_buf_addc(&b, '\n') == 0 && qa_tlog_checkpoint_scan(qa_buf_span(&b), &c, &err) == -1);
	qa_buf_free(&b);
}

static void
writing(void)
{
	struct qa_tlog_checkpoint good = {qa_span_str("o"), 1, {{0}}, {NULL, 0}}, c;
	struct qa_buf b = QA_BUF(0), tight = QA_BUF(20);

	OK(qa_tlog_checkpoint_add(&b, &good, &err) == 0);
	qa_buf_clear(&b);
	c = good, c.origin = qa_span_str("");
	OK(qa_tlog_checkpoint_add(&b, &c, &err) == -1 && err.num == EINVAL);
	c = good, c.origin = qa_span_str("two\nlines");
	OK(qa_tlog_checkpoint_add(&b, &c, &err) == -1);
	c = good, c.size = QA_TLOG_SIZE_MAX + 1;
	OK(qa_tlog_checkpoint_add(&b, &c, &err) == -1);
	c = good, c.extra = qa_span_str("no end");
	OK(qa_tlog_checkpoint_add(&b, &c, &err) == -1);
	c = good, c.extra = qa_span_str("a\n\nb\n");
	OK(qa_tlog_checkpoint_add(&b, &c, &err) == -1 && b.n == 0);
	OK(qa_tlog_checkpoint_add(&tight, &good, &err) == -1 && err.num == EOVERFLOW && tight.n == 0);
	qa_buf_free(&b);
	qa_buf_free(&tight);
}

static void
signed_ones(void)
{
	struct qa_tlog_checkpoint c = {qa_span_str(TEST_ORIGIN), 70000, {{1, 2, 3}}, {NULL, 0}}, d;
	struct qa_tlog_signer s, witness;
	struct qa_tlog_key keys[2];
	struct qa_buf b = QA_BUF(0), text = QA_BUF(0);

	OK(qa_tlog_signer_scan(qa_span_str(TEST_PRIVATE), &s, &err) == 0);
	OK(qa_tlog_signer_new("witness.example", &witness, &err) == 0);
	keys[0] = witness.key, keys[1] = s.key;
	OK(qa_tlog_checkpoint_sign(&b, &c, &s, &err) == 0);
	OK(qa_tlog_checkpoint_open(qa_buf_span(&b), keys, 2, &d, &err) == 1 && d.size == 70000 &&
	   qa_digest_eq(&c.root, &d.root) && qa_span_is(d.origin, TEST_ORIGIN));
	OK(qa_tlog_checkpoint_open(qa_buf_span(&b), keys, 1, &d, &err) == 0 && d.size == 70000);
	b.p[b.n - 20] ^= 1;
	OK(qa_tlog_checkpoint_open(qa_buf_span(&b), keys, 2, &d, &err) == -1);

	/* a known key of another name signs well, but not as this log */
	qa_buf_clear(&b);
	OK(qa_tlog_checkpoint_sign(&b, &c, &witness, &err) == 0);
	OK(qa_tlog_checkpoint_open(qa_buf_span(&b), keys, 2, &d, &err) == 0);
	/* a signed text that is no checkpoint */
	qa_buf_clear(&b);
	OK(qa_tlog_note_sign(&b, qa_span_str(TEST_ORIGIN "\n1\n"), &s, 1, &err) == 0);
	OK(qa_tlog_checkpoint_open(qa_buf_span(&b), keys, 2, &d, &err) == -1 && err.num == EPROTO);
	/* log and witness together */
	qa_buf_clear(&b);
	struct qa_tlog_signer both[2] = {s, witness};
	OK(qa_tlog_checkpoint_add(&text, &c, &err) == 0 && qa_tlog_note_sign(&b, qa_buf_span(&text), both, 2, &err) == 0);
	OK(qa_tlog_checkpoint_open(qa_buf_span(&b), keys, 2, &d, &err) == 1);
	qa_buf_free(&b);
	qa_buf_free(&text);
}

int
main(void)
{
	reading();
	writing();
	signed_ones();
	return done();
}
