#include "tlog/note.h"
#include "base/id.h"
#include "base/sha256.h"
#include "tlog/line-private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define ED25519 1 /* the signature type of signed-note */
#define SIGNATURE_SIZE 64
#define DASH "\xe2\x80\x94 " /* em dash, space */
#define PRIVATE "PRIVATE+KEY+"

void
qa_tlog_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

/* --- Names --- */

/* The sequences that Unicode calls white space, beyond ASCII. */
static bool
wide_space(const unsigned char *p, size_t n)
{
	static const char list[][4] = {
	    "\xc2\x85",	    "\xc2\xa0",	    "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
	    "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
	    "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
	    "\xe3\x80\x80"};

	for (size_t i = 0; n > 1 && i < sizeof list / sizeof *list; i++)
		if (strlen(list[i]) == n && memcmp(list[i], p, n) == 0)
			return true;
	return false;
}

static bool
good_name(qa_span s)
{
	if (s.n == 0 || s.n > QA_TLOG_NAME_MAX)
		return false;
	for (size_t i = 0; i < s.n;) {
		size_t n = qa_utf8_len(qa_span_cut(s, i, s.n));

		if (n == 0 || s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '+' || wide_space(s.p + i, n))
			return false;
		i += n;
	}
	return true;
}

/* --- Keys --- */

static uint32_t
key_id(const struct qa_tlog_key *key)
{
	static const unsigned char between[2] = {'\n', ED25519};
	struct qa_sha256 c;
	struct qa_digest d;

	qa_sha256_init(&c);
	qa_sha256_add(&c, key->name, strlen(key->name));
	qa_sha256_add(&c, between, sizeof between);
	qa_sha256_add(&c, key->public, sizeof key->public);
	d = qa_sha256_end(&c);
	return (uint32_t)d.b[0] << 24 | (uint32_t)d.b[1] << 16 | (uint32_t)d.b[2] << 8 | d.b[3];
}

static qa_span
without_end(qa_span s)
{
	return s.n && s.p[s.n - 1] == '\n' ? qa_span_cut(s, 0, s.n - 1) : s;
}

/* NAME+ID+base64(type || 32 bytes): the name and id to key_r, the bytes to secret_r. */
static int
scan_parts(qa_span s, const char *what, struct qa_tlog_key *key_r, unsigned char bytes_r[32], struct qa_err *err)
{
	const unsigned char *plus = s.n ? memchr(s.p, '+', s.n) : NULL;
	qa_span name = {s.p, plus ? (size_t)(plus - s.p) : 0};
	unsigned char id[4], space[36];
	struct qa_buf b = QA_TLOG_STACK_BUF(space);
	qa_span digits = qa_span_cut(s, name.n + 1, 8);
	int rc = -1;

	memset(key_r, 0, sizeof *key_r);
	if (!plus || !good_name(name))
		return qa_fail(err, EPROTO, "not a %s key: its name is empty, too long or has a forbidden character",
			       what);
	memcpy(key_r->name, name.p, name.n);
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] >= 'A' && digits.p[i] <= 'F')
			digits.n = 0;
	if (qa_unhex(digits, id, sizeof id) || s.n < name.n + 10 || s.p[name.n + 9] != '+')
		return qa_fail(err, EPROTO, "not a %s key: no id of 8 lower-case hexadecimal digits", what);
	key_r->id = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
	if (qa_unbase64_add(&b, qa_span_cut(s, name.n + 10, s.n)) || b.n == 0)
		qa_fail(err, EPROTO, "not a %s key: its last part is not base64 of a type and 32 bytes", what);
	else if (space[0] != ED25519)
		qa_fail(err, EPROTO, "cannot use a %s key of type %u: only Ed25519 (1) is known", what, space[0]);
	else if (b.n != 33)
		qa_fail(err, EPROTO, "not a %s key: %zu bytes in place of 32", what, b.n - 1);
	else
		rc = 0;
	if (rc == 0)
		memcpy(bytes_r, space + 1, 32);
	OPENSSL_cleanse(space, sizeof space);
	return rc;
}

static int
wrong_id(const struct qa_tlog_key *key, struct qa_err *err)
{
	return qa_fail(err, EPROTO, "not a key: id %08" PRIx32 " does not belong to its name and bytes", key->id);
}

int
qa_tlog_key_scan(qa_span text, struct qa_tlog_key *key_r, struct qa_err *err)
{
	if (scan_parts(without_end(text), "public", key_r, key_r->public, err))
		return -1;
	return key_r->id == key_id(key_r) ? 0 : wrong_id(key_r, err);
}

/* NAME+ID+base64, the last of the type and 32 bytes. */
static void
parts_text(const struct qa_tlog_key *key, const unsigned char bytes[32], char *out, size_t size)
{
	unsigned char raw[33], space[48];
	struct qa_buf b = QA_TLOG_STACK_BUF(space);

	raw[0] = ED25519;
	memcpy(raw + 1, bytes, 32);
	if (qa_base64_add(&b, qa_span_of(raw, sizeof raw)) == 0)
		snprintf(out, size, "%s+%08" PRIx32 "+%.*s", key->name, key->id, (int)b.n, (const char *)b.p);
	OPENSSL_cleanse(raw, sizeof raw);
	OPENSSL_cleanse(space, sizeof space);
}

void
qa_tlog_key_text(const struct qa_tlog_key *key, char out[QA_TLOG_KEY_TEXT])
{
	parts_text(key, key->public, out, QA_TLOG_KEY_TEXT);
}

void
qa_tlog_signer_text(const struct qa_tlog_signer *signer, char out[QA_TLOG_SIGNER_TEXT])
{
	size_t n = sizeof PRIVATE - 1;

	memcpy(out, PRIVATE, n);
	parts_text(&signer->key, signer->seed, out + n, QA_TLOG_SIGNER_TEXT - n);
}

/* What OpenSSL says of its last failure, which it then forgets. */
static int
openssl_failed(const char *what, struct qa_err *err)
{
	char why[160];

	ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
	ERR_clear_error();
	return qa_fail(err, EIO, "cannot %s: OpenSSL: %s", what, why);
}

static EVP_PKEY *
private_key(const struct qa_tlog_signer *s)
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, s->seed, sizeof s->seed);
}

/* The public key that belongs to the seed. */
static int
derive(struct qa_tlog_signer *s, struct qa_err *err)
{
	EVP_PKEY *k = private_key(s);
	size_t n = sizeof s->key.public;
	int good = k && EVP_PKEY_get_raw_public_key(k, s->key.public, &n) == 1 && n == sizeof s->key.public;

	EVP_PKEY_free(k);
	return good ? 0 : openssl_failed("derive a public key", err);
}

int
qa_tlog_signer_new(const char *name, struct qa_tlog_signer *signer_r, struct qa_err *err)
{
	memset(signer_r, 0, sizeof *signer_r);
	if (!good_name(qa_span_str(name)))
		return qa_fail(err, EINVAL, "cannot make a key: its name is empty, too long or has a forbidden character");
	memcpy(signer_r->key.name, name, strlen(name));
	if (qa_random(signer_r->seed, sizeof signer_r->seed))
		return qa_fail(err, errno, "cannot make the key of %s: ", name);
	if (derive(signer_r, err)) {
		OPENSSL_cleanse(signer_r, sizeof *signer_r);
		return -1;
	}
	signer_r->key.id = key_id(&signer_r->key);
	return 0;
}

int
qa_tlog_signer_scan(qa_span text, struct qa_tlog_signer *signer_r, struct qa_err *err)
{
	size_t n = sizeof PRIVATE - 1;
	int rc;

	memset(signer_r, 0, sizeof *signer_r);
	if (!qa_span_eq(qa_span_cut(text, 0, n), qa_span_str(PRIVATE)))
		return qa_fail(err, EPROTO, "not a private key: it does not begin with " PRIVATE);
	rc = scan_parts(without_end(qa_span_cut(text, n, text.n)), "private", &signer_r->key, signer_r->seed, err);
	if (rc == 0)
		rc = derive(signer_r, err);
	if (rc == 0 && signer_r->key.id != key_id(&signer_r->key))
		rc = wrong_id(&signer_r->key, err);
	if (rc)
		OPENSSL_cleanse(signer_r, sizeof *signer_r);
	return rc;
}

/* --- Signing --- */

static int
sign(qa_span text, const struct qa_tlog_signer *s, unsigned char sig_r[SIGNATURE_SIZE], struct qa_err *err)
{
	EVP_PKEY *k = private_key(s);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t n = SIGNATURE_SIZE;
	int good = k && c && EVP_DigestSignInit(c, NULL, NULL, NULL, k) == 1 &&
		   EVP_DigestSign(c, sig_r, &n, text.p, text.n) == 1 && n == SIGNATURE_SIZE;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return good ? 0 : openssl_failed("sign", err);
}

static int
add_signature(struct qa_buf *b, qa_span text, const struct qa_tlog_signer *s, struct qa_err *err)
{
	unsigned char raw[4 + SIGNATURE_SIZE];

	for (int i = 0; i < 4; i++)
		raw[i] = (unsigned char)(s->key.id >> (24 - 8 * i));
	if (sign(text, s, raw + 4, err))
		return -1;
	if (qa_buf_addf(b, DASH "%s ", s->key.name) || qa_base64_add(b, qa_span_of(raw, sizeof raw)) ||
	    qa_buf_addc(b, '\n'))
		return qa_fail(err, errno, "cannot sign as %s: ", s->key.name);
	return 0;
}

int
qa_tlog_note_sign(struct qa_buf *b, qa_span text, const struct qa_tlog_signer *signers, size_t n,
		  struct qa_err *err)
{
	size_t start = b->n;

	if (text.n == 0 || text.p[text.n - 1] != '\n' || !qa_tlog_plain(text, true))
		return qa_fail(err, EINVAL, "cannot sign: the text is not lines of UTF-8 without control characters");
	if (n == 0 || n > QA_TLOG_SIGNATURES_MAX)
		return qa_fail(err, EINVAL, "cannot sign with %zu keys", n);
	if (qa_buf_addspan(b, text) || qa_buf_addc(b, '\n')) {
		b->n = start;
		return qa_fail(err, errno, "cannot sign: ");
	}
	for (size_t i = 0; i < n; i++)
		if (add_signature(b, text, &signers[i], err)) {
			b->n = start;
			return -1;
		}
	if (b->n - start > QA_TLOG_NOTE_MAX) {
		b->n = start;
		return qa_fail(err, EOVERFLOW, "cannot sign: the note is larger than %zu bytes", QA_TLOG_NOTE_MAX);
	}
	return 0;
}

/* --- Opening --- */

static int
malformed(const char *why, struct qa_err *err)
{
	return qa_fail(err, EPROTO, "not a signed note: %s", why);
}

/* 1 good, 0 wrong, -1 when OpenSSL cannot even try. */
static int
verify(qa_span text, const struct qa_tlog_key *key, qa_span sig, struct qa_err *err)
{
	EVP_PKEY *k;
	EVP_MD_CTX *c;
	int rc = -1;

	if (sig.n != SIGNATURE_SIZE)
		return 0;
	k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public, sizeof key->public);
	c = EVP_MD_CTX_new();
	if (k && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1)
		rc = EVP_DigestVerify(c, sig.p, sig.n, text.p, text.n) == 1;
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	if (rc < 0)
		return openssl_failed("verify a signature", err);
	ERR_clear_error();
	return rc;
}

/* The number of the first key of that name and id, or n. */
static size_t
find_key(const struct qa_tlog_key *keys, size_t n, qa_span name, uint32_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (keys[i].id == id && qa_span_is(name, keys[i].name))
			break;
	return i;
}

static int
check_keys(const struct qa_tlog_key *keys, size_t n, struct qa_err *err)
{
	if (n > QA_TLOG_KEYS_MAX)
		return qa_fail(err, EINVAL, "cannot verify with more than %d keys", QA_TLOG_KEYS_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t k = find_key(keys, n, qa_span_str(keys[i].name), keys[i].id);

		if (memcmp(keys[k].public, keys[i].public, sizeof keys[i].public) != 0)
			return qa_fail(err, EINVAL, "cannot verify: two keys are both %s+%08" PRIx32, keys[i].name,
				       keys[i].id);
	}
	return 0;
}

/* One signature line, whose bytes are decoded to space. */
static int
open_line(qa_span line, const struct qa_tlog_key *keys, size_t n, struct qa_buf *space, struct qa_tlog_note *note,
	  struct qa_err *err)
{
	size_t dash = sizeof DASH - 1, k;
	const unsigned char *blank;
	qa_span name;
	uint32_t id;

	if (!qa_span_eq(qa_span_cut(line, 0, dash), qa_span_str(DASH)))
		return malformed("a line after the text's end is no signature", err);
	line = qa_span_cut(line, dash, line.n);
	blank = line.n ? memchr(line.p, ' ', line.n) : NULL;
	name = qa_span_of(line.p, blank ? (size_t)(blank - line.p) : 0);
	if (!blank || !good_name(name))
		return malformed("a signature names no key", err);
	qa_buf_clear(space);
	if (qa_unbase64_add(space, qa_span_cut(line, name.n + 1, line.n))) {
		if (errno == ENOMEM)
			return qa_fail(err, errno, "cannot read a signature: ");
		return malformed("a signature is not base64", err);
	}
	if (space->n < 5)
		return malformed("a signature is too short", err);
	if (++note->signatures > QA_TLOG_SIGNATURES_MAX)
		return malformed("it has too many signatures", err);
	id = (uint32_t)space->p[0] << 24 | (uint32_t)space->p[1] << 16 | (uint32_t)space->p[2] << 8 | space->p[3];
	k = find_key(keys, n, name, id);
	if (k == n)
		return 0;
	switch (verify(note->text, &keys[k], qa_span_of(space->p + 4, space->n - 4), err)) {
	case 1:
		note->signed_by |= UINT64_C(1) << k;
		return 0;
	case 0:
		return qa_fail(err, EBADMSG, "the signature of %s+%08" PRIx32 " is wrong", keys[k].name, id);
	default:
		return -1;
	}
}

int
qa_tlog_note_open(qa_span note, const struct qa_tlog_key *keys, size_t n, struct qa_tlog_note *note_r,
		  struct qa_err *err)
{
	struct qa_buf space = QA_BUF(QA_TLOG_NOTE_MAX);
	qa_span rest, line;
	size_t end;
	int rc = 0;

	*note_r = (struct qa_tlog_note){{NULL, 0}, 0, 0};
	if (check_keys(keys, n, err))
		return -1;
	if (note.n > QA_TLOG_NOTE_MAX)
		return malformed("it is too large", err);
	if (!qa_tlog_plain(note, true))
		return malformed("it has control characters or is not UTF-8", err);
	/* the last empty line divides text and signatures */
	for (end = note.n; end >= 2 && !(note.p[end - 2] == '\n' && note.p[end - 1] == '\n'); end--)
		;
	if (end < 2 || end == note.n || note.p[note.n - 1] != '\n')
		return malformed("no signature lines after an empty line", err);
	note_r->text = qa_span_cut(note, 0, end - 1);
	rest = qa_span_cut(note, end, note.n);
	while (rc == 0 && qa_tlog_line(&rest, &line))
		rc = open_line(line, keys, n, &space, note_r, err);
	qa_buf_free(&space);
	if (rc)
		return -1;
	return note_r->signed_by != 0;
}
