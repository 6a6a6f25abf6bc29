/* Onboarding: months by date, what is known, stopping and going on, files that change between the passes. */
#include "archive/onboard.h"
#include "archive/testing.h"
#include "archive/verify.h"
#include "sys/publish.h"

#include <errno.h>
#include <unistd.h>

static char mail[400];
static struct qa_onboard_stats st;
static unsigned troubles, asked, stop_at;
static void (*meanwhile)(void);

static int
stop(void *ctx)
{
	(void)ctx;
	return ++asked >= stop_at && stop_at;
}

static void
progress(void *ctx, const struct qa_onboard_stats *s)
{
	(void)ctx;
	/* the first of pass 2 */
	if (!s->counting && meanwhile) {
		void (*now)(void) = meanwhile;

		meanwhile = NULL;
		now();
	}
}

static void
trouble(void *ctx, const char *path, const char *why)
{
	(void)ctx;
	printf("# %s: %s\n", path, why);
	troubles++;
}

static int
onboard(void)
{
	const char *const paths[] = {mail};
	struct qa_onboard o = {.home = test_home,
			       .domain = TEST_DOMAIN,
			       .paths = paths,
			       .n = 1,
			       .operator_name = "me",
			       .tool = "test",
			       .stop = stop,
			       .progress = progress,
			       .trouble = trouble};

	asked = troubles = 0;
	return qa_onboard(&o, &st, &test_err);
}

static void
put(const char *name, const char *date, const char *text)
{
	char path[500], m[500];
	int n = snprintf(m, sizeof m, "%s%s%sSubject: %s\n\n%s\n", date ? "Date: " : "", date ? date : "", date ? "\n" : "",
			 name, text);

	snprintf(path, sizeof path, "%s/%s", mail, name);
	MUST(qa_publish(AT_FDCWD, path, qa_span_of(m, (size_t)n), 0644, &test_err));
}

static void
box(unsigned from, unsigned to)
{
	char path[500];
	struct qa_buf b = QA_BUF(0);

	for (unsigned i = from; i < to; i++)
		MUST(qa_buf_addf(&b, "From a@b Mon Nov 23 03:22:05 2026\nDate: %u Mar 2025 10:00:00 +0000\nSubject: %u\n\n%u\n\n",
				 i % 28 + 1, i, i));
	snprintf(path, sizeof path, "%s/box", mail);
	MUST(qa_publish(AT_FDCWD, path, qa_buf_span(&b), 0644, &test_err));
	qa_buf_free(&b);
}

static bool
month(const char *name)
{
	char path[QA_PATH_MAX];

	MUST(qa_home_path(path, test_home, &test_err, QA_HOME_DEPOT "/%s", TEST_DOMAIN, name));
	return access(path, F_OK) == 0;
}

static void
shorter(void)
{
	char path[500];

	snprintf(path, sizeof path, "%s/box", mail);
	if (truncate(path, 400))
		exit(99);
}

static void
gone(void)
{
	char path[500];

	snprintf(path, sizeof path, "%s/z.eml", mail);
	unlink(path);
}

static void
bad(void *ctx, enum qa_trouble t, const char *text)
{
	(void)ctx;
	printf("# %s: %s\n", qa_trouble_name(t), text);
}

int
main(void)
{
	struct qa_verify v = {.home = test_home, .domain = TEST_DOMAIN, .deep = true, .settle_ms = 1, .found = bad};
	struct qa_verify_stats vst;

	test_begin();
	snprintf(mail, sizeof mail, "%s/mail", test_root);
	MUST(qa_mkdirs(AT_FDCWD, mail, 0755, &test_err));
	put("a.eml", "Wed, 1 Jan 2020 00:00:00 +0000", "one");
	put("b.eml", "Tue, 1 Jan 1980 00:00:00 +0000", "before there was mail");
	put("c.eml", NULL, "no date at all");
	put("d.eml", "Wed, 1 Jan 2020 00:00:00 +0000", "two");
	OK(onboard() == 0 && st.found == 4 && st.filed == 4 && st.known == 0 && st.failed == 0);
	OKF(st.guessed == 2, "%llu without a believable date", (unsigned long long)st.guessed);
	OK(month("2020-01") && !month("1980-01"));
	OK(onboard() == 0 && st.filed == 0 && st.known == 4);
	put("e.eml", "Thu, 2 Jan 2020 00:00:00 +0000", "three");
	OK(onboard() == 0 && st.filed == 1 && st.known == 4);

	/* stopped in the middle of pass 2, then again */
	box(0, 50);
	stop_at = 55 + 20;
	OK(onboard() == 1);
	uint64_t part = st.filed;
	stop_at = 0;
	OKF(onboard() == 0 && part < 50 && part + st.filed == 50, "%llu, then the other %llu", (unsigned long long)part,
	    (unsigned long long)st.filed);

	/* what changes between the passes costs its own messages */
	box(100, 120);
	meanwhile = shorter;
	OK(onboard() == 0 && st.found == 25 && st.failed > 0 && troubles == st.failed);
	OKF(st.filed + st.known + st.failed == 25 && st.known == 5, "%llu filed, %llu failed", (unsigned long long)st.filed,
	    (unsigned long long)st.failed);
	box(100, 120);
	put("z.eml", "Sun, 1 Nov 2026 00:00:00 +0000", "the last one");
	meanwhile = gone;
	OKF(onboard() == 0 && st.failed == 1 && troubles == 1, "a file that went away");
	OK(onboard() == 0 && st.filed == 0 && st.failed == 0 && st.known == 25);
	OK(qa_verify(&v, &vst, &test_err) == 0);
	snprintf(mail, sizeof mail, "%s/nothing", test_root);
	OKF(onboard() == -1, "%s", test_err.text);
	return test_end();
}
