/* A domain's key: made once, whoever is at it at the same time or dies; kept from others; never in doubt. */
#include "archive/home.h"
#include "archive/key.h"
#include "archive/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char conf[QA_PATH_MAX], vkey[QA_PATH_MAX];

static void
fresh(void)
{
	if (run("rm", "-rf", test_home, NULL))
		exit(99);
	MUST(qa_home_domain(test_home, TEST_DOMAIN, &test_err));
}

/* The public half of what qa_key_load gives; empty when it gives none. */
static const char *
loaded(void)
{
	static char text[QA_TLOG_KEY_TEXT];
	struct qa_tlog_signer s;

	text[0] = 0;
	if (qa_key_load(test_home, TEST_DOMAIN, &s, &test_err) == 0) {
		qa_tlog_key_text(&s.key, text);
		qa_tlog_wipe(&s, sizeof s);
	}
	return text;
}

static const char *
published(void)
{
	static char text[QA_TLOG_KEY_TEXT + 2];
	struct qa_buf b = QA_BUF(QA_TLOG_KEY_TEXT + 1);

	text[0] = 0;
	if (qa_slurp(AT_FDCWD, vkey, &b, &test_err) == 1 && b.n && b.p[b.n - 1] == '\n')
		snprintf(text, sizeof text, "%.*s", (int)b.n - 1, (const char *)b.p);
	qa_buf_free(&b);
	return text;
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_mode & 0777;
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		exit(99);
}

static void
test_made(void)
{
	struct qa_tlog_key key;
	char was[QA_TLOG_KEY_TEXT];

	fresh();
	OKF(qa_key_load(test_home, TEST_DOMAIN, &(struct qa_tlog_signer){0}, &test_err) == -1 && test_err.num == ENOENT,
	    "no key: %s", test_err.text);
	umask(0);
	OK(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0);
	umask(022);
	OKF(mode_of(conf) == 0600 && mode_of(vkey) == 0644, "the key is secret, the vkey is not: %o %o", mode_of(conf),
	    mode_of(vkey));
	OK(loaded()[0] && strcmp(loaded(), published()) == 0);
	OK(qa_tlog_key_scan(qa_span_str(published()), &key, &test_err) == 0);
	OKF(strncmp(key.name, TEST_DOMAIN "/qmail-archive/", 24) == 0 && strlen(key.name) == 24 + 8,
	    "its name is domain and epoch: %s", key.name);
	snprintf(was, sizeof was, "%s", loaded());
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0 && strcmp(loaded(), was) == 0, "a key that is there stays");
	unlink(vkey);
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0 && strcmp(published(), was) == 0,
	    "its public half is written again");
	unlink(conf);
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == -1 && test_err.num == ENOENT && access(conf, F_OK) &&
		strcmp(published(), was) == 0,
	    "a key that is lost is not replaced in silence: %s", test_err.text);
	fresh();
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0 && strcmp(loaded(), was) != 0, "each key is another one");
}

/* What the file may hold, and what not. Errors show nothing of the key. */
static void
test_file_bytes(void)
{
	struct qa_tlog_signer s, other;
	char text[QA_TLOG_SIGNER_TEXT], line[1000];

	fresh();
	MUST(qa_tlog_signer_new("a.example/qmail-archive/00000000", &other, &test_err));
	qa_tlog_signer_text(&other, text);
	snprintf(line, sizeof line, "origin = \"a.example/qmail-archive/00000000\"\nkey = \"%s\"\n", text);
	put(conf, line);
	OK(qa_key_load(test_home, TEST_DOMAIN, &s, &test_err) == 0 && memcmp(s.seed, other.seed, sizeof s.seed) == 0);
	OKF(qa_key_init(test_home, TEST_DOMAIN, &test_err) == 0 && strcmp(loaded(), published()) == 0,
	    "a key that was put there is used");

	const struct {
		const char *what, *format;
	} wrong[] = {
	    {"no origin", "key = \"%s\"\n"},
	    {"another origin", "origin = \"b.example/x\"\nkey = \"%s\"\n"},
	    {"half a key", "origin = \"a.example/qmail-archive/00000000\"\nkey = \"%.60s\"\n"},
	    {"no key", "origin = \"a.example/qmail-archive/00000000\"\n# %s\n"},
	    {"no text", ""},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
		snprintf(line, sizeof line, wrong[i].format, text);
#pragma GCC diagnostic pop
		put(conf, line);
		OKF(qa_key_load(test_home, TEST_DOMAIN, &s, &test_err) == -1 && strstr(test_err.text, "md_authenticity.conf") &&
			!strstr(test_err.text, text + strlen(text) - 30),
		    "%s: %s", wrong[i].what, test_err.text);
	}
	qa_tlog_wipe(text, sizeof text);
}

static void
test_at_once(void)
{
	enum { PROCESSES = 6 };
	int go[2], bad = 0;

	for (int round = 0; round < 5; round++) {
		pid_t pid[PROCESSES];

		fresh();
		if (pipe(go))
			exit(99);
		fflush(stdout);
		for (int i = 0; i < PROCESSES; i++) {
			char c;

			pid[i] = fork();
			if (pid[i] == 0) {
				close(go[1]);
				if (read(go[0], &c, 1) != 0)
					_exit(1);
				_exit(qa_key_init(test_home, TEST_DOMAIN, &test_err) != 0);
			}
		}
		close(go[0]);
		close(go[1]);
		for (int i = 0; i < PROCESSES; i++) {
			int status = 1;

			waitpid(pid[i], &status, 0);
			bad += status != 0;
		}
		bad += !loaded()[0] || strcmp(loaded(), published()) != 0;
	}
	OKF(bad == 0, "several at once agree on one key");
}

static struct qa_sys table;
static long calls, fail_at;

static bool
fails(void)
{
	if (++calls != fail_at)
		return false;
	errno = EIO;
	return true;
}

static int
my_fsync(int fd)
{
	return fails() ? -1 : qa_sys_real.fsync(fd);
}

static ssize_t
my_write(int fd, const void *p, size_t n)
{
	return fails() ? -1 : qa_sys_real.write(fd, p, n);
}

static int
my_renameat(int a, const char *b, int c, const char *d)
{
	return fails() ? -1 : qa_sys_real.renameat(a, b, c, d);
}

static int
my_linkat(int a, const char *b, int c, const char *d, int flags)
{
	return fails() ? -1 : qa_sys_real.linkat(a, b, c, d, flags);
}

static int
my_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return (flags & O_CREAT) && fails() ? -1 : qa_sys_real.openat(dirfd, path, flags, mode);
}

static void
test_failing(void)
{
	int bad = 0, rc = -1, told = 0;

	table = qa_sys_real;
	table.fsync = my_fsync;
	table.write = my_write;
	table.renameat = my_renameat;
	table.linkat = my_linkat;
	table.openat = my_openat;
	for (long n = 1; rc && n < 100; n++) {
		fresh();
		qa_sys = &table;
		calls = 0;
		fail_at = n;
		rc = qa_key_init(test_home, TEST_DOMAIN, &test_err);
		qa_sys = &qa_sys_real;
		told += rc != 0 && test_err.num == EIO;
		/* a vkey without its key would lock the domain up */
		bad += published()[0] && strcmp(loaded(), published()) != 0;
		bad += qa_key_init(test_home, TEST_DOMAIN, &test_err) != 0 || !loaded()[0] ||
		       strcmp(loaded(), published()) != 0;
		if (bad)
			printf("# call %ld: %s\n", n, test_err.text);
	}
	OKF(rc == 0 && bad == 0 && told >= 8, "a failure at each of %d calls is told, and the next one goes on from there", told);
}

int
main(void)
{
	test_begin();
	MUST(qa_home_path(conf, test_home, &test_err, QA_HOME_KEY, TEST_DOMAIN));
	MUST(qa_home_path(vkey, test_home, &test_err, QA_HOME_LOG "/vkey", TEST_DOMAIN));
	test_made();
	test_file_bytes();
	test_at_once();
	test_failing();
	return test_end();
}
