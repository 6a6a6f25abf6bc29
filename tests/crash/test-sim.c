/* The simulator itself: what careless programs lose on it, and careful ones do not. */
#include "base/buf.h"
#include "sys/publish.h"
#include "sys/sim.h"
#include "sys/syncset.h"
#include "tests/crash/steps.h"
#include "tests/tap.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char top[200], root[220], left[220];
static struct qa_sim *sim;
static int dir = -1; /* open on root while the simulator runs */

/* A fresh root in which "old" (2000 times 'o') and the folder "sub" are durable; FAULT may be NULL. */
static void
begin(const struct qa_sim_fault *fault)
{
	char old[2000];
	int fd;

	crash_remove(root);
	dir = mkdir(root, 0755) ? -1 : open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(old, 'o', sizeof old);
	fd = openat(dir, "old", O_WRONLY | O_CREAT, 0640);
	if (mkdirat(dir, "sub", 0755) || write(fd, old, sizeof old) != sizeof old)
		OKF(0, "begin");
	close(fd);
	sim = qa_sim_new(root, NULL);
	qa_sim_start(sim, fault);
}

/* Cuts the power before call n and opens what is left in place of root. */
static void
cut_at(unsigned long n, enum qa_sim_keep keep, uint64_t seed)
{
	struct qa_sim_disk *d = qa_sim_disk_new(sim);
	struct qa_sim_cut how = {keep, seed};

	qa_sim_disk_to(d, n);
	crash_remove(left);
	if (qa_sim_disk_cut(d, &how, left, NULL))
		OKF(0, "cut");
	qa_sim_disk_free(d);
	close(dir);
	dir = open(left, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
end(void)
{
	close(dir);
	qa_sim_stop();
	qa_sim_free(sim);
}

static void
cut(enum qa_sim_keep keep)
{
	qa_sim_stop();
	cut_at(ULONG_MAX, keep, 1);
}

/* The size of a file that is left, -1 when it is not there. */
static long
size_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) ? -1 : (long)st.st_size;
}

/* How many bytes of a file are C. */
static long
count_of(const char *name, char c)
{
	struct qa_buf b = QA_BUF(1 << 20);
	long n = 0;

	if (qa_slurp(dir, name, &b, NULL) == 1)
		for (size_t i = 0; i < b.n; i++)
			n += b.p[i] == c;
	qa_buf_free(&b);
	return n;
}

static int
create(const char *name)
{
	return qa_sys->openat(dir, name, O_RDWR | O_CREAT, 0644);
}

static int
put(int fd, char c, size_t n, off_t at)
{
	char p[8192];

	memset(p, c, sizeof p);
	return qa_sys->pwrite(fd, p, n, at) == (ssize_t)n ? 0 : -1;
}

static void
forgotten_syncs(void)
{
	int fd;

	begin(NULL);
	fd = create("a");
	put(fd, 'a', 1000, 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("a") == -1, "no sync: neither data nor name");
	OKF(count_of("old", 'o') == 2000, "what was there before is durable");
	end();

	begin(NULL);
	fd = create("a");
	put(fd, 'a', 1000, 0);
	OK(qa_fsync(fd, "a", NULL) == 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("a") == -1, "the file's sync alone: no name");
	end();

	begin(NULL);
	fd = create("a");
	put(fd, 'a', 1000, 0);
	qa_close(&fd);
	OK(qa_fsync_dir(dir, ".", NULL) == 0);
	cut(QA_SIM_DROP);
	OKF(size_of("a") == 0, "the folder's sync alone: an empty file");
	end();

	begin(NULL);
	fd = create("a");
	put(fd, 'a', 1000, 0);
	OK(qa_fdatasync(fd, "a", NULL) == 0 && qa_fsync_dir(dir, ".", NULL) == 0);
	put(fd, 'b', 1000, 1000);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("a") == 1000 && count_of("a", 'a') == 1000,
	    "both syncs: all that was written before them");
	cut(QA_SIM_ALL);
	OKF(size_of("a") == 2000 && count_of("a", 'b') == 1000, "keep all: as a killed process leaves it");
	end();
}

static void
names(void)
{
	int fd;

	begin(NULL);
	OK(qa_sys->unlinkat(dir, "old", 0) == 0);
	cut(QA_SIM_DROP);
	OKF(size_of("old") == 2000, "an unlink without the folder's sync is undone");
	end();

	begin(NULL);
	fd = create("new");
	put(fd, 'n', 700, 0);
	OK(qa_fsync(fd, "new", NULL) == 0 && qa_sys->renameat(dir, "new", dir, "old") == 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("old") == 2000 && size_of("new") == -1, "a rename without the folder's sync is undone");
	for (uint64_t seed = 0, had = 0, got = 0; seed < 40; seed++) {
		cut_at(ULONG_MAX, QA_SIM_ROUGH, seed);
		had += size_of("old") == 2000;
		got += size_of("old") == 700 && count_of("old", 'n') == 700;
		if (seed == 39)
			OKF(had && got && had + got == 40,
			    "a rename leaves the old file or the new one, by chance");
	}
	end();

	begin(NULL);
	OK(qa_sys->renameat(dir, "old", dir, "sub/moved") == 0 && qa_fsync_dir(dir, ".", NULL) == 0);
	cut(QA_SIM_DROP);
	OKF(size_of("old") == -1 && size_of("sub/moved") == 2000,
	    "a rename between folders: never no name at all");
	end();

	begin(NULL);
	OK(qa_sys->renameat(dir, "old", dir, "sub/moved") == 0 && qa_fsync_dir(dir, "sub", NULL) == 0);
	cut(QA_SIM_DROP);
	OKF(size_of("old") == 2000 && size_of("sub/moved") == 2000, "... but perhaps both");
	end();

	begin(NULL);
	OK(qa_sys->mkdirat(dir, "deep", 0700) == 0);
	fd = create("deep/file");
	OK(qa_fsync(fd, "f", NULL) == 0 && qa_fsync_dir(dir, "deep", NULL) == 0);
	cut(QA_SIM_DROP);
	OKF(size_of("deep") == -1, "a folder whose parent was not synced is gone with all in it");
	qa_sim_start(sim, NULL);
	close(dir);
	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	OK(qa_fsync_dir(dir, ".", NULL) == 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("deep/file") == 0, "... and there when it was");
	end();
}

static void
inodes(void)
{
	char self[64];
	int fd;

	begin(NULL);
	fd = qa_sys->openat(dir, ".", O_RDWR | O_TMPFILE, 0600);
	OKF(fd >= 0 && put(fd, 't', 300, 0) == 0 && qa_fsync(fd, "tmp", NULL) == 0, "O_TMPFILE");
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	OK(qa_sys->linkat(AT_FDCWD, self, dir, "named", AT_SYMLINK_FOLLOW) == 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("named") == -1, "a nameless file linked without the folder's sync is gone");
	cut(QA_SIM_ALL);
	OKF(count_of("named", 't') == 300, "... with it it is there");
	end();

	begin(NULL);
	OK(qa_sys->linkat(dir, "old", dir, "also", 0) == 0 && qa_fsync_dir(dir, ".", NULL) == 0);
	fd = qa_sys->openat(dir, "also", O_RDWR, 0);
	put(fd, 'x', 10, 0);
	OK(qa_sys->renameat(dir, "also", dir, "sub/third") == 0 && qa_fsync_dir(dir, "sub", NULL) == 0);
	OK(qa_fsync(fd, "also", NULL) == 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(count_of("old", 'x') == 10 && count_of("sub/third", 'x') == 10 && count_of("also", 'x') == 10,
	    "one file under three names");
	end();

	/* an inode number that is used again */
	begin(NULL);
	for (int i = 0; i < 30; i++) {
		fd = create("again");
		put(fd, 'g', 100, 0);
		if (i == 0 && (qa_fsync(fd, "again", NULL) || qa_fsync_dir(dir, ".", NULL)))
			OKF(0, "sync");
		qa_close(&fd);
		if (qa_sys->unlinkat(dir, "again", 0))
			OKF(0, "unlink");
		fd = create("other");
		put(fd, 'z', 50, 0);
		qa_close(&fd);
		qa_sys->unlinkat(dir, "other", 0);
	}
	cut(QA_SIM_DROP);
	OKF(size_of("again") == 100 && count_of("again", 'g') == 100, "a number used again is another file");
	end();

	begin(NULL);
	fd = qa_sys->openat(dir, "old", O_WRONLY | O_TRUNC, 0);
	qa_close(&fd);
	OKF(size_of("old") == 0, "O_TRUNC empties");
	cut(QA_SIM_DROP);
	OKF(size_of("old") == 2000, "... which is undone as any write");
	end();
}

static void
parts_of_writes(void)
{
	long torn = 0, none = 0, all = 0, zeros = 0, rubbish = 0;
	bool sane = true;
	int fd;

	begin(NULL);
	fd = qa_sys->openat(dir, "old", O_RDWR, 0);
	put(fd, 'n', 1900, 100);
	put(fd, 'e', 2000, 2000);
	qa_close(&fd);
	qa_sim_stop();
	for (uint64_t seed = 1; seed <= 200; seed++) {
		cut_at(ULONG_MAX, seed % 2 ? QA_SIM_SOME : QA_SIM_ROUGH, seed);
		long n = count_of("old", 'n'), o = count_of("old", 'o'), e = count_of("old", 'e'),
		     size = size_of("old");

		none += n == 0 && e == 0;
		all += n == 1900 && e == 2000;
		torn += n > 0 && n < 1900;
		zeros += count_of("old", 0) > 100;
		rubbish += size - n - o - e - count_of("old", 0) > 100;
		if (seed % 2)
			sane = sane && n + o == 2000 && size >= 2000 && size <= 4000 &&
			       (n == 1900 || (n - 412) % 512 == 0 || n % 512 == 0 || (n - 464) % 512 == 0 ||
			        (n - 464 - 412) % 512 == 0);
	}
	OKF(none && all && torn, "of a write there is nothing, all or a part (%ld, %ld, %ld)", none, all,
	    torn);
	OKF(zeros && rubbish, "a size without data, and rubbish, happen (%ld, %ld)", zeros, rubbish);
	OKF(sane, "what is torn is torn between sectors, and only what was written");
	end();

	begin(NULL);
	fd = create("a");
	OK(qa_sys->fallocate(fd, 0, 0, 1 << 26) == 0 && qa_fsync(fd, "a", NULL) == 0);
	put(fd, 'a', 5000, 0);
	OK(qa_fdatasync(fd, "a", NULL) == 0 && qa_sys->ftruncate(fd, 3000) == 0);
	OK(qa_fsync_dir(dir, ".", NULL) == 0);
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("a") == 1 << 26, "a truncate without sync is undone, an allocated size stays");
	cut(QA_SIM_ALL);
	OKF(count_of("a", 'a') == 3000 && size_of("a") == 3000, "... with it it is done");
	end();
}

static void
failures(void)
{
	struct qa_sim_fault fail = {QA_SIM_FAIL, 3, EIO};
	int fd;

	begin(&fail); /* create, write, sync */
	fd = create("a");
	put(fd, 'a', 100, 0);
	OK(qa_fsync(fd, "a", NULL) == -1 && errno == EIO);
	OK(qa_sim_struck(sim));
	put(fd, 'b', 100, 100);
	OK(qa_fsync(fd, "a", NULL) == 0 && qa_fsync_dir(dir, ".", NULL) == 0);
	OKF(count_of("a", 'a') == 100, "after a failed sync the data can still be read");
	qa_close(&fd);
	cut(QA_SIM_DROP);
	OKF(size_of("a") == 200 && count_of("a", 'a') == 0 && count_of("a", 'b') == 100,
	    "... but a later sync that succeeds does not save it");
	end();

	struct qa_sim_fault full = {QA_SIM_FULL, 2, ENOSPC};
	begin(&full);
	fd = create("a");
	OK(put(fd, 'a', 100, 0) == -1 && errno == ENOSPC);
	OK(put(fd, 'a', 100, 0) == -1 && errno == ENOSPC);
	OK(qa_sys->unlinkat(dir, "old", 0) == 0 && qa_fsync_dir(dir, ".", NULL) == 0);
	OK(create("b") == -1 && errno == ENOSPC);
	qa_close(&fd);
	end();

	struct qa_sim_fault half = {QA_SIM_SHORT, 2, ENOSPC};
	struct iovec v[2] = {{(char[]){"abcde"}, 5}, {(char[]){"fghij"}, 5}};
	begin(&half);
	fd = create("a");
	OK(qa_sys->pwritev(fd, v, 2, 0) == 5);
	OK(qa_sys->pwritev(fd, v, 2, 5) == -1 && errno == ENOSPC);
	OK(size_of("a") == 5);
	qa_close(&fd);
	end();

	struct qa_sim_fault rd = {QA_SIM_READ, 2, EIO};
	char c;
	begin(&rd);
	fd = qa_sys->openat(dir, "old", O_RDONLY, 0);
	OK(fd >= 0 && qa_sys->read(fd, &c, 1) == -1 && errno == EIO);
	OK(qa_sys->pread(fd, &c, 1, 0) == 1 && c == 'o');
	qa_close(&fd);
	end();
}

static void
kills(void)
{
	struct qa_sim_fault die = {QA_SIM_KILL, 3, 0};
	int status;

	begin(&die);
	qa_sim_stop();
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		qa_sim_start(sim, &die);
		int fd = create("a");

		if (fork() == 0) { /* a child of it is simulated, and killed, alike */
			put(fd, 'c', 10, 0);
			for (;;)
				pause();
		}
		while (size_of("a") != 10)
			usleep(1000);
		qa_sim_note(sim, qa_span_str("promised"));
		put(fd, 'd', 10, 10);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	OKF(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "killed");
	for (int i = 0; kill(-pid, 0) == 0 && i < 5000; i++)
		usleep(1000);
	OKF(kill(-pid, 0) == -1 && errno == ESRCH, "... with its children");
	OK(qa_sim_calls(sim) == 3 && size_of("a") == 10);
	struct qa_sim_disk *d = qa_sim_disk_new(sim);
	size_t n;
	qa_sim_disk_to(d, 2);
	qa_sim_disk_notes(d, &n);
	OK(n == 0);
	qa_sim_disk_to(d, ULONG_MAX);
	const qa_span *note = qa_sim_disk_notes(d, &n);
	OK(n == 1 && qa_span_is(note[0], "promised"));
	qa_sim_disk_free(d);
	end();
}

static void
whole_volume(void)
{
	struct qa_syncset s;
	struct qa_sim_fault fail = {QA_SIM_FAIL, 61, EIO};

	for (int bad = 0; bad < 2; bad++) {
		begin(bad ? &fail : NULL);
		qa_syncset_init(&s);
		for (int i = 0; i < 30; i++) {
			char name[20];

			snprintf(name, sizeof name, "f%d", i);
			int fd = create(name);
			put(fd, 's', 10, 0);
			if (qa_syncset_file(&s, fd, name, NULL))
				OKF(0, "add");
			qa_close(&fd);
		}
		OK(qa_syncset_folder(&s, dir, ".", NULL) == 0);
		OK(qa_syncset_commit(&s, NULL) == -bad);
		cut(QA_SIM_DROP);
		if (bad)
			OKF(size_of("f0") == -1 && size_of("f29") == -1, "a failed syncfs saves nothing");
		else
			OKF(count_of("f0", 's') == 10 && count_of("f29", 's') == 10,
			    "syncfs makes all durable");
		end();
	}
}

/* What lies elsewhere is not simulated, nor counted. */
static void
elsewhere(void)
{
	char path[300];
	int p[2];

	begin(NULL);
	snprintf(path, sizeof path, "%s/%s", top, "outside");
	int fd = qa_sys->openat(AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
	OK(fd >= 0 && put(fd, 'o', 10, 0) == 0 && qa_sys->ftruncate(fd, 5) == 0 && qa_sys->fsync(fd) == 0);
	OK(pipe(p) == 0 && qa_sys->write(p[1], "x", 1) == 1);
	OK(qa_sys->unlinkat(AT_FDCWD, path, 0) == 0);
	OKF(qa_sim_calls(sim) == 0, "calls outside root do not count");
	qa_close(&fd);
	close(p[0]);
	close(p[1]);
	end();
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(top, sizeof top, "%s/sim.XXXXXX", tmp && *tmp == '/' && strlen(tmp) < 150 ? tmp : "/tmp");
	if (!mkdtemp(top))
		return 2;
	snprintf(root, sizeof root, "%s/root", top);
	snprintf(left, sizeof left, "%s/left", top);
	forgotten_syncs();
	names();
	inodes();
	parts_of_writes();
	failures();
	kills();
	whole_volume();
	elsewhere();
	crash_remove(top);
	return done();
}
