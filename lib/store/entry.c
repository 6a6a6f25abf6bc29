#include "store/entry.h"
#include "base/num.h"

int
qa_entry_put(const struct qa_entry_body *e, struct qa_buf *b)
{
	unsigned char h[QA_ENTRY_HEAD] = {QA_ENTRY_VERSION, e->flags};

	qa_le32_put(h + 4, (uint32_t)e->trace.n);
	qa_le64_put(h + 8, e->size);
	qa_le64_put(h + 16, e->rest_item);
	qa_le64_put(h + 24, e->fields_item);
	qa_le32_put(h + 32, (uint32_t)e->fields.n);
	memcpy(h + 40, e->digest.b, 32);
	memcpy(h + 72, e->secret, 32);
	if (qa_buf_reserve(b, sizeof h + e->trace.n + e->fields.n))
		return -1;
	if (qa_buf_add(b, h, sizeof h) || qa_buf_addspan(b, e->trace) || qa_buf_addspan(b, e->fields))
		return -1;
	return 0;
}

bool
qa_entry_get(qa_span s, struct qa_entry_body *e_r)
{
	struct qa_entry_body e = {0};

	if (s.n < QA_ENTRY_HEAD || s.p[0] != QA_ENTRY_VERSION || (s.p[1] & ~7) || s.p[2] || s.p[3])
		return false;
	uint32_t t = qa_le32_get(s.p + 4), f = qa_le32_get(s.p + 32);
	if (qa_le32_get(s.p + 36) || (uint64_t)QA_ENTRY_HEAD + t + f != s.n)
		return false;
	e.flags = s.p[1];
	e.size = qa_le64_get(s.p + 8);
	e.rest_item = qa_le64_get(s.p + 16);
	e.fields_item = qa_le64_get(s.p + 24);
	memcpy(e.digest.b, s.p + 40, 32);
	memcpy(e.secret, s.p + 72, 32);
	e.trace = qa_span_of(s.p + QA_ENTRY_HEAD, t);
	e.fields = qa_span_of(s.p + QA_ENTRY_HEAD + t, f);
	/* a purged entry keeps its numbers; a message has a rest, no message has none */
	bool message = e.flags & QA_ENTRY_MESSAGE, apart = e.flags & QA_ENTRY_FIELDS_ITEM;
	if (!message && (e.size || t || e.rest_item))
		return false;
	/* the digest enters the leaf: one of a message that the entry no longer has must not pass */
	if (!message) {
		struct qa_digest nothing = qa_sha256_of(qa_span_of(NULL, 0));

		if (!qa_digest_eq(&e.digest, &nothing))
			return false;
	}
	if (message && (e.size < t || (!e.rest_item && !(e.flags & QA_ENTRY_PURGED))))
		return false;
	if (apart ? !e.fields_item || f : e.fields_item != 0)
		return false;
	*e_r = e;
	return true;
}
