#include "message/sink.h"

#include "base/num.h"

#include <errno.h>
#include <stdlib.h>

unsigned char *
qa_sink_room(struct qa_sink *s, size_t n)
{
	if (s->full || s->failed)
		return NULL;
	if (qa_buf_reserve(&s->b, n)) {
		if (errno == ENOMEM)
			s->failed = true;
		else
			s->full = true;
		return NULL;
	}
	return s->b.p + s->b.n;
}

void
qa_sink_add(struct qa_sink *s, const void *p, size_t n)
{
	size_t limit = s->b.limit ? s->b.limit : (size_t)1 << 30;
	bool over = n > limit - s->b.n;
	unsigned char *to;

	if (over)
		n = limit - s->b.n;
	if (n && (to = qa_sink_room(s, n))) {
		memcpy(to, p, n);
		s->b.n += n;
	}
	s->full = s->full || over;
}

void
qa_sink_addc(struct qa_sink *s, unsigned char c)
{
	if (s->b.n + 1 < s->b.size && !s->full)
		s->b.p[s->b.n++] = c;
	else
		qa_sink_add(s, &c, 1);
}

void
qa_sink_char(struct qa_sink *s, uint32_t c)
{
	unsigned char u[4];
	size_t n;

	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		qa_sink_addc(s, (unsigned char)c);
		return;
	}
	if (c < 0x800) {
		n = 2;
		u[0] = (unsigned char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		n = 3;
		u[0] = (unsigned char)(0xe0 | c >> 12);
	} else {
		n = 4;
		u[0] = (unsigned char)(0xf0 | c >> 18);
	}
	for (size_t i = 1; i < n; i++)
		u[i] = (unsigned char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
	qa_sink_add(s, u, n);
}

size_t
qa_utf8_length(qa_span s)
{
	static const unsigned char low[5] = {0, 0, 0, 0xa0, 0x90};
	unsigned char c = s.n ? s.p[0] : 0xff;
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (n == 0 || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 || c == 0xf0) && s.p[1] < low[n])
		return 0; /* overlong */
	if ((c == 0xed && s.p[1] > 0x9f) || (c == 0xf4 && s.p[1] > 0x8f))
		return 0; /* surrogates, beyond U+10FFFF */
	return n;
}

bool
qa_utf8_valid(qa_span s)
{
	for (size_t i = 0, n; i < s.n; i += n)
		if (s.p[i] < 0x80)
			n = 1;
		else if (!(n = qa_utf8_length(qa_span_cut(s, i, 4))))
			return false;
	return true;
}

void
qa_sink_text(struct qa_sink *s, qa_span t)
{
	size_t from = 0, i = 0, n;

	while (i < t.n) {
		unsigned char c = t.p[i];

		if ((c >= ' ' && c < 127) || c == '\n' || c == '\t') {
			i++;
			continue;
		}
		if (c >= 0x80 && (n = qa_utf8_length(qa_span_cut(t, i, 4)))) {
			/* C1 controls are bytes of a charset nobody meant */
			if (c == 0xc2 && t.p[i + 1] < 0xa0)
				goto special;
			i += n;
			continue;
		}
	special:
		qa_sink_add(s, t.p + from, i - from);
		if (c == '\r') {
			if (i + 1 >= t.n || t.p[i + 1] != '\n')
				qa_sink_addc(s, '\n');
			n = 1;
		} else if (c < 0x80) {
			qa_sink_addc(s, ' ');
			n = 1;
		} else {
			qa_sink_char(s, 0xfffd);
			n = c == 0xc2 && i + 1 < t.n && (t.p[i + 1] & 0xc0) == 0x80 ? 2 : 1;
		}
		from = i += n;
	}
	if (from < i)
		qa_sink_add(s, t.p + from, i - from);
}

qa_span
qa_sink_span(const struct qa_sink *s)
{
	return qa_buf_span(&s->b);
}

void
qa_sink_clear(struct qa_sink *s)
{
	qa_buf_clear(&s->b);
	s->full = false;
}

void
qa_sink_free(struct qa_sink *s)
{
	qa_buf_free(&s->b);
	s->full = s->failed = false;
}

#define CHUNK 4096

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) unsigned char p[];
};

struct qa_pool {
	struct chunk *chunks;
};

struct qa_pool *
qa_pool_new(void)
{
	return calloc(1, sizeof(struct qa_pool));
}

void
qa_pool_free(struct qa_pool *p)
{
	if (!p)
		return;
	for (struct chunk *c = p->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(p);
}

static void *
pool_take(struct qa_pool *p, size_t n, size_t align)
{
	struct chunk *c = p->chunks;
	size_t at = c ? (c->used + align - 1) / align * align : 0, total;

	if (!c || at > c->size || n > c->size - at) {
		size_t size = n > CHUNK / 4 ? n : CHUNK;

		if (qa_add_size(size, sizeof *c, &total) || !(c = malloc(total)))
			return NULL;
		c->size = size;
		c->used = at = 0;
		/* a large piece gets its own chunk behind the one still being filled */
		if (size != CHUNK && p->chunks) {
			c->next = p->chunks->next;
			p->chunks->next = c;
		} else {
			c->next = p->chunks;
			p->chunks = c;
		}
	}
	c->used = at + n;
	return c->p + at;
}

void *
qa_pool_alloc(struct qa_pool *p, size_t n)
{
	void *m = pool_take(p, n, 16);

	return m ? memset(m, 0, n) : NULL;
}

char *
qa_pool_copy(struct qa_pool *p, qa_span s)
{
	size_t size;
	char *m;

	if (qa_add_size(s.n, 1, &size) || !(m = pool_take(p, size, 1)))
		return NULL;
	if (s.n)
		memcpy(m, s.p, s.n);
	m[s.n] = '\0';
	return m;
}
