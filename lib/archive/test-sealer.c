/* Sealing finished months: which, when, and beside a writer who goes on. */
#include "archive/admin.h"
#include "archive/home.h"
#include "archive/onboard.h"
#include "archive/sealer.h"
#include "archive/verify.h"
#include "archive/writer.h"
#include "base/id.h"
#include "store/seal.h"
#include "sys/publish.h"
#include "tests/run.h"
#include "tests/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DOMAIN "a.example"
#define HOUR (3600 * QA_SECOND)

static char home[QA_PATH_MAX];
static struct qa_err err;

#define MUST(x) do { if (x) { printf("Bail out! %s: %s\n", #x, err.text); exit(1); } } while (0)

static void
onboard(const char *name, const char *date)
{
	char path[QA_PATH_MAX], text[300];
	const char *const paths[] = {path};
	struct qa_onboard o = {
		.home = home, .domain = DOMAIN, .paths = paths, .n = 1, .operator_name = "me", .tool = "test"};
	struct qa_onboard_stats st;
	int n = snprintf(text, sizeof text, "Date: %s\nSubject: %s\n\nhello\n", date, name);

	MUST(qa_home_path(path, home, &err, "%s.eml", name));
	MUST(qa_publish(AT_FDCWD, path, qa_span_of(text, (size_t)n), 0644, &err));
	MUST(qa_onboard(&o, &st, &err));
	if (st.filed != 1)
		exit(1);
}

static void
make_home(void)
{
	char folder[QA_DOMAIN_MAX + 1];
	const char *tmp = getenv("TMPDIR");

	snprintf(home, sizeof home, "%s/test-sealer-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(home))
		exit(1);
	MUST(qa_admin_add(home, DOMAIN, NULL, 0, NULL, NULL, folder, &err));
	onboard("old", "Wed, 1 Jan 2020 00:00:00 +0000");
	onboard("older", "Sun, 1 Dec 2019 00:00:00 +0000");
	onboard("new", "Sun, 1 Mar 2020 00:00:00 +0000");
}

static qa_month
month(const char *name)
{
	qa_month m;

	if (qa_month_scan(qa_span_str(name), &m))
		exit(1);
	return m;
}

static bool
there(const char *fmt)
{
	char path[QA_PATH_MAX];

	return qa_home_path(path, home, &err, "domain/" DOMAIN "/depot/%s", fmt) == 0 && access(path, F_OK) == 0;
}

static void
bad(void *ctx, enum qa_trouble t, const char *text)
{
	(void)ctx;
	printf("# %s: %s\n", qa_trouble_name(t), text);
}

static bool
verified(void)
{
	struct qa_verify v = {.home = home, .domain = DOMAIN, .deep = true, .settle_ms = 1, .found = bad};
	struct qa_verify_stats st;

	return qa_verify(&v, &st, &err) == 0;
}

/* How many months are due at this time. */
static size_t
due(const struct qa_sealer *s, uint64_t now, bool all)
{
	qa_month *v;
	size_t n;

	MUST(qa_sealer_due(s, DOMAIN, now, all, &v, &n, &err));
	free(v);
	return n;
}

static void
test_due(void)
{
	const struct qa_sealer s = {.home = home, .grace = 12 * HOUR};
	uint64_t january = (uint64_t)qa_seconds_of(2020, 1, 31, 23, 0, 0) * QA_SECOND, now = qa_now();

	OKF(due(&s, now, false) == 0, "they were all added to a moment ago");
	OK(due(&s, now + 11 * HOUR, false) == 0);
	OK(due(&s, now + 13 * HOUR, false) == 3);
	OKF(due(&s, january, true) == 1, "only December 2019 is over by then");
	OK(due(&s, january + HOUR, true) == 2);
	OKF(due(&s, january, false) == 0, "a clock that went back makes nothing due");
}

static int
never(void *ctx)
{
	(*(int *)ctx)++;
	return 1;
}

static void
test_pass(void)
{
	int asked = 0;
	struct qa_sealer s = {.home = home, .grace = 12 * HOUR, .stop = never, .ctx = &asked};
	struct qa_sealer_stats st;
	uint64_t now = qa_now() + 13 * HOUR;

	OK(qa_sealer_pass(&s, now, &st, &err) == 0 && asked && st.months == 0 && there("2020-01/segment-000001.0"));
	s.stop = NULL;
	s.reserve = UINT64_MAX / 2;
	OKF(qa_sealer_pass(&s, now, &st, &err) == 0 && st.months == 0 && st.put_off == 3, "no room");
	OK(qa_sealer_month(&s, DOMAIN, month("2020-01"), &st, &err) == -1 && errno == ENOSPC);
	s.reserve = 0;
	OK(qa_sealer_pass(&s, now, &st, &err) == 0 && st.months == 3 && st.segments == 3 && st.put_off == 0);
	OK(there("2020-01/segment-000001.1") && !there("2020-01/segment-000001.0") && there("2019-12/segment-000001.1"));
	OK(verified());
	OK(qa_sealer_pass(&s, now, &st, &err) == 0 && st.months == 0 && st.segments == 0);
	/* one that comes later */
	onboard("late", "Thu, 2 Jan 2020 00:00:00 +0000");
	OK(there("2020-01/segment-000002.0") && verified());
	OK(due(&s, qa_now(), false) == 0 && due(&s, now, false) == 1);
	OK(qa_sealer_pass(&s, now, &st, &err) == 0 && st.months == 1 && st.segments == 1);
	OK(there("2020-01/segment-000002.1") && verified());
	OK(qa_sealer_month(&s, DOMAIN, month("2020-01"), &st, &err) == 0);
	OK(qa_sealer_month(&s, DOMAIN, month("2018-01"), &st, &err) == 0);
}

/* One message into a month, by a writer that stays open. */
static void
add(struct qa_writer *w, const char *name, const char *text)
{
	struct qa_buf b = QA_BUF(0);
	struct qa_addition a = {.month = month(name), .has_message = true, .message = qa_span_str(text)};
	struct qa_entry_id entry;
	struct qa_id id;

	if (qa_random(id.b, sizeof id.b) || qa_field_add(&b, QA_F_ID, qa_span_of(id.b, sizeof id.b)) ||
	    qa_field_add_u8(&b, QA_F_KIND, QA_MESSAGE) || qa_field_add_u64(&b, QA_F_CAPTURED, qa_now()) ||
	    qa_field_add_u8(&b, QA_F_SOURCE, QA_IMPORT))
		exit(1);
	a.digest = qa_sha256_of(a.message);
	a.fields = qa_buf_span(&b);
	MUST(qa_writer_begin(w, QA_SECOND, &err));
	if (qa_writer_add(w, &a, &entry, &err) != 1)
		MUST(-1);
	MUST(qa_writer_commit(w, &err));
	qa_buf_free(&b);
}

struct beside {
	struct qa_writer *w;
	const char *name;
	int adds;
};

static int
add_meanwhile(void *ctx)
{
	struct beside *b = ctx;

	if (b->adds > 0) {
		add(b->w, b->name, "Subject: meanwhile\n\n");
		b->adds--;
	}
	return 0;
}

/* The writer has the month open, and adds while it is sealed. */
static void
test_beside(void)
{
	struct beside b = {.name = "2020-02", .adds = 1};
	struct qa_sealer s = {.home = home, .stop = add_meanwhile, .ctx = &b};
	struct qa_sealer_stats st = {0};

	MUST(qa_writer_open(home, DOMAIN, &b.w, &err));
	add(b.w, "2020-02", "Subject: one\n\n");
	OKF(qa_sealer_month(&s, DOMAIN, month("2020-02"), &st, &err) == -1 && errno == EAGAIN, "%s", err.text);
	OK(!there("2020-02/segment-000001.1"));
	b.name = "2020-03";
	b.adds = 1;
	OKF(qa_sealer_month(&s, DOMAIN, month("2020-02"), &st, &err) == 1, "another month does not matter");
	OK(there("2020-02/segment-000001.1") && st.months == 1);
	add(b.w, "2020-02", "Subject: late\n\n");
	OKF(there("2020-02/segment-000002.0"), "the writer goes on behind what was sealed");
	MUST(qa_writer_begin(b.w, QA_SECOND, &err));
	OKF(qa_sealer_month(&s, DOMAIN, month("2020-02"), &st, &err) == -1 && errno == EWOULDBLOCK, "%s", err.text);
	qa_writer_end(b.w);
	OK(qa_writer_publish(b.w, &err) == 0);
	qa_writer_close(b.w);
	OK(verified());
}

int
main(void)
{
	make_home();
	test_due();
	test_pass();
	test_beside();
	OK(run("rm", "-rf", home, NULL) == 0);
	return done();
}
