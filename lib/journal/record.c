#include "journal/record.h"
#include "base/num.h"

#include <errno.h>
#include <string.h>

static const unsigned char file_magic[8] = "qajrnl1\n";
static const unsigned char record_magic[4] = {'q', 'a', 'r', 'c'};

enum { MAJOR = 1, RECORD_VERSION = 1, CHECK = 16 };

/* The first 16 bytes of the SHA-256 of three parts. */
static void
check_of(qa_span a, qa_span b, qa_span c, unsigned char out[CHECK])
{
	struct qa_sha256 sha;

	qa_sha256_init(&sha);
	qa_sha256_add(&sha, a.p, a.n);
	qa_sha256_add(&sha, b.p, b.n);
	qa_sha256_add(&sha, c.p, c.n);
	struct qa_digest d = qa_sha256_end(&sha);
	memcpy(out, d.b, CHECK);
}

void
qa_journal_head_put(const struct qa_journal_head *h, unsigned char out[QA_JOURNAL_FILE_HEADER])
{
	qa_span none = {NULL, 0};

	memcpy(out, file_magic, 8);
	qa_le16_put(out + 8, MAJOR);
	qa_le16_put(out + 10, 0);
	qa_le32_put(out + 12, QA_JOURNAL_FILE_HEADER);
	memcpy(out + 16, h->salt, QA_JOURNAL_SALT);
	qa_le64_put(out + 32, h->number);
	qa_le64_put(out + 40, h->created);
	check_of(qa_span_of(out, 48), none, none, out + 48);
}

int
qa_journal_head_get(const unsigned char in[QA_JOURNAL_FILE_HEADER], struct qa_journal_head *h_r,
		    struct qa_err *err)
{
	unsigned char check[CHECK];
	qa_span none = {NULL, 0};

	if (memcmp(in, file_magic, 8) != 0)
		return qa_fail(err, EBADMSG, "not a journal file");
	check_of(qa_span_of(in, 48), none, none, check);
	if (memcmp(in + 48, check, CHECK) != 0)
		return qa_fail(err, EBADMSG, "journal file header is damaged");
	if (qa_le16_get(in + 8) > MAJOR || qa_le32_get(in + 12) != QA_JOURNAL_FILE_HEADER)
		return qa_fail(err, ENOTSUP, "journal file of a later version (%u.%u)", qa_le16_get(in + 8),
			       qa_le16_get(in + 10));
	memcpy(h_r->salt, in + 16, QA_JOURNAL_SALT);
	h_r->number = qa_le64_get(in + 32);
	h_r->created = qa_le64_get(in + 40);
	return 0;
}

int
qa_record_size(const struct qa_record_head *h, uint64_t *size_r)
{
	uint64_t n;

	if (qa_add_u64(h->message, h->fields, &n) ||
	    qa_add_u64(n, QA_JOURNAL_RECORD_HEADER + QA_JOURNAL_ALIGN - 1, &n) || n > INT64_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	*size_r = n - n % QA_JOURNAL_ALIGN;
	return 0;
}

static void
head_check(const unsigned char *head, const unsigned char *salt, uint64_t offset, unsigned char out[CHECK])
{
	unsigned char at[8];

	qa_le64_put(at, offset);
	check_of(qa_span_of(salt, QA_JOURNAL_SALT), qa_span_of(at, 8), qa_span_of(head, 64), out);
}

static void
fields_check(const unsigned char *head, qa_span fields, unsigned char out[CHECK])
{
	check_of(qa_span_of(head + 64, CHECK), fields, (qa_span){NULL, 0}, out);
}

void
qa_record_head_put(const struct qa_record_head *h, const unsigned char salt[QA_JOURNAL_SALT], uint64_t offset,
		   qa_span fields, unsigned char out[QA_JOURNAL_RECORD_HEADER])
{
	memset(out, 0, QA_JOURNAL_RECORD_HEADER);
	memcpy(out, record_magic, 4);
	qa_le16_put(out + 4, RECORD_VERSION);
	qa_le64_put(out + 8, h->message);
	qa_le64_put(out + 16, h->fields);
	memcpy(out + 32, h->digest.b, QA_SHA256_SIZE);
	head_check(out, salt, offset, out + 64);
	fields_check(out, fields, out + 80);
}

int
qa_record_head_get(const unsigned char in[QA_JOURNAL_RECORD_HEADER], struct qa_record_head *h_r,
		   struct qa_err *err)
{
	static const unsigned char zeros[QA_JOURNAL_RECORD_HEADER];
	uint64_t size;

	if (memcmp(in, record_magic, 4) != 0) {
		if (memcmp(in, zeros, sizeof zeros) == 0)
			return 0;
		return qa_fail(err, EBADMSG, "not a journal record");
	}
	h_r->message = qa_le64_get(in + 8);
	h_r->fields = qa_le64_get(in + 16);
	memcpy(h_r->digest.b, in + 32, QA_SHA256_SIZE);
	if (h_r->fields > QA_JOURNAL_FIELDS_MAX || qa_record_size(h_r, &size))
		return qa_fail(err, EBADMSG, "journal record with impossible lengths");
	if (qa_le16_get(in + 4) != RECORD_VERSION || qa_le16_get(in + 6) != 0 || qa_le64_get(in + 24) != 0)
		return qa_fail(err, ENOTSUP, "journal record of version %u with flags %u, which is unknown here",
			       qa_le16_get(in + 4), qa_le16_get(in + 6));
	return 1;
}

bool
qa_record_check_head(const unsigned char in[QA_JOURNAL_RECORD_HEADER],
		     const unsigned char salt[QA_JOURNAL_SALT], uint64_t offset)
{
	unsigned char check[CHECK];

	head_check(in, salt, offset, check);
	return memcmp(in + 64, check, CHECK) == 0;
}

bool
qa_record_check_fields(const unsigned char in[QA_JOURNAL_RECORD_HEADER], qa_span fields)
{
	unsigned char check[CHECK];

	fields_check(in, fields, check);
	return memcmp(in + 80, check, CHECK) == 0;
}
