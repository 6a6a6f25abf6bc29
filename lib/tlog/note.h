/*
 * Signed notes (c2sp.org/signed-note): text with one or more Ed25519 signatures, each a line
 * that names its key. Keys are text as golang.org/x/mod/sumdb/note writes it:
 *
 *	public   NAME+ID+base64(0x01 || 32-byte public key)
 *	private  PRIVATE+KEY+NAME+ID+base64(0x01 || 32-byte seed)
 *
 * where ID, 8 lower-case hexadecimal digits, are the first bytes of SHA-256(NAME || LF || 0x01 ||
 * public key). A name is UTF-8 without white space, control characters and '+'.
 *
 * Whoever holds a struct qa_tlog_signer or a private key's text wipes it after use.
 */
#ifndef QA_TLOG_NOTE_H
#define QA_TLOG_NOTE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define QA_TLOG_NAME_MAX 255		    /* bytes of a key's name */
#define QA_TLOG_KEY_TEXT 320		    /* the longest public key's text and a NUL */
#define QA_TLOG_SIGNER_TEXT 336		    /* the longest private key's text and a NUL */
#define QA_TLOG_NOTE_MAX ((size_t)256 * 1024) /* bytes of a signed note */
#define QA_TLOG_SIGNATURES_MAX 100	    /* signature lines of a note */
#define QA_TLOG_KEYS_MAX 64		    /* keys that a note can be opened with */

struct qa_tlog_key {
	char name[QA_TLOG_NAME_MAX + 1];
	uint32_t id;
	unsigned char public[32];
};

struct qa_tlog_signer {
	struct qa_tlog_key key;
	unsigned char seed[32]; /* secret */
};

/* Overwrites secrets in a way that no compiler leaves out. */
void qa_tlog_wipe(void *p, size_t n);

/* Reads a public key's text; one line feed may follow, as in the file log/vkey. EPROTO says
 * what is wrong with it, also when its id does not belong to name and key. */
int qa_tlog_key_scan(qa_span text, struct qa_tlog_key *key_r, struct qa_err *err) QA_MUST;
void qa_tlog_key_text(const struct qa_tlog_key *key, char out[QA_TLOG_KEY_TEXT]);

/* A new key from the kernel's generator. EINVAL when NAME is not a key's name. */
int qa_tlog_signer_new(const char *name, struct qa_tlog_signer *signer_r, struct qa_err *err) QA_MUST;

/* A private key's text, one line feed may follow. Errors never show any of the text. After a failure
 * nothing secret is left in *signer_r. */
int qa_tlog_signer_scan(qa_span text, struct qa_tlog_signer *signer_r, struct qa_err *err) QA_MUST;
void qa_tlog_signer_text(const struct qa_tlog_signer *signer, char out[QA_TLOG_SIGNER_TEXT]); /* secret */

/* Appends TEXT, an empty line and a signature line of each of the n signers. TEXT is UTF-8
 * without control characters but line feeds and ends in one, else EINVAL. Ed25519 has no random
 * part: the same text and key give the same note. */
int qa_tlog_note_sign(struct qa_buf *b, qa_span text, const struct qa_tlog_signer *signers, size_t n,
		      struct qa_err *err) QA_MUST;

struct qa_tlog_note {
	qa_span text;	    /* what was signed, with its last line feed; within the note's bytes */
	uint64_t signed_by; /* bit i: keys[i] signed */
	unsigned signatures; /* lines, known and unknown */
};

/* Takes a note apart and verifies the signatures of the n keys. Signatures of other keys are
 * ignored, whatever they hold. Returns
 *	1	at least one of the keys signed, and no signature of any of them is wrong
 *	0	well formed, but none of the keys signed it; note_r->text is then nobody's word
 *	-1	EPROTO: not a signed note; EBADMSG: a signature of one of the keys is wrong;
 *		EINVAL: too many keys, or two of equal name and id that differ */
int qa_tlog_note_open(qa_span note, const struct qa_tlog_key *keys, size_t n, struct qa_tlog_note *note_r,
		      struct qa_err *err) QA_MUST;

#endif
