/* A frame, a segment header or a manifest by hostile hands. */
#include "store/codec.h"
#include "store/entry.h"
#include "store/frame.h"
#include "store/manifest.h"
#include "store/segment.h"
#include "base/num.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void
frame(const uint8_t *p, size_t n)
{
	static const unsigned char salt[QA_SEGMENT_SALT];
	static uint32_t start[QA_FRAME_COUNT + 1];
	struct qa_frame f;
	struct qa_entry_body e;

	if (n < QA_FRAME_HEAD || !qa_frame_get(p, &f) || qa_frame_size(&f) > n)
		return;
	const unsigned char *dir = p + QA_FRAME_HEAD;
	qa_span stored = qa_span_of(dir + f.dir, f.stored);
	(void)qa_frame_check(p, salt, 64, qa_span_of(dir, f.dir), stored);
	if (!qa_frame_dir(&f, dir, start))
		return;
	for (uint32_t i = 0; i <= f.count; i++)
		if (start[i] > f.raw || (i && start[i] < start[i - 1]))
			abort();
	unsigned char *raw = malloc(f.raw ? f.raw : 1);
	if (!raw)
		return;
	if (f.codec == QA_STORED)
		memcpy(raw, stored.p, f.raw);
	if ((f.codec == QA_STORED || qa_codec_unpack(stored, raw, f.raw) == 0) && f.type == QA_FRAME_ENTRIES)
		for (uint32_t i = 0; i < f.count; i++)
			(void)qa_entry_get(qa_span_of(raw + start[i], start[i + 1] - start[i]), &e);
	free(raw);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct qa_segment_head h;
	struct qa_manifest m;
	struct qa_err err;

	frame(p, n);
	if (n >= QA_SEGMENT_HEAD && qa_segment_head_get(p, "example.com", "x", &h, &err) == 0)
		frame(p + QA_SEGMENT_HEAD, n - QA_SEGMENT_HEAD);
	if (qa_manifest_get(qa_span_of(p, n), "example.com", 24322, &m, &err) == 0)
		qa_manifest_free(&m);
	return 0;
}
