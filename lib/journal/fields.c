/* The typed fields of a record: one table says what each may be. */
#include "base/num.h"
#include "journal/record.h"

#include <errno.h>
#include <string.h>

enum { ANY = -1, ONCE = 0, MANY = 1 };

static const struct kind_of_field {
	uint16_t type;
	int16_t size; /* exact length of the value, ANY */
	int many;
	const char *name;
} table[] = {
    {QA_F_ID, QA_ID_SIZE, ONCE, "id"},
    {QA_F_KIND, 1, ONCE, "kind"},
    {QA_F_CAPTURED, 8, ONCE, "captured"},
    {QA_F_SOURCE, 1, ONCE, "source"},
    {QA_F_HOST, ANY, ONCE, "host"},
    {QA_F_PEER, 12, ONCE, "peer"},
    {QA_F_UID, 4, ONCE, "uid"},
    {QA_F_SENDER, ANY, ONCE, "sender"},
    {QA_F_RECIPIENT, ANY, MANY, "recipient"},
    {QA_F_WITHHELD, 8, ONCE, "withheld"},
    {QA_F_REMOTE_IP, ANY, ONCE, "remote-ip"},
    {QA_F_REMOTE_HOST, ANY, ONCE, "remote-host"},
    {QA_F_HELO, ANY, ONCE, "helo"},
    {QA_F_AUTH, ANY, ONCE, "auth"},
    {QA_F_RELAYCLIENT, ANY, ONCE, "relayclient"},
    {QA_F_PROTO, ANY, ONCE, "proto"},
    {QA_F_LOCAL_PORT, ANY, ONCE, "local-port"},
    {QA_F_OFFERED, 0, ONCE, "offered"},
    {QA_F_HEADONLY, 8, ONCE, "headonly"},
    {QA_F_MAILBOX, ANY, ONCE, "mailbox"},
    {QA_F_RCPT_ENV, ANY, ONCE, "rcpt-env"},
    {QA_F_DTLINE, ANY, ONCE, "dtline"},
    {QA_F_RPLINE, ANY, ONCE, "rpline"},
    {QA_F_REFERS, QA_SHA256_SIZE, ONCE, "refers"},
    {QA_F_FOR_DOMAIN, ANY, ONCE, "for-domain"},
    {QA_F_SOURCE_FILE, ANY, ONCE, "source-file"},
    {QA_F_SOURCE_POS, 8, ONCE, "source-pos"},
    {QA_F_OPERATOR, ANY, ONCE, "operator"},
    {QA_F_TOOL, ANY, ONCE, "tool"},
    {QA_F_CLAIMED_DATE, 8, ONCE, "claimed-date"},
    {QA_F_OUTCOME, ANY, ONCE, "outcome"},
};

static const struct kind_of_field *
look_up(unsigned type)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].type == type)
			return &table[i];
	return NULL;
}

const char *
qa_kind_name(unsigned kind)
{
	static const char *const names[] = {"message", "delivery", "outcome", "purge", "seal", "config"};

	return kind - 1 < sizeof names / sizeof *names ? names[kind - 1] : NULL;
}

const char *
qa_source_name(unsigned source)
{
	static const char *const names[] = {"queue", "agent", "import", "lmtp", "fetch", "archive"};

	return source - 1 < sizeof names / sizeof *names ? names[source - 1] : NULL;
}

const char *
qa_field_name(unsigned type)
{
	const struct kind_of_field *k = look_up(type);

	return k ? k->name : NULL;
}

int
qa_field_add(struct qa_buf *b, unsigned type, qa_span value)
{
	size_t before = b->n;

	if (value.n > QA_JOURNAL_FIELDS_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	if (qa_buf_addle16(b, (uint16_t)type) || qa_buf_addle32(b, (uint32_t)value.n) ||
	    qa_buf_addspan(b, value)) {
		b->n = before;
		return -1;
	}
	return 0;
}

int
qa_field_add_u64(struct qa_buf *b, unsigned type, uint64_t v)
{
	unsigned char s[8];

	qa_le64_put(s, v);
	return qa_field_add(b, type, qa_span_of(s, sizeof s));
}

int
qa_field_add_u32(struct qa_buf *b, unsigned type, uint32_t v)
{
	unsigned char s[4];

	qa_le32_put(s, v);
	return qa_field_add(b, type, qa_span_of(s, sizeof s));
}

int
qa_field_add_u8(struct qa_buf *b, unsigned type, uint8_t v)
{
	return qa_field_add(b, type, qa_span_of(&v, 1));
}

int
qa_field_add_str(struct qa_buf *b, unsigned type, const char *s)
{
	return qa_field_add(b, type, qa_span_str(s));
}

int
qa_field_next(qa_span fields, size_t *at, unsigned *type_r, qa_span *value_r)
{
	qa_span rest = qa_span_cut(fields, *at, fields.n);

	if (*at == fields.n)
		return 0;
	if (rest.n < 6 || qa_le32_get(rest.p + 2) > rest.n - 6) {
		errno = EPROTO;
		return -1;
	}
	*type_r = qa_le16_get(rest.p);
	*value_r = qa_span_of(rest.p + 6, qa_le32_get(rest.p + 2));
	*at += 6 + value_r->n;
	return 1;
}

int
qa_field_find(qa_span fields, unsigned type, qa_span *value_r)
{
	size_t at = 0;
	unsigned t;
	int rc;

	while ((rc = qa_field_next(fields, &at, &t, value_r)) > 0)
		if (t == type)
			return 1;
	return rc;
}

static int
take(struct qa_facts *f, unsigned type, qa_span v, struct qa_err *err)
{
	switch (type) {
	case QA_F_ID:
		memcpy(f->id.b, v.p, QA_ID_SIZE);
		break;
	case QA_F_KIND:
		if (!qa_kind_name(v.p[0]))
			return qa_fail(err, EPROTO, "record of unknown kind %u", v.p[0]);
		f->kind = (enum qa_kind)v.p[0];
		break;
	case QA_F_SOURCE:
		if (!qa_source_name(v.p[0]))
			return qa_fail(err, EPROTO, "record of unknown source %u", v.p[0]);
		f->source = (enum qa_source)v.p[0];
		break;
	case QA_F_CAPTURED:
		f->captured = qa_le64_get(v.p);
		break;
	case QA_F_SENDER:
		f->has_sender = true;
		f->sender = v;
		break;
	case QA_F_RECIPIENT:
		f->recipients++;
		break;
	case QA_F_AUTH:
		f->auth = v;
		break;
	case QA_F_RELAYCLIENT:
		f->has_relayclient = true;
		break;
	case QA_F_REMOTE_IP:
		f->has_remote_ip = true;
		break;
	case QA_F_FOR_DOMAIN:
		f->for_domain = v;
		break;
	default:
		break;
	}
	return 0;
}

int
qa_facts_get(qa_span fields, struct qa_facts *f_r, struct qa_err *err)
{
	static const unsigned must[] = {QA_F_ID, QA_F_KIND, QA_F_CAPTURED, QA_F_SOURCE};
	struct qa_facts f;
	uint64_t seen = 0; /* bit n: type n was there; all known types are below 64 */
	size_t at = 0;
	unsigned type;
	qa_span v;
	int rc;

	memset(&f, 0, sizeof f);
	while ((rc = qa_field_next(fields, &at, &type, &v)) > 0) {
		const struct kind_of_field *k = look_up(type);

		if (!k && type >= QA_F_CRITICAL)
			return qa_fail(err, EPROTO, "record has field %#x, which must be understood and is not",
				       type);
		if (!k)
			continue;
		if (k->size != ANY && v.n != (size_t)k->size)
			return qa_fail(err, EPROTO, "record has a field %s of %zu bytes", k->name, v.n);
		if (seen >> type & 1 && !k->many)
			return qa_fail(err, EPROTO, "record has more than one field %s", k->name);
		seen |= UINT64_C(1) << type;
		if (take(&f, type, v, err))
			return -1;
	}
	if (rc < 0)
		return qa_fail(err, EPROTO, "record has a cut field at byte %zu of its fields", at);
	for (size_t i = 0; i < sizeof must / sizeof *must; i++)
		if (!(seen >> must[i] & 1))
			return qa_fail(err, EPROTO, "record has no field %s", qa_field_name(must[i]));
	if (f.kind == QA_MESSAGE && f.source == QA_QUEUE && !f.has_sender)
		return qa_fail(err, EPROTO, "record has no field sender");
	*f_r = f;
	return 0;
}
