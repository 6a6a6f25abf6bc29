#include "qmail-archive/envelope.h"
#include "journal/record.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void
step(struct qa_envelope *e, unsigned char c)
{
	switch (e->state) {
	case QA_ENVELOPE_START:
		e->state = c == 'F' ? QA_ENVELOPE_SENDER : QA_ENVELOPE_REFUSED;
		e->address = 0;
		break;
	case QA_ENVELOPE_BETWEEN:
		e->state = c == 0 ? QA_ENVELOPE_WHOLE : c == 'T' ? QA_ENVELOPE_RECIPIENT : QA_ENVELOPE_REFUSED;
		e->address = 0;
		break;
	case QA_ENVELOPE_SENDER:
	case QA_ENVELOPE_RECIPIENT:
		if (c == 0) {
			e->recipients += e->state == QA_ENVELOPE_RECIPIENT;
			e->state = QA_ENVELOPE_BETWEEN;
		} else if (++e->address > QA_ADDRESS_MAX) {
			e->state = QA_ENVELOPE_REFUSED;
		}
		break;
	case QA_ENVELOPE_WHOLE:
	case QA_ENVELOPE_REFUSED:
		break;
	}
}

size_t
qa_envelope_scan(struct qa_envelope *e, qa_span bytes)
{
	size_t i = 0;

	while (i < bytes.n && e->state != QA_ENVELOPE_WHOLE && e->state != QA_ENVELOPE_REFUSED)
		step(e, bytes.p[i++]);
	return i;
}

int
qa_envelope_read(struct qa_envelope *e, int fd)
{
	while (e->state != QA_ENVELOPE_WHOLE && e->state != QA_ENVELOPE_REFUSED) {
		if (qa_buf_reserve(&e->raw, 4096) && (errno != EOVERFLOW || qa_buf_reserve(&e->raw, 1)))
			return -1; /* near the ceiling, what is left would have done */
		size_t room = e->raw.size - e->raw.n, left = QA_ENVELOPE_MAX - e->raw.n;
		ssize_t r = read(fd, e->raw.p + e->raw.n, room < left ? room : left);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			return 0;
		e->raw.n += qa_envelope_scan(e, qa_span_of(e->raw.p + e->raw.n, (size_t)r));
	}
	return 0;
}

bool
qa_envelope_bounce(const struct qa_envelope *e)
{
	static const char doubled[] = "F#@[]"; /* with its NUL */

	return (e->raw.n >= 2 && e->raw.p[1] == 0) ||
	       (e->raw.n >= sizeof doubled && memcmp(e->raw.p, doubled, sizeof doubled) == 0);
}

int
qa_envelope_fields(const struct qa_envelope *e, struct qa_buf *fields)
{
	const unsigned char *p = e->raw.p, *end = p + e->raw.n - 1; /* without the last, empty string */
	size_t more;

	/* six bytes a field in place of two a string */
	if (__builtin_mul_overflow(e->recipients + 1, (size_t)4, &more) ||
	    __builtin_add_overflow(more, e->raw.n, &more)) {
		errno = EOVERFLOW;
		return -1;
	}
	if (qa_buf_reserve(fields, more))
		return -1;
	while (p < end) {
		size_t n = strlen((const char *)p); /* every string of a whole envelope has its NUL */

		if (qa_field_add(fields, *p == 'F' ? QA_F_SENDER : QA_F_RECIPIENT, qa_span_of(p + 1, n - 1)))
			return -1;
		p += n + 1;
	}
	return 0;
}

void
qa_envelope_free(struct qa_envelope *e)
{
	qa_buf_free(&e->raw);
}
