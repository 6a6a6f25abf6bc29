/* What bytes without a believable label look like. */
#include "base/num.h"
#include "message/charset-private.h"

bool
qa_guess_ascii(qa_span s)
{
	size_t i = 0;

	for (; s.n - i >= 8; i += 8) {
		uint64_t v = qa_le64_get(s.p + i);
		/* a byte of zero in (v with ESC, SO, SI mapped to zero) */
		uint64_t esc = v ^ UINT64_C(0x1b1b1b1b1b1b1b1b);
		uint64_t so = (v | UINT64_C(0x0101010101010101)) ^ UINT64_C(0x0f0f0f0f0f0f0f0f);
		uint64_t low = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);

		if ((v | ((esc - low) & ~esc) | ((so - low) & ~so)) & high)
			return false;
	}
	for (; i < s.n; i++)
		if (s.p[i] >= 0x80 || s.p[i] == 0x1b || s.p[i] == 0x0e || s.p[i] == 0x0f)
			return false;
	return true;
}

bool
qa_guess_jis(qa_span s)
{
	const unsigned char *p = s.p, *end = s.p + s.n;

	while (p && (p = memchr(p, 0x1b, (size_t)(end - p)))) {
		size_t left = (size_t)(end - p);

		if (left >= 3 && ((p[1] == '$' && (p[2] == '@' || p[2] == 'B' || p[2] == '(')) ||
				  (p[1] == '(' && (p[2] == 'I' || p[2] == 'J'))))
			return true;
		p++;
	}
	return false;
}

static bool
in(unsigned char c, unsigned char from, unsigned char to)
{
	return c >= from && c <= to;
}

/* A character that the end of the bytes cuts is let pass. */
int
qa_guess_euc(qa_span s)
{
	size_t kana = 0, kanji = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i], d = i + 1 < s.n ? s.p[i + 1] : 0;

		if (c < 0x80)
			continue;
		if (i + 1 == s.n && kana > 0)
			break;
		if (c == 0x8e && in(d, 0xa1, 0xdf)) {
			kana++;
			i++;
		} else if (c == 0x8f && in(d, 0xa1, 0xfe) && i + 2 < s.n && in(s.p[i + 2], 0xa1, 0xfe)) {
			i += 2;
		} else if (in(c, 0xa1, 0xfe) && in(d, 0xa1, 0xfe)) {
			if (c == 0xa4 || c == 0xa5)
				kana++;
			else if (in(c, 0xb0, 0xf4))
				kanji++;
			i++;
		} else {
			return 0;
		}
	}
	return kana > 0 && kana * 20 >= kanji ? 2 : kanji >= 3 && kana == 0;
}

/*
 * Windows-1252 can pass for Shift_JIS: an accented letter or a curly apostrophe before a
 * letter is a valid pair. So half of the pairs must start where Latin text has no letters, a
 * third be kana or end where ASCII has none, and half-width kana must come in runs.
 */
int
qa_guess_sjis(qa_span s)
{
	size_t pairs = 0, low = 0, high = 0, kana = 0, half = 0, runs = 0;
	bool in_run = false;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i], d = i + 1 < s.n ? s.p[i + 1] : 0;

		if (in(c, 0xa1, 0xdf)) {
			half++;
			runs += !in_run;
			in_run = true;
			continue;
		}
		in_run = false;
		if (c < 0x80)
			continue;
		if (i + 1 == s.n && kana > 0)
			break;
		if (!(in(c, 0x81, 0x9f) || in(c, 0xe0, 0xfc)) || !(in(d, 0x40, 0x7e) || in(d, 0x80, 0xfc)))
			return 0;
		pairs++;
		low += c < 0xa0;
		high += d >= 0x80;
		kana += (c == 0x82 && d >= 0x9f) || (c == 0x83 && d <= 0x96);
		i++;
	}
	if ((!kana && half < runs * 2) || (pairs && (low * 2 < pairs || (high + kana) * 3 < pairs)))
		return 0;
	return kana > 0 ? 2 : pairs >= 2 || half >= 3;
}
