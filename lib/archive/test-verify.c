/*
 * Verifying: whatever is changed under depot/ or log/ is found: every byte flipped, every file cut short, removed,
 * added; entries missing or in another order; a log that forgets; another key.
 */
#include "archive/home.h"
#include "archive/prove.h"
#include "archive/verify.h"
#include "archive/writer.h"
#include "base/text.h"
#include "sys/publish.h"
#include "tests/run.h"
#include "tests/tap.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

static char root[] = "/tmp/test-verify-XXXXXX";
static char home[64];
static struct qa_err err;
static uint64_t kinds[QA_T_KINDS];
static char first[600];

#define MUST(x) do { if (x) { printf("Bail out! %s: %s\n", #x, err.text); exit(1); } } while (0)

static void
file(unsigned number, uint64_t captured, size_t size, struct qa_writer *w)
{
	unsigned char id[16] = {(unsigned char)number, (unsigned char)(number >> 8)};
	struct qa_buf b = QA_BUF(0), m = QA_BUF(0);
	struct qa_addition a = {.has_message = true, .month = qa_month_of(captured)};
	struct qa_entry_id at;

	if (qa_buf_addf(&m, "Received: by x; Mon, 23 Nov 2026 03:22:05 +0000\nSubject: %u\n\n", number))
		exit(1);
	while (m.n < size)
		if (qa_buf_addf(&m, "line %zu of %u\n", m.n, number))
			exit(1);
	if (qa_field_add(&b, QA_F_ID, qa_span_of(id, 16)) || qa_field_add_u8(&b, QA_F_KIND, QA_MESSAGE) ||
	    qa_field_add_u64(&b, QA_F_CAPTURED, captured) || qa_field_add_u8(&b, QA_F_SOURCE, QA_QUEUE) ||
	    qa_field_add_str(&b, QA_F_SENDER, "a@b.example"))
		exit(1);
	a.message = qa_buf_span(&m);
	a.digest = qa_sha256_of(a.message);
	a.fields = qa_buf_span(&b);
	MUST(qa_writer_add(w, &a, &at, &err) != 1);
	qa_buf_free(&b);
	qa_buf_free(&m);
}

/* Two months, three commits, a few messages each. */
static void
make_archive(void)
{
	struct qa_writer *w;
	uint64_t t = (uint64_t)qa_seconds_of(2026, 10, 30, 0, 0, 0) * QA_SECOND;

	snprintf(home, sizeof home, "%s/h", root);
	MUST(qa_writer_open(home, "a.example", &w, &err));
	for (unsigned commit = 0; commit < 3; commit++) {
		MUST(qa_writer_begin(w, QA_SECOND, &err));
		for (unsigned i = 0; i < 3; i++)
			file(commit * 10 + i, t + commit * 86400 * QA_SECOND, 100 + 200 * i, w);
		MUST(qa_writer_commit(w, &err));
		MUST(qa_writer_publish(w, &err));
	}
	qa_writer_close(w);
}

static void
found(void *ctx, enum qa_trouble t, const char *text)
{
	(void)ctx;
	if (!first[0])
		snprintf(first, sizeof first, "%s: %s", qa_trouble_name(t), text);
	kinds[t]++;
}

static int
verify(const char *vkey, qa_span since)
{
	struct qa_verify v = {.home = home, .domain = "a.example", .deep = true, .settle_ms = 3,
			      .vkey = vkey, .since = since, .found = found};
	struct qa_verify_stats st;

	memset(kinds, 0, sizeof kinds);
	first[0] = 0;
	return qa_verify(&v, &st, &err);
}

static const qa_span none;

/* ---- every file ---- */

static char files[64][QA_PATH_MAX];
static size_t nfiles;

static int
note_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && nfiles < 64 && (strstr(path, "/depot/") || strstr(path, "/log/")))
		snprintf(files[nfiles++], sizeof files[0], "%s", path);
	return 0;
}

static void
put(const char *path, const unsigned char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n || close(fd))
		exit(1);
}

/* Whether something is said. That records are missing which nobody trusts yet is what a crash leaves, and so a note. */
static bool
told(const char *name)
{
	return verify(NULL, none) != 0 || (strstr(name, ".idx") && kinds[QA_T_NOTE]);
}

static void
try_file(const char *path)
{
	struct qa_buf b = QA_BUF(0);
	const char *name = strstr(path, "a.example/") + 10;
	unsigned missed = 0;
	size_t step;

	MUST(qa_slurp(AT_FDCWD, path, &b, &err) != 1);
	step = getenv("QA_EVERY_BYTE") ? 1 : b.n / 150 + 1; /* every byte is tried in check-crash */
	for (size_t i = 0; i < b.n; i += step) {
		b.p[i] ^= (unsigned char)(1 << i % 8);
		put(path, b.p, b.n);
		if (verify(NULL, none) == 0 && missed++ < 5)
			printf("# a flip at %zu of %s went unseen\n", i, name);
		b.p[i] ^= (unsigned char)(1 << i % 8);
	}
	OKF(missed == 0, "flips in %s (%zu bytes) are found", name, b.n);
	for (size_t cut = 0; cut < b.n; cut += b.n / 20 + 1) {
		put(path, b.p, cut);
		if (!told(name) && missed++ < 5)
			printf("# %s cut to %zu bytes went unseen\n", name, cut);
	}
	OKF(missed == 0, "truncations of %s are found", name);
	unlink(path);
	OKF(told(name), "%s missing is found (%s)", name, first);
	put(path, b.p, b.n);
	qa_buf_free(&b);
}

/* ---- whole entries ---- */

static void
copy_tree(const char *from, const char *to)
{
	char a[QA_PATH_MAX], b[QA_PATH_MAX];

	snprintf(a, sizeof a, "%s/%s", root, from);
	snprintf(b, sizeof b, "%s/%s", root, to);
	if (run("rm", "-rf", b, NULL) || run("cp", "-a", a, b, NULL))
		exit(1);
}

int
main(void)
{
	struct qa_buf old = QA_BUF(0), now = QA_BUF(0);
	struct qa_tlog_signer other;
	char text[QA_TLOG_KEY_TEXT], path[QA_PATH_MAX];

	if (!mkdtemp(root))
		return 1;
	make_archive();
	OKF(verify(NULL, none) == 0, "a fresh archive is good (%s)", first);
	MUST(qa_home_path(path, home, &err, "domain/a.example"));
	if (nftw(path, note_file, 8, FTW_PHYS))
		return 1;
	OKF(nfiles >= 12, "%zu files are under depot and log", nfiles);
	for (size_t i = 0; i < nfiles; i++)
		try_file(files[i]);
	OKF(verify(NULL, none) == 0, "put back, it is good again (%s)", first);

	/* a stranger's file, in each folder */
	static const char *const places[] = {"depot/x", "depot/2026-10/x", "log/x", "log/tile/0/x", "depot/2026-10/segment-000009.0",
					    "depot/2026-10/segment-000001.2"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		MUST(qa_home_path(path, home, &err, "domain/a.example/%s", places[i]));
		put(path, (const unsigned char *)"x", 1);
		OKF(verify(NULL, none) == 1 && kinds[QA_T_ADDED], "%s does not belong there (%s)", places[i], first);
		unlink(path);
	}

	/* another key, and a checkpoint of before */
	MUST(qa_tlog_signer_new("a.example/qmail-archive/00000000", &other, &err));
	qa_tlog_key_text(&other.key, text);
	OKF(verify(text, none) == 1 && kinds[QA_T_KEY], "another key is seen (%s)", first);
	MUST(qa_home_path(path, home, &err, "domain/a.example/log/checkpoint"));
	MUST(qa_slurp(AT_FDCWD, path, &old, &err) != 1);
	OKF(verify(NULL, qa_buf_span(&old)) == 0, "the log extends its own checkpoint");

	/* the archive grows; then somebody puts an older state back, all of it consistent in itself */
	copy_tree("h", "before");
	struct qa_writer *w;
	MUST(qa_writer_open(home, "a.example", &w, &err));
	MUST(qa_writer_begin(w, QA_SECOND, &err));
	file(77, (uint64_t)qa_seconds_of(2026, 11, 2, 0, 0, 0) * QA_SECOND, 100, w);
	MUST(qa_writer_commit(w, &err));
	MUST(qa_writer_publish(w, &err));
	qa_writer_close(w);
	OKF(verify(NULL, qa_buf_span(&old)) == 0, "a grown log extends the old checkpoint (%s)", first);
	MUST(qa_slurp(AT_FDCWD, path, &now, &err) != 1);
	copy_tree("h", "after");
	copy_tree("before", "h");
	OKF(verify(NULL, none) == 0, "an older state is good in itself");
	OKF(verify(NULL, qa_buf_span(&now)) == 1 && kinds[QA_T_FORKED], "but does not extend what was known (%s)", first);

	/* another history: the same key signs other mail */
	MUST(qa_writer_open(home, "a.example", &w, &err));
	MUST(qa_writer_begin(w, QA_SECOND, &err));
	file(78, (uint64_t)qa_seconds_of(2026, 11, 2, 0, 0, 0) * QA_SECOND, 100, w);
	file(79, (uint64_t)qa_seconds_of(2026, 11, 2, 0, 0, 0) * QA_SECOND, 100, w);
	MUST(qa_writer_commit(w, &err));
	MUST(qa_writer_publish(w, &err));
	qa_writer_close(w);
	OKF(verify(NULL, none) == 0, "another history is good in itself");
	OKF(verify(NULL, qa_buf_span(&now)) == 1 && kinds[QA_T_FORKED], "but forks from what was known (%s)", first);

	/* a whole month of the other history */
	copy_tree("h", "forked");
	copy_tree("after", "h");
	copy_tree("forked/domain/a.example/depot/2026-11", "h/domain/a.example/depot/2026-11");
	OKF(verify(NULL, none) == 1 && (kinds[QA_T_LOG] || kinds[QA_T_MISSING]), "a month of another history is seen (%s)",
	    first);
	copy_tree("after", "h");
	snprintf(path, sizeof path, "%s/h/domain/a.example/depot/2026-10", root);
	OK(run("rm", "-rf", path, NULL) == 0);
	OKF(verify(NULL, none) == 1 && kinds[QA_T_MISSING], "a missing month is missing entries (%s)", first);

	OK(run("rm", "-rf", root, NULL) == 0);
	qa_buf_free(&old);
	qa_buf_free(&now);
	return done();
}
