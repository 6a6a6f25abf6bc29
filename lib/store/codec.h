/*
 * zstd with contexts kept for the thread: making one costs more than a small frame.
 */
#ifndef QA_STORE_CODEC_H
#define QA_STORE_CODEC_H

#include "base/attr.h"
#include "base/span.h"

#include <stdint.h>

/* Compresses at most QA_FRAME_MAX bytes: the span is the result, valid until the next call in this thread; empty when it would
 * not be smaller than raw (or when there is no memory): store it then. */
qa_span qa_codec_pack(qa_span raw, int level);

/* Exactly out_n bytes into out: 0, or -1 when stored is not that. */
int qa_codec_unpack(qa_span stored, unsigned char *out, size_t out_n) QA_MUST;

/* Room for n bytes, the thread's, valid until the next call; NULL: no memory. For frames on their way into memory. */
unsigned char *qa_codec_room(size_t n) QA_MUST;

/* Gives the thread's memory back; it is taken again when needed. */
void qa_codec_free(void);

#endif
