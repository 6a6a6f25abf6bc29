#include "base/num.h"

int
qa_scan_u64(qa_span s, uint64_t *out_r)
{
	uint64_t v = 0;

	if (s.n == 0)
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		if (qa_mul_u64(v, 10, &v) || qa_add_u64(v, s.p[i] - '0', &v))
			return -1;
	}
	*out_r = v;
	return 0;
}

int
qa_scan_size(qa_span s, uint64_t *out_r)
{
	unsigned shift = 0;
	uint64_t v;

	if (s.n == 0)
		return -1;
	switch (s.p[s.n - 1] | 0x20) {
	case 'k': shift = 10; break;
	case 'm': shift = 20; break;
	case 'g': shift = 30; break;
	case 't': shift = 40; break;
	default: break;
	}
	if (shift)
		s.n--;
	if (qa_scan_u64(s, &v) || v > UINT64_MAX >> shift)
		return -1;
	*out_r = v << shift;
	return 0;
}

int
qa_scan_hex64(qa_span s, uint64_t *out_r)
{
	uint64_t v = 0;

	if (s.n != 16)
		return -1;
	for (size_t i = 0; i < 16; i++) {
		unsigned char c = s.p[i];
		unsigned d;

		if (c >= '0' && c <= '9')
			d = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			d = (unsigned)(c - 'a') + 10;
		else
			return -1;
		v = v << 4 | d;
	}
	*out_r = v;
	return 0;
}
