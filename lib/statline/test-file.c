/* The stats file: found, made, added to; torn ends, odd files, rotation. */
#include "statline/file.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char text[65536];

static const char *
content(const char *file)
{
	FILE *f = fopen(file, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = 0;
	return text;
}

static void
put(const char *file, const char *what)
{
	FILE *f = fopen(file, "w");

	if (!f || fputs(what, f) < 0 || fclose(f))
		abort();
}

static bool
adds(const char *file, const char *lines, size_t want)
{
	size_t added = 99;

	return qa_stats_append(file, qa_span_str(lines), &added, NULL) == 0 && added == want;
}

static bool
fails(const char *file, const char *lines, int num, size_t want)
{
	struct qa_err err;
	size_t added = 99;

	return qa_stats_append(file, qa_span_str(lines), &added, &err) == -1 && err.num == num && added == want;
}

static void
find(void)
{
	struct qa_stats s;
	struct qa_err err;

	mkdir("home", 0755);
	mkdir("home/etc", 0755);
	put("home/etc/me", "mx7.example.net \nmore\n");
	put("home/etc/stats", "var/stats\n");
	OK(qa_stats_find(&s, "home", NULL, &err) == 1 && strcmp(s.path, "home/var/stats") == 0);
	OK(strcmp(s.host, "mx7.example.net") == 0);
	put("home/etc/stats", "/srv/stats\n");
	OK(qa_stats_find(&s, "home", NULL, &err) == 1 && strcmp(s.path, "/srv/stats") == 0);
	put("home/etc/stats", "-\n");
	OK(qa_stats_find(&s, "home", NULL, &err) == 0 && s.path[0] == 0);
	OK(qa_stats_find(&s, "home", "mine", &err) == 1 && strcmp(s.path, "mine") == 0);
	setenv("MAILDEPOT_HOME", "home", 1);
	OK(qa_stats_find(&s, NULL, NULL, &err) == 0 && strcmp(s.host, "mx7.example.net") == 0);
	unlink("home/etc/stats");
	mkdir("home/etc/stats", 0755);
	OK(qa_stats_find(&s, NULL, NULL, &err) == -1);
}

static void
add(void)
{
	struct stat st;

	umask(077);
	OK(adds("new", "one\ntwo\n", 2) && strcmp(content("new"), "one\ntwo\n") == 0);
	OK(stat("new", &st) == 0 && (st.st_mode & 07777) == 0660);
	umask(022);
	OK(adds("new", "", 0) && adds("new", "three\n", 1) && strcmp(content("new"), "one\ntwo\nthree\n") == 0);
	OK(rename("new", "old") == 0 && adds("new", "four\n", 1) && strcmp(content("new"), "four\n") == 0);
	OK(symlink("there", "link") == 0 && adds("link", "a\n", 1) && strcmp(content("there"), "a\n") == 0);
	OK(fails("new", "half", EINVAL, 0) && strcmp(content("new"), "four\n") == 0);
	OK(fails("nowhere/new", "a\n", ENOENT, 0) && fails(".", "a\n", EISDIR, 0));
	OK(mkfifo("pipe", 0600) == 0 && fails("pipe", "a\n", ENXIO, 0));
	int fd = open("pipe", O_RDONLY | O_NONBLOCK);
	char got[3] = "";
	OK(adds("pipe", "b\n", 1) && read(fd, got, 2) == 2 && strcmp(got, "b\n") == 0);
	close(fd);
}

/* A limit of size is the full disk that needs no disk: the write is cut there. */
static void
cut(void)
{
	struct rlimit all, few = {.rlim_cur = 10};

	put("torn", "whole\n");
	getrlimit(RLIMIT_FSIZE, &all);
	few.rlim_max = all.rlim_max;
	setrlimit(RLIMIT_FSIZE, &few);
	int r = qa_stats_append("torn", qa_span_str("second\n"), NULL, NULL);
	int again = qa_stats_append("torn", qa_span_str("third\n"), NULL, NULL);
	setrlimit(RLIMIT_FSIZE, &all);
	OK(r == -1 && again == -1 && strcmp(content("torn"), "whole\nseco") == 0);
	OK(adds("torn", "fourth\nfifth\n", 2) && strcmp(content("torn"), "whole\nseco\nfourth\nfifth\n") == 0);
	OK(signal(SIGXFSZ, SIG_DFL) == SIG_DFL);
}

int
main(void)
{
	if (chdir(tmp_make()))
		return 2;
	find();
	add();
	cut();
	return done();
}
