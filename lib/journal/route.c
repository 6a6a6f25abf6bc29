#include "journal/route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The route to a folder, made when it is not there; NULL without memory. */
static struct qa_route *
route_to(struct qa_routes *r, const struct qa_rule *rule)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int rc = strcmp(r->v[mid].rule.folder, rule->folder);

		if (rc == 0)
			return &r->v[mid];
		if (rc < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if ((r->n & (r->n - 1)) == 0) { /* full at each power of two */
		struct qa_route *v = realloc(r->v, (r->n ? 2 * r->n : 1) * sizeof *v);

		if (!v)
			return NULL;
		r->v = v;
	}
	memmove(r->v + low + 1, r->v + low, (r->n - low) * sizeof *r->v);
	r->n++;
	memset(&r->v[low], 0, sizeof *r->v);
	r->v[low].rule = *rule;
	return &r->v[low];
}

/* Several rules may lead to one folder (`as`, wildcards): the strictest counts. */
static void
merge(struct qa_rule *a, const struct qa_rule *b)
{
	a->archive |= b->archive;
	a->fail_open &= b->fail_open;
	if (b->limit) {
		a->over_head = b->over_head && (a->over_head || !a->limit);
		a->limit = a->limit && a->limit < b->limit ? a->limit : b->limit;
	}
}

static struct qa_route *
add(struct qa_routes *r, const struct qa_rule *rule)
{
	struct qa_route *to = route_to(r, rule);

	if (to)
		merge(&to->rule, rule);
	return to;
}

/* Rule 2: the recipients' domains. *claimed: some rule other than default speaks for one of them. */
static int
inbound(const struct qa_domains *d, qa_span fields, struct qa_routes *r, bool *claimed)
{
	struct qa_rule rule;
	unsigned type;
	size_t at = 0;
	qa_span v;

	while (qa_field_next(fields, &at, &type, &v) > 0) {
		if (type != QA_F_RECIPIENT || !qa_domains_find(d, qa_address_domain(v), &rule))
			continue;
		*claimed = true;
		if (rule.archive & QA_ARCHIVE_IN && !add(r, &rule))
			return -1;
	}
	return 0;
}

/* How many recipients are of which folder; those of a folder reached outbound count too. */
static void
count(const struct qa_domains *d, qa_span fields, struct qa_routes *r, uint64_t recipients)
{
	struct qa_rule rule;
	unsigned type;
	size_t at = 0;
	qa_span v;

	while (qa_field_next(fields, &at, &type, &v) > 0) {
		if (type != QA_F_RECIPIENT || !qa_domains_find(d, qa_address_domain(v), &rule))
			continue;
		for (size_t low = 0, high = r->n; low < high;) {
			size_t mid = low + (high - low) / 2;
			int rc = strcmp(r->v[mid].rule.folder, rule.folder);

			if (rc == 0) {
				r->v[mid].listed++;
				break;
			}
			if (rc < 0)
				low = mid + 1;
			else
				high = mid;
		}
	}
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].all)
			r->v[i].listed = recipients;
		r->v[i].withheld = recipients - r->v[i].listed;
	}
}

/* Submitted here, not received or delivered: only the queue's door can tell. */
static bool
from_inside(const struct qa_facts *f)
{
	return f->source == QA_QUEUE && (f->auth.n || f->has_relayclient || !f->has_remote_ip);
}

static int
route_message(const struct qa_domains *d, qa_span fields, const struct qa_facts *f, struct qa_routes *r)
{
	bool inside = from_inside(f), claimed = false;
	struct qa_rule rule;
	struct qa_route *to;

	if (inbound(d, fields, r, &claimed))
		return -1;
	if (inside) {
		qa_span who = qa_address_domain(f->auth);

		if (!who.n)
			who = qa_address_domain(f->sender);
		if (qa_domains_find(d, who, &rule)) {
			claimed = true;
			if (rule.archive & QA_ARCHIVE_OUT) {
				to = add(r, &rule);
				if (!to)
					return -1;
				to->all = true;
			}
		}
	}
	if (!claimed) {
		qa_domains_find(d, (qa_span){NULL, 0}, &rule);
		if (rule.archive & (inside ? QA_ARCHIVE_OUT : QA_ARCHIVE_IN)) {
			to = add(r, &rule);
			if (!to)
				return -1;
			to->all = true;
		}
	}
	count(d, fields, r, f->recipients);
	return 0;
}

/* Rule 5: an event says itself where it belongs. */
static int
route_event(const struct qa_domains *d, const struct qa_facts *f, struct qa_routes *r)
{
	struct qa_rule rule;

	qa_domains_find(d, f->for_domain, &rule);
	if (!rule.archive)
		return 0;
	struct qa_route *to = add(r, &rule);
	if (!to)
		return -1;
	to->all = true;
	to->listed = f->recipients;
	return 0;
}

int
qa_route(const struct qa_domains *d, qa_span fields, struct qa_routes *r_r, struct qa_err *err)
{
	struct qa_routes r = {.v = NULL};
	struct qa_facts f;

	if (qa_facts_get(fields, &f, err))
		return -1;
	if (f.kind == QA_MESSAGE ? route_message(d, fields, &f, &r) : route_event(d, &f, &r)) {
		qa_routes_free(&r);
		return qa_fail(err, ENOMEM, "cannot find who gets a record: ");
	}
	r.fail_open = true;
	for (size_t i = 0; i < r.n; i++)
		r.fail_open &= r.v[i].rule.fail_open;
	*r_r = r;
	return 0;
}

void
qa_routes_free(struct qa_routes *r)
{
	free(r->v);
	r->v = NULL;
	r->n = 0;
}

enum qa_over
qa_routes_over(const struct qa_routes *r, uint64_t size)
{
	size_t over = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct qa_rule *rule = &r->v[i].rule;

		if (!rule->limit || size <= rule->limit)
			continue;
		if (!rule->over_head)
			return QA_OVER_REFUSE;
		over++;
	}
	return over && over == r->n ? QA_OVER_HEAD : QA_OVER_NOT;
}

int
qa_route_fields(const struct qa_domains *d, const struct qa_route *r, qa_span fields, struct qa_buf *out,
		struct qa_err *err)
{
	struct qa_rule rule;
	unsigned type;
	size_t at = 0, from = 0, before = out->n;
	uint64_t withheld = 0;
	qa_span v;
	int rc;

	for (; (rc = qa_field_next(fields, &at, &type, &v)) > 0; from = at) {
		if (type == QA_F_RECIPIENT && !r->all &&
		    (!qa_domains_find(d, qa_address_domain(v), &rule) || strcmp(rule.folder, r->rule.folder) != 0)) {
			withheld++;
			continue;
		}
		if (qa_buf_add(out, fields.p + from, at - from))
			goto fail;
	}
	if (rc == 0 && (!withheld || qa_field_add_u64(out, QA_F_WITHHELD, withheld) == 0))
		return 0;
fail:
	out->n = before;
	return qa_fail(err, errno, "cannot write the fields of an entry of %s: ", r->rule.folder);
}
