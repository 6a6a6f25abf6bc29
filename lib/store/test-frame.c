#include "store/codec.h"
#include "store/entry.h"
#include "store/frame.h"
#include "store/item.h"
#include "store/segment.h"
#include "base/num.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>

static const unsigned char salt[QA_SEGMENT_SALT] = "0123456789abcdef";

static void
put_dir(unsigned char *dir, uint32_t i, uint64_t number, uint32_t length)
{
	struct qa_item_dir d = {number, length, QA_ITEM_REST, {{1}}};

	qa_item_dir_put(&d, dir + (size_t)i * QA_ITEM_DIR);
}

static void
test_frame(void)
{
	unsigned char dir[3 * QA_ITEM_DIR], payload[100] = {1, 2, 3}, h[QA_FRAME_HEAD];
	struct qa_frame f = {.type = QA_FRAME_ITEMS, .dir = sizeof dir, .stored = 100, .raw = 100, .count = 3, .first = 7};
	struct qa_frame g;
	uint32_t start[4];

	put_dir(dir, 0, 7, 40);
	put_dir(dir, 1, 9, 0);
	put_dir(dir, 2, 12, 60);
	qa_frame_put(&f, salt, 64, qa_span_of(dir, sizeof dir), qa_span_of(payload, 100), h);
	OK(qa_frame_get(h, &g) && g.type == f.type && g.codec == f.codec && g.dir == f.dir && g.stored == f.stored &&
	   g.raw == f.raw && g.count == f.count && g.first == f.first && g.at == f.at && g.items == f.items);
	OK(qa_frame_size(&g) == 64 + sizeof dir + 100);
	OK(qa_frame_check(h, salt, 64, qa_span_of(dir, sizeof dir), qa_span_of(payload, 100)));
	OKF(!qa_frame_check(h, salt, 65, qa_span_of(dir, sizeof dir), qa_span_of(payload, 100)), "another place");
	OKF(!qa_frame_check(h, payload, 64, qa_span_of(dir, sizeof dir), qa_span_of(payload, 100)), "another salt");
	OK(qa_frame_dir(&f, dir, start) && start[0] == 0 && start[1] == 40 && start[2] == 40 && start[3] == 100);

	int seen = 0;
	for (size_t i = 0; i < sizeof h * 8; i++) {
		h[i / 8] ^= (unsigned char)(1 << i % 8);
		seen += !qa_frame_get(h, &g) ||
			!qa_frame_check(h, salt, 64, qa_span_of(dir, sizeof dir), qa_span_of(payload, 100));
		h[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	OKF(seen == 512, "each of 512 flipped bits of a header is seen");

	put_dir(dir, 1, 7, 0);
	OKF(!qa_frame_dir(&f, dir, start), "numbers must rise");
	put_dir(dir, 1, 9, 1);
	OKF(qa_frame_dir(&f, dir, start), "the last item may go on");
	put_dir(dir, 1, 9, 61);
	OKF(!qa_frame_dir(&f, dir, start), "another may not");
	put_dir(dir, 1, 9, 0);
	put_dir(dir, 2, 12, 59);
	OKF(!qa_frame_dir(&f, dir, start), "the payload is filled");
	put_dir(dir, 2, 12, UINT32_MAX);
	OK(qa_frame_dir(&f, dir, start));
	dir[12] = 4;
	OKF(!qa_frame_dir(&f, dir, start), "kinds are known");
}

static void
test_codec(void)
{
	size_t n = QA_FRAME_MAX;
	unsigned char *raw = malloc(n), *back = malloc(n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++)
		raw[i] = (unsigned char)("abcd"[i % 3 + (i % 1000 == 0)]);
	qa_span packed = qa_codec_pack(qa_span_of(raw, n), 3);
	OK(packed.n && packed.n < n / 10);
	OK(qa_codec_unpack(packed, back, n) == 0 && memcmp(raw, back, n) == 0);
	OK(qa_codec_unpack(packed, back, n - 1) == -1);
	OK(qa_codec_unpack(qa_span_of(packed.p, packed.n - 1), back, n) == -1);
	OK(qa_codec_unpack(qa_span_of(raw, 100), back, n) == -1 && errno == EBADMSG);
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		raw[i] = (unsigned char)(x >> 24);
	}
	OKF(qa_codec_pack(qa_span_of(raw, n), 3).n == 0, "what does not shrink is not packed");
	OK(qa_codec_pack(qa_span_of(raw, 0), 3).n == 0);
	qa_codec_free();
	free(raw);
	free(back);
}

static void
test_segment(void)
{
	struct qa_segment_head a = {.number = 3, .generation = 1, .month = 24322}, b;
	unsigned char h[QA_SEGMENT_HEAD];
	char name[QA_SEGMENT_NAME];
	uint32_t number, generation;
	struct qa_err err;
	int seen = 0;

	memcpy(a.salt, salt, sizeof salt);
	qa_segment_head_put(&a, "example.com", h);
	OK(qa_segment_head_get(h, "example.com", "x", &b, &err) == 0 && memcmp(&a, &b, sizeof a) == 0);
	OK(qa_segment_head_get(h, "example.org", "x", &b, &err) == -1 && errno == EBADMSG);
	for (size_t i = 0; i < sizeof h * 8; i++) {
		h[i / 8] ^= (unsigned char)(1 << i % 8);
		seen += qa_segment_head_get(h, "example.com", "x", &b, &err) == -1;
		h[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	OK(seen == 512);
	h[8] = 2;
	OK(qa_segment_head_get(h, "example.com", "x", &b, &err) == -1 && errno == ENOTSUP);
	qa_segment_name(42, 7, name);
	OK(strcmp(name, "segment-000042.7") == 0 && qa_segment_name_get(name, &number, &generation) && number == 42 &&
	   generation == 7);
	OK(!qa_segment_name_get("segment-42.7", &number, &generation) &&
	   !qa_segment_name_get("segment-000042", &number, &generation) &&
	   !qa_segment_name_get("segment-000042.", &number, &generation) &&
	   !qa_segment_name_get("segment-000042.07", &number, &generation) &&
	   !qa_segment_name_get("entries.idx", &number, &generation));
}

static void
test_entry(void)
{
	struct qa_entry_body a = {.flags = QA_ENTRY_MESSAGE, .size = 100, .rest_item = 5, .trace = qa_span_str("Received: x\n"),
				  .fields = qa_span_str("fields")};
	struct qa_entry_body b;
	struct qa_buf s = QA_BUF(0);

	memset(a.secret, 7, sizeof a.secret);
	OK(qa_entry_put(&a, &s) == 0 && s.n == QA_ENTRY_HEAD + 12 + 6);
	OK(qa_entry_get(qa_buf_span(&s), &b) && b.size == 100 && b.rest_item == 5 && qa_span_eq(a.trace, b.trace) &&
	   qa_span_eq(a.fields, b.fields) && memcmp(a.secret, b.secret, 32) == 0);
	int cut = 0;
	for (size_t n = 0; n < s.n; n++)
		cut += !qa_entry_get(qa_span_of(s.p, n), &b);
	OKF((size_t)cut == s.n, "no part of an entry is one");
	s.p[0] = 2;
	OK(!qa_entry_get(qa_buf_span(&s), &b));
	s.p[0] = 1;
	s.p[1] = 8;
	OK(!qa_entry_get(qa_buf_span(&s), &b));
	s.p[1] = 0;
	OKF(!qa_entry_get(qa_buf_span(&s), &b), "an event has no rest");
	s.p[1] = 1;
	qa_le64_put(s.p + 8, 3);
	OKF(!qa_entry_get(qa_buf_span(&s), &b), "a message is not shorter than its trace");
	qa_buf_free(&s);
}

static void
test_recipe(void)
{
	struct qa_recipe_part a = {.at = 10, .item = 3, .encoded = 5000, .line = 76, .crlf = true}, b, c;
	unsigned char h[QA_RECIPE_PART], n4[4] = {2, 0, 0, 0};
	uint32_t n;

	qa_recipe_part_put(&a, h);
	OK(qa_recipe_part_get(h, NULL, 10, &b) && a.at == b.at && a.item == b.item && a.encoded == b.encoded &&
	   a.line == b.line && a.crlf == b.crlf);
	OKF(!qa_recipe_part_get(h, NULL, 9, &c), "behind the skeleton");
	OKF(!qa_recipe_part_get(h, &b, 10, &c), "positions rise");
	h[29] = 1;
	OK(!qa_recipe_part_get(h, NULL, 10, &c));
	h[29] = 0;
	h[24] = 77;
	OK(!qa_recipe_part_get(h, NULL, 10, &c));
	OK(qa_recipe_count(n4, 68, &n) && n == 2);
	OK(!qa_recipe_count(n4, 67, &n));
	n4[2] = 1;
	OK(!qa_recipe_count(n4, UINT64_MAX / 2, &n));
}

int
main(void)
{
	test_frame();
	test_codec();
	test_segment();
	test_entry();
	test_recipe();
	return done();
}
