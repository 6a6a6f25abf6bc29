/* Encoding and checking of records, against vectors that another program made. */
#include "base/num.h"
#include "journal/record.h"
#include "sys/sys.h"
#include "tests/tap.h"

#include <errno.h>

static struct qa_buf file = QA_BUF(1 << 20);

static void
must_add(int rc)
{
	if (rc)
		OKF(0, "field is added");
}

static void
common(struct qa_buf *b, unsigned char n, uint8_t kind, uint8_t source)
{
	unsigned char id[16];

	memset(id, n, sizeof id);
	qa_buf_clear(b);
	must_add(qa_field_add(b, QA_F_ID, qa_span_of(id, 16)));
	must_add(qa_field_add_u8(b, QA_F_KIND, kind));
	must_add(qa_field_add_u64(b, QA_F_CAPTURED, UINT64_C(1795490525000000001) + n));
	must_add(qa_field_add_u8(b, QA_F_SOURCE, source));
}

/* journal-1.bin made again by our own encoder must be the same bytes. */
static void
encode(void)
{
	static const char message[] = "Subject: one\n\nNUL \0 CR \r 8-bit \xff\n";
	static const unsigned char peer[12] = {89, 0, 0, 0, 89, 0, 0, 0, 0x67, 0x12};
	struct qa_buf out = QA_BUF(1 << 20), f = QA_BUF(1 << 16);
	struct qa_journal_head h = {.number = UINT64_C(0x0006600000000001), .created = UINT64_C(1795490525000000000)};
	unsigned char head[96];
	qa_span messages[3] = {qa_span_of(message, sizeof message - 1), {NULL, 0}, {NULL, 0}};

	for (unsigned i = 0; i < 16; i++)
		h.salt[i] = (unsigned char)i;
	qa_journal_head_put(&h, head);
	must_add(qa_buf_add(&out, head, 64));
	for (int i = 0; i < 3; i++) {
		if (i == 0) {
			common(&f, 1, QA_MESSAGE, QA_QUEUE);
			must_add(qa_field_add_str(&f, QA_F_HOST, "mx1.example.com"));
			must_add(qa_field_add(&f, QA_F_PEER, qa_span_of(peer, sizeof peer)));
			must_add(qa_field_add_u32(&f, QA_F_UID, 1001));
			must_add(qa_field_add_str(&f, QA_F_SENDER, "alice@example.org"));
			must_add(qa_field_add_str(&f, QA_F_RECIPIENT, "bob@example.com"));
			must_add(qa_field_add_str(&f, QA_F_RECIPIENT, "Carol@Example.COM"));
			must_add(qa_field_add_str(&f, QA_F_REMOTE_IP, "192.0.2.1"));
			must_add(qa_field_add_str(&f, QA_F_PROTO, "TCP"));
			must_add(qa_field_add(&f, 0x1234, qa_span_of("\0unknown", 8)));
		} else if (i == 1) {
			static const unsigned char zeros[32];

			common(&f, 2, QA_DELIVERY, QA_AGENT);
			must_add(qa_field_add(&f, QA_F_REFERS, qa_span_of(zeros, 32)));
			must_add(qa_field_add_str(&f, QA_F_FOR_DOMAIN, "example.com"));
		} else {
			common(&f, 3, QA_MESSAGE, QA_QUEUE);
			must_add(qa_field_add_str(&f, QA_F_SENDER, ""));
		}
		struct qa_record_head r = {messages[i].n, f.n, qa_sha256_of(messages[i])};
		uint64_t size, start = out.n;

		qa_record_head_put(&r, h.salt, out.n, qa_buf_span(&f), head);
		must_add(qa_record_size(&r, &size));
		must_add(qa_buf_add(&out, head, 96) || qa_buf_addspan(&out, messages[i]) ||
			 qa_buf_addspan(&out, qa_buf_span(&f)));
		while (out.n < start + size)
			must_add(qa_buf_addc(&out, 0));
	}
	while (out.n < 4096)
		must_add(qa_buf_addc(&out, 0));
	OK(qa_span_eq(qa_buf_span(&out), qa_buf_span(&file)));
	qa_buf_free(&out);
	qa_buf_free(&f);
}

static void
heads(void)
{
	struct qa_journal_head h;
	struct qa_record_head r;
	struct qa_err err;
	unsigned char in[96];
	int caught = 0;

	OK(qa_journal_head_get(file.p, &h, &err) == 0 && h.number == UINT64_C(0x0006600000000001));
	for (unsigned i = 0; i < 64 * 8; i++) {
		memcpy(in, file.p, 64);
		in[i / 8] ^= (unsigned char)(1 << i % 8);
		caught += qa_journal_head_get(in, &h, &err) == -1 && errno == EBADMSG;
	}
	OKF(caught == 64 * 8, "each flipped bit of a file header is seen (%d)", caught);
	OK(qa_journal_head_get(file.p, &h, &err) == 0);

	OK(qa_record_head_get(file.p + 64, &r, &err) == 1 && r.message == 33);
	OK(qa_record_check_head(file.p + 64, h.salt, 64) && !qa_record_check_head(file.p + 64, h.salt, 72));
	qa_span fields = qa_span_of(file.p + 64 + 96 + r.message, (size_t)r.fields);
	OK(qa_record_check_fields(file.p + 64, fields));
	caught = 0;
	for (unsigned i = 0; i < 96 * 8; i++) {
		memcpy(in, file.p + 64, 96);
		in[i / 8] ^= (unsigned char)(1 << i % 8);
		caught += qa_record_head_get(in, &r, &err) != 1 || !qa_record_check_head(in, h.salt, 64) ||
			  !qa_record_check_fields(in, fields);
	}
	OKF(caught == 96 * 8, "each flipped bit of a record header is seen (%d)", caught);
	memset(in, 0, sizeof in);
	OK(qa_record_head_get(in, &r, &err) == 0);
	memcpy(in, file.p + 64, 96);
	in[4] = 2;
	OK(qa_record_head_get(in, &r, &err) == -1 && errno == ENOTSUP);
	memcpy(in, file.p + 64, 96);
	qa_le64_put(in + 16, QA_JOURNAL_FIELDS_MAX + 1);
	OK(qa_record_head_get(in, &r, &err) == -1 && errno == EBADMSG);
	qa_le64_put(in + 16, 10);
	qa_le64_put(in + 8, UINT64_MAX - 20);
	OK(qa_record_head_get(in, &r, &err) == -1 && errno == EBADMSG);
}

static int
facts_of(struct qa_buf *b, struct qa_facts *f)
{
	struct qa_err err = {0, ""};
	int rc = qa_facts_get(qa_buf_span(b), f, &err);

	if (rc)
		printf("# %s\n", err.text);
	return rc ? errno : 0;
}

static void
fields(void)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_facts f;
	qa_span v;
	unsigned type;
	size_t at = 0;

	common(&b, 7, QA_MESSAGE, QA_QUEUE);
	OK(facts_of(&b, &f) == EPROTO); /* no sender */
	must_add(qa_field_add_str(&b, QA_F_SENDER, ""));
	OK(facts_of(&b, &f) == 0 && f.has_sender && f.sender.n == 0 && f.id.b[15] == 7 && f.recipients == 0);
	size_t whole = b.n;
	for (size_t n = 0; n < whole; n++) {
		b.n = n;
		if (qa_facts_get(qa_buf_span(&b), &f, NULL) == 0)
			OKF(0, "fields cut to %zu bytes are refused", n);
	}
	b.n = whole;
	must_add(qa_field_add(&b, 0x7fff, qa_span_str("later")));
	must_add(qa_field_add(&b, 0x7fff, qa_span_str("again")));
	OK(facts_of(&b, &f) == 0);
	OK(qa_field_find(qa_buf_span(&b), 0x7fff, &v) == 1 && qa_span_is(v, "later"));
	OK(qa_field_find(qa_buf_span(&b), QA_F_AUTH, &v) == 0);
	must_add(qa_field_add_str(&b, QA_F_AUTH, "me@example.com"));
	must_add(qa_field_add_str(&b, QA_F_RELAYCLIENT, ""));
	OK(facts_of(&b, &f) == 0 && qa_span_is(f.auth, "me@example.com") && f.has_relayclient && !f.has_remote_ip);
	must_add(qa_field_add_str(&b, QA_F_AUTH, "you@example.com"));
	OK(facts_of(&b, &f) == EPROTO); /* twice */
	b.n = whole;
	must_add(qa_field_add_str(&b, QA_F_OFFERED, "x"));
	OK(facts_of(&b, &f) == EPROTO); /* length */
	b.n = whole;
	must_add(qa_field_add_str(&b, QA_F_CRITICAL, ""));
	OK(facts_of(&b, &f) == EPROTO);
	common(&b, 1, 9, QA_QUEUE);
	OK(facts_of(&b, &f) == EPROTO);
	common(&b, 1, QA_MESSAGE, 0);
	OK(facts_of(&b, &f) == EPROTO);
	common(&b, 1, QA_PURGE, QA_SELF);
	OK(facts_of(&b, &f) == 0 && f.kind == QA_PURGE && !f.has_sender);
	must_add(qa_buf_add(&b, "\1\0\xff\xff\xff\xff", 6));
	OK(facts_of(&b, &f) == EPROTO);
	OK(qa_field_next((qa_span){NULL, 0}, &at, &type, &v) == 0);

	struct qa_buf small = QA_BUF(10);
	OK(qa_field_add_str(&small, 1, "12345") == -1 && errno == EOVERFLOW && small.n == 0);
	OK(strcmp(qa_field_name(QA_F_DTLINE), "dtline") == 0 && !qa_field_name(0) && !qa_kind_name(0) &&
	   strcmp(qa_source_name(QA_SELF), "archive") == 0 && !qa_source_name(7));
	qa_buf_free(&small);
	qa_buf_free(&b);
}

int
main(void)
{
	struct qa_err err;

	OK(qa_slurp(AT_FDCWD, "tests/vectors/journal-1.bin", &file, &err) == 1 && file.n == 4096);
	if (file.n == 4096) {
		encode();
		heads();
	}
	fields();
	qa_buf_free(&file);
	return done();
}
