#include "qmail-archive/envelope.h"
#include "journal/record.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BYTES(s) qa_span_of(s, sizeof(s) - 1)

struct one {
	const char *what;
	qa_span bytes;
	enum qa_envelope_state state;
	size_t used, recipients;
};

static char long_ok[2000], long_bad[2000];

/* F, N letters, NUL, NUL. */
static qa_span
with_sender(char *buf, size_t n)
{
	buf[0] = 'F';
	memset(buf + 1, 'x', n);
	buf[n + 1] = buf[n + 2] = 0;
	return qa_span_of(buf, n + 3);
}

/* The envelope at once, and in two parts cut anywhere, ends alike. */
static void
scan(const struct one *o)
{
	struct qa_envelope e = QA_ENVELOPE_INIT;
	size_t used = qa_envelope_scan(&e, o->bytes), bad = 0;

	OKF(e.state == o->state && used == o->used && e.recipients == o->recipients, "%s", o->what);
	for (size_t cut = 0; cut <= o->bytes.n; cut++) {
		struct qa_envelope two = QA_ENVELOPE_INIT;
		size_t n = qa_envelope_scan(&two, qa_span_cut(o->bytes, 0, cut));

		if (n == cut)
			n += qa_envelope_scan(&two, qa_span_cut(o->bytes, cut, o->bytes.n));
		bad += two.state != e.state || n != used || two.recipients != e.recipients;
	}
	OKF(bad == 0, "%s: cut anywhere", o->what);
}

static void
scans(void)
{
	const struct one all[] = {
		{"nothing", BYTES(""), QA_ENVELOPE_START, 0, 0},
		{"one recipient", BYTES("Fa@b\0Tc@d\0\0"), QA_ENVELOPE_WHOLE, 11, 1},
		{"bytes after the end stay", BYTES("Fa@b\0Tc@d\0\0junk"), QA_ENVELOPE_WHOLE, 11, 1},
		{"no recipient", BYTES("Fa@b\0\0"), QA_ENVELOPE_WHOLE, 6, 0},
		{"empty sender", BYTES("F\0Tc\0\0"), QA_ENVELOPE_WHOLE, 6, 1},
		{"empty recipient", BYTES("F\0T\0\0"), QA_ENVELOPE_WHOLE, 5, 1},
		{"double bounce", BYTES("F#@[]\0Tpostmaster@x\0\0"), QA_ENVELOPE_WHOLE, 21, 1},
		{"any byte but NUL", BYTES("F\377\n\r \0T\1\0T\200\0\0"), QA_ENVELOPE_WHOLE, 13, 2},
		{"cut in the sender", BYTES("Fa@"), QA_ENVELOPE_SENDER, 3, 0},
		{"cut before the last NUL", BYTES("Fa@b\0Tc@d\0"), QA_ENVELOPE_BETWEEN, 10, 1},
		{"cut in a recipient", BYTES("F\0Tc"), QA_ENVELOPE_RECIPIENT, 4, 0},
		{"recipient first", BYTES("Ta\0\0"), QA_ENVELOPE_REFUSED, 1, 0},
		{"two senders", BYTES("Fa\0Fb\0\0"), QA_ENVELOPE_REFUSED, 4, 0},
		{"unknown letter", BYTES("Fa\0Xb\0\0"), QA_ENVELOPE_REFUSED, 4, 0},
		{"NUL first", BYTES("\0"), QA_ENVELOPE_REFUSED, 1, 0},
		{"1002 bytes", with_sender(long_ok, 1002), QA_ENVELOPE_WHOLE, 1005, 0},
		{"1003 bytes", with_sender(long_bad, 1003), QA_ENVELOPE_REFUSED, 1004, 0},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		scan(&all[i]);
}

/* Reads what a child writes: bytes, then N recipients, then more bytes. */
static int
read_from(struct qa_envelope *e, qa_span start, long count, qa_span end)
{
	int p[2];

	if (pipe(p))
		abort();
	if (fork() == 0) {
		close(p[0]);
		ssize_t r = write(p[1], start.p, start.n);
		for (long i = 0; i < count && r >= 0; i++)
			r = write(p[1], "Tsomebody.or.other@example.com", 31);
		_exit(write(p[1], end.p, end.n) < 0);
	}
	close(p[1]);
	int rc = qa_envelope_read(e, p[0]);
	close(p[0]);
	return rc;
}

static void
reads(void)
{
	struct qa_envelope e = QA_ENVELOPE_INIT;
	struct qa_buf fields = QA_BUF(1 << 20);
	size_t at = 0, n = 0;
	unsigned type;
	qa_span v;

	OK(read_from(&e, BYTES("Fme\0"), 5000, BYTES("\0later")) == 0);
	OK(e.state == QA_ENVELOPE_WHOLE && e.recipients == 5000 && e.raw.n == 4 + 5000 * 31 + 1);
	OK(!qa_envelope_bounce(&e));
	OK(qa_envelope_fields(&e, &fields) == 0);
	while (qa_field_next(qa_buf_span(&fields), &at, &type, &v) == 1) {
		if (n == 0)
			OK(type == QA_F_SENDER && qa_span_is(v, "me"));
		if (n == 5000)
			OK(type == QA_F_RECIPIENT && qa_span_is(v, "somebody.or.other@example.com"));
		n++;
	}
	OK(n == 5001);
	qa_envelope_free(&e);

	e = (struct qa_envelope)QA_ENVELOPE_INIT;
	OK(read_from(&e, BYTES("F\0Tx\0"), 0, BYTES("")) == 0 && e.state == QA_ENVELOPE_BETWEEN && e.raw.n == 5);
	qa_envelope_free(&e);
	e = (struct qa_envelope)QA_ENVELOPE_INIT;
	OK(read_from(&e, BYTES("F\0"), 0, BYTES("\0")) == 0 && qa_envelope_bounce(&e));
	qa_envelope_free(&e);
	e = (struct qa_envelope)QA_ENVELOPE_INIT;
	OK(read_from(&e, BYTES("F#@[]\0"), 0, BYTES("\0")) == 0 && qa_envelope_bounce(&e));
	qa_envelope_free(&e);
	e = (struct qa_envelope)QA_ENVELOPE_INIT;
	OK(read_from(&e, BYTES("F#@[]x\0"), 0, BYTES("\0")) == 0 && !qa_envelope_bounce(&e));
	qa_envelope_free(&e);
	e = (struct qa_envelope)QA_ENVELOPE_INIT;
	OK(read_from(&e, BYTES("Fme\0"), QA_ENVELOPE_MAX / 31 + 2, BYTES("\0")) == -1 && errno == EOVERFLOW);
	qa_envelope_free(&e);
	qa_buf_free(&fields);
	e = (struct qa_envelope)QA_ENVELOPE_INIT;
	OK(qa_envelope_read(&e, -1) == -1 && errno == EBADF);
	qa_envelope_free(&e);
}

int
main(void)
{
	scans();
	reads();
	return done();
}
