#include "store/segment.h"
#include "base/num.h"

#include <errno.h>
#include <stdio.h>

static const unsigned char magic[8] = {'q', 'a', 's', 'e', 'g', 'm', '1', '\n'};
enum { MAJOR = 1, MINOR = 0 };

static void
check_of(const unsigned char head[QA_SEGMENT_HEAD], const char *domain, unsigned char out[QA_FRAME_CHECK])
{
	struct qa_sha256 c;

	qa_sha256_init(&c);
	qa_sha256_add(&c, head, 48);
	qa_sha256_add(&c, domain, strlen(domain));
	struct qa_digest d = qa_sha256_end(&c);
	memcpy(out, d.b, QA_FRAME_CHECK);
}

void
qa_segment_head_put(const struct qa_segment_head *h, const char *domain, unsigned char out[QA_SEGMENT_HEAD])
{
	memcpy(out, magic, sizeof magic);
	qa_le16_put(out + 8, MAJOR);
	qa_le16_put(out + 10, MINOR);
	qa_le32_put(out + 12, QA_SEGMENT_HEAD);
	memcpy(out + 16, h->salt, QA_SEGMENT_SALT);
	qa_le32_put(out + 32, h->number);
	qa_le32_put(out + 36, h->month);
	qa_le32_put(out + 40, h->key);
	qa_le32_put(out + 44, h->generation);
	check_of(out, domain, out + 48);
}

int
qa_segment_head_get(const unsigned char in[QA_SEGMENT_HEAD], const char *domain, const char *name,
		    struct qa_segment_head *h_r, struct qa_err *err)
{
	unsigned char want[QA_FRAME_CHECK];

	if (memcmp(in, magic, sizeof magic) != 0)
		return qa_fail(err, EBADMSG, "%s is not a segment", name);
	if (qa_le16_get(in + 8) > MAJOR)
		return qa_fail(err, ENOTSUP, "%s is of version %u, newer than this program", name, qa_le16_get(in + 8));
	check_of(in, domain, want);
	if (memcmp(want, in + 48, sizeof want) != 0)
		return qa_fail(err, EBADMSG, "%s: the header is damaged, or not of domain %s", name, domain);
	if (qa_le32_get(in + 12) != QA_SEGMENT_HEAD)
		return qa_fail(err, EBADMSG, "%s: the header has a wrong size", name);
	if (qa_le32_get(in + 40) != 0)
		return qa_fail(err, ENOTSUP, "%s is encrypted, which this program cannot read", name);
	memcpy(h_r->salt, in + 16, QA_SEGMENT_SALT);
	h_r->number = qa_le32_get(in + 32);
	h_r->month = qa_le32_get(in + 36);
	h_r->key = 0;
	h_r->generation = qa_le32_get(in + 44);
	return 0;
}

void
qa_segment_name(uint32_t number, uint32_t generation, char out[QA_SEGMENT_NAME])
{
	snprintf(out, QA_SEGMENT_NAME, "segment-%06u.%u", number, generation);
}

bool
qa_segment_name_get(const char *name, uint32_t *number_r, uint32_t *generation_r)
{
	char again[QA_SEGMENT_NAME];
	uint64_t number, generation;
	const char *dot = strchr(name, '.');

	if (strncmp(name, "segment-", 8) != 0 || !dot)
		return false;
	if (qa_scan_u64(qa_span_of(name + 8, (size_t)(dot - name) - 8), &number) || number > QA_SEGMENT_MOST ||
	    qa_scan_u64(qa_span_str(dot + 1), &generation) || generation > UINT32_MAX)
		return false;
	qa_segment_name((uint32_t)number, (uint32_t)generation, again);
	*number_r = (uint32_t)number;
	*generation_r = (uint32_t)generation;
	return strcmp(again, name) == 0;
}
