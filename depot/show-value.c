/* What of an entry reads the same for people and programs. */
#include "base/num.h"
#include "base/text.h"
#include "show.h"

#include <stdio.h>

void
show_value(unsigned type, qa_span v, struct qa_buf *b)
{
	char text[80] = "";
	const char *name = NULL;

	switch (type) {
	case QA_F_CAPTURED:
	case QA_F_CLAIMED_DATE:
		if (v.n == 8)
			qa_rfc3339(qa_le64_get(v.p), text);
		break;
	case QA_F_WITHHELD:
	case QA_F_HEADONLY:
	case QA_F_SOURCE_POS:
		if (v.n == 8)
			snprintf(text, sizeof text, "%llu", (unsigned long long)qa_le64_get(v.p));
		break;
	case QA_F_UID:
		if (v.n == 4)
			snprintf(text, sizeof text, "%u", (unsigned)qa_le32_get(v.p));
		break;
	case QA_F_PEER:
		if (v.n == 12)
			snprintf(text, sizeof text, "uid %u gid %u pid %u", (unsigned)qa_le32_get(v.p),
				 (unsigned)qa_le32_get(v.p + 4), (unsigned)qa_le32_get(v.p + 8));
		break;
	case QA_F_KIND:
		name = v.n == 1 ? qa_kind_name(v.p[0]) : NULL;
		break;
	case QA_F_SOURCE:
		name = v.n == 1 ? qa_source_name(v.p[0]) : NULL;
		break;
	case QA_F_OFFERED:
		name = "yes";
		break;
	case QA_F_ID:
	case QA_F_REFERS:
		if (v.n <= 32)
			qa_hex(v.p, v.n, text);
		break;
	default:
		show_full(qa_buf_addspan(b, v));
		return;
	}
	show_full(qa_buf_addstr(b, name ? name : text));
}

const char *
show_status(const struct shown *s)
{
	if (!s->e.has_message)
		return NULL;
	if (s->facts.source == QA_AGENT || s->facts.source == QA_IMPORT || s->facts.source == QA_FETCH ||
	    s->events->len)
		return "settled";
	return s->all_events ? "unsettled" : "unsettled as far as indexed";
}

void
show_digest(const struct qa_digest *d, char out[QA_SHA256_TEXT])
{
	qa_hex(d->b, sizeof d->b, out);
}
