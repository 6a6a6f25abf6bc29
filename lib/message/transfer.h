/*
 * Content-Transfer-Encoding undone by GMime, as stream and as tolerant as mail readers are: bytes
 * that do not belong are skipped (base64) or kept as they are (quoted-printable), missing padding
 * is no matter. What GMime alone does not take is put right in front of it: padding in the middle
 * of base64 starts anew, a soft line break may have blanks behind its '=', lines may end in CR.
 */
#ifndef QA_MESSAGE_TRANSFER_H
#define QA_MESSAGE_TRANSFER_H

#include "base/span.h"
#include "message/sink.h"

#include <gmime/gmime.h>

struct qa_transfer {
	GMimeEncoding encoding;
	enum {
		QA_TRANSFER_HARD,
		QA_TRANSFER_SOFT,
		QA_TRANSFER_SOFT_CR
	} soft; /* quoted-printable: behind a '=', and a CR */
};

/* The encoding a field's value names; what nobody knows is the default one, which changes nothing. */
GMimeContentEncoding qa_transfer_encoding(qa_span value);

/* True when bodies in it have to be decoded. */
bool qa_transfer_encoded(GMimeContentEncoding encoding);

/* The bytes to decode: uuencoded ones start behind their "begin" line. */
qa_span qa_transfer_body(GMimeContentEncoding encoding, qa_span body);

void qa_transfer_init(struct qa_transfer *t, GMimeContentEncoding encoding);

/* Decodes more of the stream; OUT has room for IN.n + 4 bytes. Returns how many it got. */
size_t qa_transfer_step(struct qa_transfer *t, qa_span in, unsigned char *out);

/* What the end of the stream still gives, at most 4 bytes. */
size_t qa_transfer_end(struct qa_transfer *t, unsigned char *out);

/* The whole of IN, as far as OUT takes it. */
void qa_transfer_all(GMimeContentEncoding encoding, qa_span in, struct qa_sink *out);

/* False when BYTES under the label base64 are plainly something else, as some programs send. */
bool qa_transfer_is_base64(qa_span bytes);

/* The length of "begin 644 name" at the front of s, with its line break; 0: no such line. */
size_t qa_transfer_uu_begin(qa_span s, qa_span *name_r);

#endif
