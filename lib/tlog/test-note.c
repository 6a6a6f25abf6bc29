/* Keys and signed notes: the specification's example, round trips, and what must be refused. */
#include "tests/tap.h"
#include "tlog/note.h"
#include "tlog/test-keys.h"

#include <errno.h>
#include <stdlib.h>

#define DASH "\xe2\x80\x94 "

/* from c2sp.org/signed-note */
#define SPEC_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SPEC_SIGNATURE                                                                                        \
	DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuw"  \
	     "HjG1Yu72IneyaQM=\n"
#define SPEC_NOTE "This is an example message.\n\n" SPEC_SIGNATURE

static struct qa_err err;
static struct qa_tlog_signer signer;
static struct qa_tlog_key spec;

static int
open_with(const char *note, const struct qa_tlog_key *keys, size_t n)
{
	struct qa_tlog_note o;

	return qa_tlog_note_open(qa_span_str(note), keys, n, &o, &err);
}

static void
keys(void)
{
	static const char *const bad[] = {
	    "", "+", "++", "a+", "a+00000000", "a+00000000+", TEST_ORIGIN, TEST_PUBLIC "\n\n", TEST_PUBLIC " ",
	    TEST_PRIVATE, "a b+e36f213c+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
	    TEST_ORIGIN "+E36F213C+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
	    /* another type, a byte too many, none at all, each with the id that would belong to it */
	    TEST_ORIGIN "+4089799c+AtdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
	    TEST_ORIGIN "+4b3e2649+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1EaeA==", TEST_ORIGIN "+3bd16842+AQ=="};
	struct qa_tlog_key k;
	char text[QA_TLOG_KEY_TEXT], spoilt[sizeof TEST_PUBLIC];
	unsigned accepted = 0;

	OK(qa_tlog_key_scan(qa_span_str(SPEC_KEY), &spec, &err) == 0 && spec.id == 0x530d903a);
	qa_tlog_key_text(&spec, text);
	OK(strcmp(text, SPEC_KEY) == 0);
	OK(qa_tlog_key_scan(qa_span_str(TEST_PUBLIC "\n"), &k, &err) == 0 && strcmp(k.name, TEST_ORIGIN) == 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OKF(qa_tlog_key_scan(qa_span_str(bad[i]), &k, &err) == -1 && err.num == EPROTO && err.text[0],
		    "no key: %zu (%s)", i, err.text);
	for (size_t from = 0; from < sizeof TEST_PUBLIC; from++)
		for (size_t n = 0; from + n < sizeof TEST_PUBLIC; n++)
			if (from || n != sizeof TEST_PUBLIC - 1)
				accepted += qa_tlog_key_scan(qa_span_of(&TEST_PUBLIC[from], n), &k, NULL) == 0;
	memcpy(spoilt, TEST_PUBLIC, sizeof spoilt);
	for (size_t i = 0; i < sizeof spoilt - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			spoilt[i] = (char)(spoilt[i] ^ 1 << bit);
			accepted += qa_tlog_key_scan(qa_span_of(spoilt, sizeof spoilt - 1), &k, NULL) == 0;
			spoilt[i] = (char)(spoilt[i] ^ 1 << bit);
		}
	OKF(accepted == 0, "no part of a key, and no key with a wrong bit, is a key (%u were)", accepted);
}

static void
signers(void)
{
	struct qa_tlog_signer s, t;
	char text[QA_TLOG_SIGNER_TEXT], spoilt[sizeof TEST_PRIVATE], longest[QA_TLOG_NAME_MAX + 2];
	static const unsigned char zero[32];
	unsigned accepted = 0, shown = 0;

	OK(qa_tlog_signer_scan(qa_span_str(TEST_PRIVATE), &signer, &err) == 0);
	qa_tlog_key_text(&signer.key, text);
	OK(strcmp(text, TEST_PUBLIC) == 0);
	qa_tlog_signer_text(&signer, text);
	OK(strcmp(text, TEST_PRIVATE) == 0);

	memcpy(spoilt, TEST_PRIVATE, sizeof spoilt);
	for (size_t i = 0; i < sizeof spoilt - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			spoilt[i] = (char)(spoilt[i] ^ 1 << bit);
			accepted += qa_tlog_signer_scan(qa_span_of(spoilt, sizeof spoilt - 1), &s, &err) == 0 ||
				    memcmp(s.seed, zero, sizeof zero) != 0;
			shown += strstr(err.text, "Scok") || strstr(err.text, "AZ1hs");
			spoilt[i] = (char)(spoilt[i] ^ 1 << bit);
			accepted += qa_tlog_signer_scan(qa_span_of(spoilt, i), &s, NULL) == 0;
		}
	OKF(accepted == 0, "no spoilt private key is accepted or leaves its seed (%u did)", accepted);
	OK(shown == 0);

	OK(qa_tlog_signer_new("example.com/a", &s, &err) == 0 && qa_tlog_signer_new("example.com/a", &t, &err) == 0);
	OK(memcmp(s.seed, t.seed, 32) != 0 && memcmp(s.seed, zero, 32) != 0);
	qa_tlog_signer_text(&s, text);
	OK(qa_tlog_signer_scan(qa_span_str(text), &t, &err) == 0 && memcmp(&s, &t, sizeof s) == 0);
	qa_tlog_wipe(&s, sizeof s);
	OK(memcmp(s.seed, zero, 32) == 0);

	memset(longest, 'n', sizeof longest);
	longest[QA_TLOG_NAME_MAX + 1] = 0;
	OK(qa_tlog_signer_new(longest, &s, &err) == -1 && err.num == EINVAL);
	longest[QA_TLOG_NAME_MAX] = 0;
	OK(qa_tlog_signer_new(longest, &s, &err) == 0);
	qa_tlog_signer_text(&s, text);
	OK(qa_tlog_signer_scan(qa_span_str(text), &t, &err) == 0);
	OK(qa_tlog_signer_new("", &s, &err) == -1 && qa_tlog_signer_new("a+b", &s, &err) == -1);
	OK(qa_tlog_signer_new("a b", &s, &err) == -1 && qa_tlog_signer_new("a\tb", &s, &err) == -1);
	OK(qa_tlog_signer_new("a\xc2\xa0" "b", &s, &err) == -1 && qa_tlog_signer_new("\xe3\x80\x80", &s, &err) == -1);
	OK(qa_tlog_signer_new("a\xff", &s, &err) == -1 && qa_tlog_signer_new("a\x7f", &s, &err) == -1);
	OK(qa_tlog_signer_new("\xe4\xbe\x8b.example/\xc3\xa4", &s, &err) == 0);
}

static void
opening(void)
{
	struct qa_tlog_note o;
	struct qa_tlog_key two[2] = {spec, signer.key};
	char spoilt[sizeof SPEC_NOTE];
	unsigned accepted = 0;

	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), &spec, 1, &o, &err) == 1);
	OK(qa_span_is(o.text, "This is an example message.\n") && o.signed_by == 1 && o.signatures == 1);
	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), &signer.key, 1, &o, &err) == 0 && o.signed_by == 0);
	OK(open_with(SPEC_NOTE, NULL, 0) == 0);
	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), two, 2, &o, &err) == 1 && o.signed_by == 1);
	two[0] = signer.key, two[1] = spec;
	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), two, 2, &o, &err) == 1 && o.signed_by == 2);

	/* every wrong bit is seen; one in a signature's name or id makes it unknown, which is 0 */
	memcpy(spoilt, SPEC_NOTE, sizeof spoilt);
	for (size_t i = 0; i < sizeof spoilt - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			spoilt[i] = (char)(spoilt[i] ^ 1 << bit);
			accepted += qa_tlog_note_open(qa_span_of(spoilt, sizeof spoilt - 1), &spec, 1, &o, &err) == 1;
			spoilt[i] = (char)(spoilt[i] ^ 1 << bit);
		}
	for (size_t cut = 0; cut < sizeof spoilt - 1; cut++)
		accepted += qa_tlog_note_open(qa_span_of(spoilt, cut), &spec, 1, &o, &err) != -1;
	OKF(accepted == 0, "no wrong bit and no cut is accepted (%u were)", accepted);

	OK(open_with("This is another message.\n\n" SPEC_SIGNATURE, &spec, 1) == -1 && err.num == EBADMSG);
	OKF(strstr(err.text, "example.com/foo+530d903a") != NULL, "says whose: %s", err.text);

	/* unknown signatures are ignored, before and after; also twice the same */
	OK(open_with("This is an example message.\n\n" DASH "other AAAAAAA=\n" SPEC_SIGNATURE DASH "x BBBBBBA=\n", &spec,
		     1) == 1);
	OK(open_with("This is an example message.\n\n" SPEC_SIGNATURE SPEC_SIGNATURE, &spec, 1) == 1);
	/* a known name with another id, a known id with another name */
	OK(open_with("This is an example message.\n\n" DASH "example.com/foo AAAAAAA=\n", &spec, 1) == 0);
	OK(open_with("This is an example message.\n\n" DASH "example.com/bar Uw2QOkn8\n", &spec, 1) == 0);
	/* one good signature does not make up for a wrong one of the same key */
	OK(open_with("This is an example message.\n\n" SPEC_SIGNATURE DASH "example.com/foo Uw2QOkn8\n", &spec, 1) == -1);
	OK(err.num == EBADMSG);
}

static void
malformed(void)
{
	static const char *const bad[] = {
	    "", "\n", "\n\n", "text\n", "text\n\n", SPEC_SIGNATURE, "text\n" SPEC_SIGNATURE, "text\n\n" DASH "a AAAAAAA=\nx",
	    "text\n\n" DASH "a AAAAAAA=\n\n", "text\n\n" DASH "a AAAAAAA=\nmore\n", "text\n\n" DASH "a AAAAAAA",
	    "text\n\n" DASH " AAAAAAA=\n", "text\n\n" DASH "a\n", "text\n\n" DASH "a \n", "text\n\n" DASH "a AAAA\n",
	    "text\n\n" DASH "a  AAAAAAA=\n", "text\n\n" DASH "a AAAAAAA= \n", "text\n\n" DASH "a AAAAAAA\n",
	    "text\n\n" DASH "a AAAAAAB=\n", "text\n\n" DASH "a+b AAAAAAA=\n", "text\n\n- a AAAAAAA=\n",
	    "text\n\n" DASH "a AAAA_AA=\n", "te\txt\n\n" DASH "a AAAAAAA=\n", "te\rxt\n\n" DASH "a AAAAAAA=\n",
	    "te\xffxt\n\n" DASH "a AAAAAAA=\n", "text\n\n" DASH "a\xc2\x85 AAAAAAA=\n"};
	struct qa_buf b = QA_BUF(0);
	struct qa_tlog_note o;
	static struct qa_tlog_key crowd[QA_TLOG_KEYS_MAX + 1];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OKF(open_with(bad[i], &spec, 1) == -1 && err.num == EPROTO, "no note: %zu (%s)", i, err.text);
	OK(qa_tlog_note_open(qa_span_of("te\0xt\n\n" DASH "a AAAAAAA=\n", 20), &spec, 1, &o, &err) == -1);
	OK(open_with("\n\n" DASH "a AAAAAAA=\n", &spec, 1) == 0);
	OK(open_with("a\n\nb\n\n" DASH "a AAAAAAA=\n", &spec, 1) == 0);

	/* limits: signatures, bytes, keys */
	int rc = qa_buf_addstr(&b, "text\n\n");
	for (int i = 0; i < QA_TLOG_SIGNATURES_MAX; i++)
		rc |= qa_buf_addstr(&b, DASH "a AAAAAAA=\n");
	OK(rc == 0 && qa_tlog_note_open(qa_buf_span(&b), &spec, 1, &o, &err) == 0 && o.signatures == 100);
	OK(qa_buf_addstr(&b, DASH "a AAAAAAA=\n") == 0 && qa_tlog_note_open(qa_buf_span(&b), &spec, 1, &o, &err) == -1);
	qa_buf_clear(&b);
	while (rc == 0 && b.n < QA_TLOG_NOTE_MAX - 17)
		rc = qa_buf_addc(&b, 'x');
	OK(qa_buf_addstr(&b, "\n\n" DASH "a AAAAAAA=\n") == 0 && b.n == QA_TLOG_NOTE_MAX);
	OK(qa_tlog_note_open(qa_buf_span(&b), &spec, 1, &o, &err) == 0);
	OK(qa_buf_addstr(&b, DASH "a AAAAAAA=\n") == 0 && qa_tlog_note_open(qa_buf_span(&b), &spec, 1, &o, &err) == -1);
	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), crowd, QA_TLOG_KEYS_MAX + 1, &o, &err) == -1 && err.num == EINVAL);
	crowd[0] = crowd[1] = spec;
	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), crowd, 2, &o, &err) == 1);
	crowd[1].public[0] ^= 1;
	OK(qa_tlog_note_open(qa_span_str(SPEC_NOTE), crowd, 2, &o, &err) == -1 && err.num == EINVAL);
	qa_buf_free(&b);
}

static void
signing(void)
{
	static const char *const texts[] = {"a\n", "\n", "a\n\nb\n", "\n\n\n", "\xe2\x80\x94 a AAAAAAA=\n", "\xc3\xa9\n"};
	static const char *const bad[] = {"", "a", "a\nb", "a\r\n", "a\x01\n", "\xff\n"};
	struct qa_tlog_signer two[2];
	struct qa_tlog_note o;
	struct qa_buf b = QA_BUF(0), tight = QA_BUF(60);

	two[0] = signer;
	OK(qa_tlog_signer_new("other", &two[1], &err) == 0);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		qa_buf_clear(&b);
		OK(qa_tlog_note_sign(&b, qa_span_str(texts[i]), two, 2, &err) == 0 &&
		   qa_tlog_note_open(qa_buf_span(&b), &signer.key, 1, &o, &err) == 1 && o.signatures == 2 &&
		   qa_span_is(o.text, texts[i]));
		OK(qa_tlog_note_open(qa_buf_span(&b), &two[1].key, 1, &o, &err) == 1);
	}
	qa_buf_clear(&b);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(qa_tlog_note_sign(&b, qa_span_str(bad[i]), two, 1, &err) == -1 && err.num == EINVAL && b.n == 0);
	OK(qa_tlog_note_sign(&b, qa_span_str("a\n"), two, 0, &err) == -1);
	OK(qa_tlog_note_sign(&tight, qa_span_str("a\n"), two, 1, &err) == -1 && err.num == EOVERFLOW && tight.n == 0);
	qa_buf_free(&b);
	qa_buf_free(&tight);
}

int
main(void)
{
	keys();
	signers();
	opening();
	malformed();
	signing();
	return done();
}
