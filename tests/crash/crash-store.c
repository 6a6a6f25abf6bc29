/*
 * A partition: rounds, recovery, seals. The log is stood for by a file with the committed size, published after the sync
 * of each round.
 */
#include "tests/crash/harness.h"
#include "store/testing.h"
#include "sys/publish.h"

#include <fcntl.h>


struct place {
	char depot[500], var[500], log[500];
	struct qa_partition_where w;
};

static void
place_of(const struct qa_crash_at *at, struct place *p)
{
	snprintf(p->depot, sizeof p->depot, "%s/depot", at->path);
	snprintf(p->var, sizeof p->var, "%s/var", at->path);
	snprintf(p->log, sizeof p->log, "%s/log", at->path);
	p->w = (struct qa_partition_where){p->depot, p->var, "example.com", 2026 * 12 + 10};
}

static int
commit(const struct place *p, uint64_t n, struct qa_err *err)
{
	unsigned char b[8];

	qa_le64_put(b, n);
	return qa_publish(AT_FDCWD, p->log, qa_span_of(b, sizeof b), 0600, err);
}

static int
committed(const struct place *p, uint64_t *n_r)
{
	struct qa_buf b = QA_BUF(100);
	int rc = qa_slurp(AT_FDCWD, p->log, &b, NULL);

	*n_r = rc == 1 && b.n == 8 ? qa_le64_get(b.p) : 0;
	qa_buf_free(&b);
	return rc < 0 ? -1 : 0;
}

/* Entry n (from 1) is what this seed makes: short ones, some of them with the rest of another. */
static uint32_t
seed_of(uint64_t n)
{
	static const uint32_t seed[] = {4, 5, 6, 12, 15, 18, 20, 13};

	return seed[(n - 1) % 8];
}

/* Each record id is its own. */
static void
own_id(struct made *m, uint64_t n)
{
	qa_le16_put(m->e.id.b + 14, (uint16_t)n);
	memcpy(m->fields + 6, m->e.id.b, sizeof m->e.id.b);
}

static int
store_round(struct qa_partition *p, const struct place *place, uint64_t from, int count, struct qa_err *err)
{
	for (int i = 0; i < count; i++) {
		struct made m;
		uint64_t n;

		make_message(&m, seed_of(from + 1 + (uint64_t)i));
		own_id(&m, from + 1 + (uint64_t)i);
		int rc = qa_partition_find_id(p, &m.e.id, &n, err);
		if (rc == 1)
			fprintf(stderr, "entry %d is there already\n", (int)n);
		if (rc == 0)
			rc = qa_partition_add(p, &m.e, &n, err);
		made_free(&m);
		if (rc)
			return -1;
	}
	if (flush_and_sync(p, from, err))
		return -1;
	return commit(place, from + (uint64_t)count, err);
}

/* Rounds until `to` are committed; a failed one is rolled back and tried again, once. */
static int
rounds(const struct qa_crash_at *at, uint64_t to)
{
	struct qa_partition *p = NULL;
	struct qa_err err;
	struct place place;
	uint64_t n;
	int rc = 0;

	place_of(at, &place);
	if (committed(&place, &n) || qa_partition_append(&place.w, n, &p, &err))
		return 1;
	for (int again = 0; n < to;) {
		if (store_round(p, &place, n, 2, &err) == 0) {
			n += 2;
			qa_crash_ack("%d", (int)n);
			continue;
		}
		fprintf(stderr, "%s\n", err.text);
		rc = 1;
		if (again++ || committed(&place, &n) || qa_partition_rollback(p, n, &err))
			break;
	}
	qa_partition_close(p);
	return rc;
}

static int
setup_empty(const struct qa_crash_at *at)
{
	struct place p;

	place_of(at, &p);
	return qa_mkdirs(AT_FDCWD, p.depot, 0700, NULL) || qa_mkdirs(AT_FDCWD, p.var, 0700, NULL);
}

static int
work_rounds(const struct qa_crash_at *at)
{
	return rounds(at, 6);
}

static int
recover(const struct qa_crash_at *at)
{
	struct qa_partition *p;
	struct qa_err err;
	struct place place;
	uint64_t n;

	place_of(at, &place);
	if (committed(&place, &n) || qa_partition_append(&place.w, n, &p, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	/* and it must go on from here */
	int rc = store_round(p, &place, n, 1, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.text);
	else
		qa_crash_ack("%d", (int)n + 1);
	qa_partition_close(p);
	return rc != 0;
}

static void
found_in(void *ctx, enum qa_finding_kind kind, const char *text)
{
	if (kind != QA_FIND_TAIL && kind != QA_FIND_NOTE)
		qa_crash_wrong(ctx, "%s", text);
}

static int
right(struct qa_partition *p, uint64_t n)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_entry e;
	struct made m;

	make_message(&m, seed_of(n));
	int good = qa_partition_entry(p, n, &e, NULL) == 1 && e.leaf == n - 1 && e.fields.n == 32 &&
		   qa_le16_get(e.fields.p + 20) == (uint16_t)n && qa_partition_message_buf(p, &e, &b, NULL) == 0 &&
		   qa_span_eq(qa_buf_span(&b), qa_span_of(m.p, m.n));
	made_free(&m);
	qa_buf_free(&b);
	return good;
}

static int
verify(const struct qa_crash_at *at, const struct qa_crash_acks *acks, struct qa_crash_found *found)
{
	struct qa_partition *p;
	struct place place;
	struct qa_err err;
	uint64_t have, most = 0;

	place_of(at, &place);
	if (committed(&place, &have))
		return 1;
	for (int n = 1; n < 300; n++)
		if (qa_crash_acked(acks, "%d", n))
			most = (uint64_t)n;
	if (have < most)
		qa_crash_lost(found, "%d were acknowledged, the log has %d", (int)most, (int)have);
	int rc = qa_partition_read(&place.w, &p, &err);
	if (rc < 0)
		qa_crash_wrong(found, "%s", err.text);
	if (rc == 0 && have)
		qa_crash_lost(found, "there is no partition");
	if (rc != 1)
		return 0;
	if (qa_partition_check(p, have, found_in, NULL, found, &err) < 0)
		qa_crash_wrong(found, "%s", err.text);
	for (uint64_t n = 1; n <= have; n++)
		if (!right(p, n))
			qa_crash_lost(found, "entry %d is not what it was", (int)n);
	qa_partition_close(p);
	return 0;
}

/* A partition with a round that was not committed, and one that was: what a crash leaves. */
static int
setup_tail(const struct qa_crash_at *at)
{
	struct qa_partition *p;
	struct place place;
	int rc = setup_empty(at);

	place_of(at, &place);
	rc = rc || qa_partition_append(&place.w, 0, &p, NULL);
	rc = rc || store_round(p, &place, 0, 20, NULL) || add_many(p, 4, 6, NULL) || flush_and_sync(p, 20, NULL);
	if (rc == 0)
		qa_partition_close(p);
	return rc;
}

static int
work_tail(const struct qa_crash_at *at)
{
	return rounds(at, 22);
}

/* Two segments, then sealed, then a late entry. */
static int
setup_seal(const struct qa_crash_at *at)
{
	return setup_tail(at) || rounds(at, 22);
}

static int
work_seal(const struct qa_crash_at *at)
{
	struct qa_partition *p;
	struct qa_err err;
	struct place place;
	uint64_t n;
	int rc;

	place_of(at, &place);
	if (committed(&place, &n))
		return 1;
	rc = qa_seal_whole(&place.w, n, NULL, NULL, &err) != 1;
	if (qa_partition_append(&place.w, n, &p, &err))
		return 1;
	if (store_round(p, &place, n, 1, &err) == 0)
		qa_crash_ack("%d", (int)n + 1);
	qa_partition_close(p);
	return rc;
}

/* So many entries that the next close makes the indexes and the cache of known things durable. */
static int
setup_settle(const struct qa_crash_at *at)
{
	struct qa_partition *p;
	struct place place;
	int rc = setup_empty(at);

	place_of(at, &place);
	rc = rc || qa_partition_append(&place.w, 0, &p, NULL);
	rc = rc || store_round(p, &place, 0, 250, NULL);
	if (rc == 0)
		qa_partition_close(p);
	return rc;
}

static int
work_settle(const struct qa_crash_at *at)
{
	/* the first of these rounds is known to be committed when the second is flushed */
	return rounds(at, 258);
}

/* What the index or the cache lost would be stored again. */
static int
recover_settle(const struct qa_crash_at *at)
{
	struct qa_partition *p;
	struct qa_err err;
	struct place place;
	uint64_t have;
	int missing = 0;

	place_of(at, &place);
	if (committed(&place, &have) || qa_partition_append(&place.w, have, &p, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (uint64_t n = 1; n <= have; n++) {
		uint64_t is = 0;
		struct made m;

		make_message(&m, seed_of(n));
		own_id(&m, n);
		missing += qa_partition_find_id(p, &m.e.id, &is, &err) != 1 || is != n;
		made_free(&m);
	}
	if (missing || qa_partition_entries(p) != have)
		fprintf(stderr, "%d of %d entries are not known\n", missing, (int)have);
	qa_partition_close(p);
	return missing != 0;
}

static const struct qa_crash_op op[] = {
	{
		.name = "store-round",
		.setup = setup_empty,
		.work = work_rounds,
		.recover = recover,
		.verify = verify,
		.promise = "the entries of the round are in the partition",
	},
	{
		.name = "store-recover",
		.setup = setup_tail,
		.work = work_tail,
		.recover = recover,
		.verify = verify,
		.promise = "the entries of the round are in the partition",
	},
	{
		.name = "store-seal",
		.setup = setup_seal,
		.work = work_seal,
		.recover = recover,
		.verify = verify,
		.promise = "no entry is lost by a seal",
	},
	{
		.name = "store-settle",
		.setup = setup_settle,
		.work = work_settle,
		.recover = recover_settle,
		.verify = verify,
		.promise = "the entries of the round are in the partition, and known",
	},
};

int
main(int argc, char **argv)
{
	return qa_crash_main(argc, argv, op, sizeof op / sizeof *op);
}
