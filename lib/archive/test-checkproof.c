/* Checking a proof outside: it holds for one message under one key, and for nothing that differs in a byte. */
#include "archive/prove.h"
#include "archive/testing.h"
#include "tlog/proof.h"

#include <errno.h>

static struct qa_buf proof = QA_BUF(1 << 20), vkey = QA_BUF(1000), message;

static int
check(qa_span p, qa_span m)
{
	struct qa_proven proven;

	memset(&test_err, 0, sizeof test_err);
	return qa_checkproof(qa_buf_cstr(&vkey), p, m, &proven, &test_err);
}

static void
make(void)
{
	struct qa_archive *a;
	char path[QA_PATH_MAX];

	test_file(test_home, 0, 11, test_time(2026, 11, 9));
	message = test_message(4, 100 + 4 * 300);
	MUST(qa_archive_open(test_home, TEST_DOMAIN, &a, &test_err) != 1);
	MUST(qa_prove(a, &(struct qa_entry_id){2026 * 12 + 10, 5}, &proof, &test_err) != 1);
	qa_archive_close(a);
	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_LOG "/vkey", TEST_DOMAIN));
	MUST(qa_slurp(AT_FDCWD, path, &vkey, &test_err) != 1);
	/* from here on the archive is not needed */
	if (run("rm", "-rf", test_home, NULL))
		exit(99);
}

static void
test_good(void)
{
	struct qa_proven p;
	char text[60];

	OK(qa_checkproof(qa_buf_cstr(&vkey), qa_buf_span(&proof), qa_buf_span(&message), &p, &test_err) == 1);
	OK(p.index == 4 && p.size == 11 && p.leaf.id.month == 2026 * 12 + 10 && p.leaf.id.n == 5);
	OK(p.leaf.kind == QA_MESSAGE && p.leaf.source == QA_QUEUE && p.leaf.captured == test_time(2026, 11, 9));
	OK(p.leaf.record.b[0] == 4 && p.leaf.record.b[1] == 0);
	snprintf(text, sizeof text, "%s/qmail-archive/", TEST_DOMAIN);
	OKF(strncmp(p.origin, text, strlen(text)) == 0, "origin %s", p.origin);
}

/* The proof is for somebody who has the message, not for somebody who wants to guess its envelope. */
static void
test_envelope(void)
{
	static const unsigned char zeros[QA_TLOG_NONCE];
	struct qa_buf space = QA_BUF(1 << 14);
	struct qa_tlog_extra x;
	struct qa_tlog_proof p;

	OK(qa_tlog_proof_scan(qa_buf_span(&proof), &p, &space, &test_err) == 0 && qa_tlog_extra_scan(p.extra, &x, &test_err) == 1);
	OK(memcmp(x.envelope_nonce, zeros, sizeof zeros) == 0 && memcmp(x.message_nonce, zeros, sizeof zeros) != 0);
	qa_buf_free(&space);
}

/* What a proof says beside what doc/format-proof.md leaves open: a minor version, and the nonce of an envelope that is not at hand. */
static bool
says_the_same(qa_span a, qa_span b)
{
	struct qa_buf space[2] = {QA_BUF(1 << 14), QA_BUF(1 << 14)};
	struct qa_tlog_proof p[2];
	bool same = qa_tlog_proof_scan(a, &p[0], &space[0], &test_err) == 0 &&
		    qa_tlog_proof_scan(b, &p[1], &space[1], &test_err) == 0;

	for (int i = 0; same && i < 2; i++) {
		memset(space[i].p + 10, 0, 2);
		memset(space[i].p + 48, 0, 32);
	}
	same = same && qa_span_eq(p[0].extra, p[1].extra) && p[0].index == p[1].index && p[0].path.n == p[1].path.n &&
	       memcmp(p[0].path.h, p[1].path.h, p[0].path.n * sizeof *p[0].path.h) == 0 &&
	       qa_span_eq(p[0].checkpoint, p[1].checkpoint);
	qa_buf_free(&space[0]);
	qa_buf_free(&space[1]);
	return same;
}

/* 0 says what does not hold, -1 what it is not; either has a text. */
static void
test_changed(void)
{
	struct qa_buf was = QA_BUF(1 << 20);
	unsigned char *p = proof.p, *m = message.p;
	int held = 0, mute = 0, open = 0;

	MUST(qa_buf_addspan(&was, qa_buf_span(&proof)));
	for (size_t i = 0; i < proof.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			p[i] ^= (unsigned char)(1 << bit);
			int rc = check(qa_buf_span(&proof), qa_buf_span(&message));
			mute += rc != 1 && !test_err.text[0];
			if (rc == 1 && says_the_same(qa_buf_span(&proof), qa_buf_span(&was)))
				open++;
			else
				held += rc == 1;
			p[i] ^= (unsigned char)(1 << bit);
		}
	OKF(held == 0 && open > 0, "no flipped bit of %zu bytes, but for %d in what is left open", proof.n, open);
	qa_buf_free(&was);
	for (size_t n = 0; n < proof.n; n++) {
		held += check(qa_span_of(p, n), qa_buf_span(&message)) == 1;
		mute += !test_err.text[0];
	}
	OKF(held == 0, "no truncation");
	for (size_t i = 0; i < message.n; i++) {
		m[i] ^= 0x20;
		int rc = check(qa_buf_span(&proof), qa_buf_span(&message));
		held += rc != 0 || test_err.num != EBADMSG;
		mute += !strstr(test_err.text, "another message");
		m[i] ^= 0x20;
	}
	for (size_t n = 0; n < message.n; n++)
		held += check(qa_buf_span(&proof), qa_span_of(m, n)) != 0;
	OKF(held == 0, "nor another message");
	OKF(mute == 0, "each time it is said why");
	MUST(qa_buf_addstr(&proof, "\n"));
	OKF(check(qa_buf_span(&proof), qa_buf_span(&message)) != 1, "nor with more behind it: %s", test_err.text);
	proof.n--;
	OK(check(qa_buf_span(&proof), qa_buf_span(&message)) == 1);
	OKF(check(qa_span_str(""), qa_buf_span(&message)) == -1, "nothing is no proof: %s", test_err.text);
	OKF(check(qa_buf_span(&message), qa_buf_span(&message)) == -1, "a message is none: %s", test_err.text);
}

static void
test_keys(void)
{
	struct qa_tlog_key key;
	struct qa_tlog_signer s;
	struct qa_proven p;
	char text[QA_TLOG_KEY_TEXT];

	MUST(qa_tlog_key_scan(qa_buf_span(&vkey), &key, &test_err));
	MUST(qa_tlog_signer_new(key.name, &s, &test_err));
	qa_tlog_key_text(&s.key, text);
	OKF(qa_checkproof(text, qa_buf_span(&proof), qa_buf_span(&message), &p, &test_err) == 0 && errno == EBADMSG,
	    "another key of the same name: %s", test_err.text);
	OKF(p.size == 0 && p.origin[0] == 0, "and nothing is said to be proven");
	MUST(qa_tlog_signer_new("b.example/qmail-archive/00000000", &s, &test_err));
	qa_tlog_key_text(&s.key, text);
	OKF(qa_checkproof(text, qa_buf_span(&proof), qa_buf_span(&message), &p, &test_err) == 0, "another domain's key: %s",
	    test_err.text);
	OKF(qa_checkproof("", qa_buf_span(&proof), qa_buf_span(&message), &p, &test_err) == -1 && strstr(test_err.text, "the key"),
	    "no key: %s", test_err.text);
	snprintf(text, sizeof text, "%.*s", (int)vkey.n - 9, (const char *)vkey.p);
	OKF(qa_checkproof(text, qa_buf_span(&proof), qa_buf_span(&message), &p, &test_err) == -1, "half a key: %s", test_err.text);
}

/* An event's entry commits to no bytes, but that does not make an empty file a message that was archived. */
static void
test_event(void)
{
	struct qa_addition a = {.digest = qa_sha256_of(qa_span_of(NULL, 0)), .month = 2026 * 12 + 10};
	struct qa_buf b = QA_BUF(0), p = QA_BUF(1 << 20), k = QA_BUF(1000);
	struct qa_proven proven;
	struct qa_entry_id id;
	struct qa_archive *ar;
	struct qa_writer *w;
	char path[QA_PATH_MAX];

	if (qa_field_add(&b, QA_F_ID, qa_span_of("0123456789abcdef", 16)) || qa_field_add_u8(&b, QA_F_KIND, QA_DELIVERY) ||
	    qa_field_add_u64(&b, QA_F_CAPTURED, test_time(2026, 11, 9)) || qa_field_add_u8(&b, QA_F_SOURCE, QA_AGENT))
		exit(99);
	a.fields = qa_buf_span(&b);
	MUST(qa_writer_open(test_home, TEST_DOMAIN, &w, &test_err));
	MUST(qa_writer_begin(w, QA_SECOND, &test_err));
	MUST(qa_writer_add(w, &a, &id, &test_err) != 1);
	MUST(qa_writer_commit(w, &test_err));
	MUST(qa_writer_publish(w, &test_err));
	qa_writer_close(w);
	MUST(qa_archive_open(test_home, TEST_DOMAIN, &ar, &test_err) != 1);
	MUST(qa_prove(ar, &id, &p, &test_err) != 1);
	qa_archive_close(ar);
	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_LOG "/vkey", TEST_DOMAIN));
	MUST(qa_slurp(AT_FDCWD, path, &k, &test_err) != 1);
	OKF(qa_checkproof(qa_buf_cstr(&k), qa_buf_span(&p), qa_span_of("", 0), &proven, &test_err) == 0,
	    "a proof of an event is none of an empty message (%s)", test_err.text);
	qa_buf_free(&b);
	qa_buf_free(&p);
	qa_buf_free(&k);
}

int
main(void)
{
	test_begin();
	make();
	test_good();
	test_envelope();
	test_changed();
	test_keys();
	qa_buf_free(&proof);
	qa_buf_free(&vkey);
	qa_buf_free(&message);
	test_event();
	return test_end();
}
