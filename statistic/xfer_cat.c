/*
 * xfer_cat: files loaded traffic files away, as loaded/NAME.gz beside them.
 */
#include "base/opt.h"
#include "sys/sys.h"
#include "traffic/xfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MOST = 4096 };

static const char help[] = "Moves each file to loaded/NAME.gz beside it, read back and compared before the file itself goes.\n\n"
			   "  -v    say what was moved\n";
static const struct qa_opt opt = {"xfer_cat", "[-v] FILE...", help, "*v", NULL};

/* 0 done, 1 there is no such file, 2 trouble. */
static int
one(const char *path, bool verbose)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char dir[PATH_MOST];
	struct qa_err err;
	int rc, fd;

	if (slash && slash - path >= PATH_MOST - 1) {
		fprintf(stderr, "%s: %s: the path is too long\n", opt.program, path);
		return 2;
	}
	snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : slash ? (int)(slash - path) : 1, slash ? path : ".");
	fd = qa_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, &err);
	rc = fd < 0 ? -1 : qa_xfer_file(fd, dir, name, NULL, &err);
	qa_close(&fd);
	if (rc == 0)
		fprintf(stderr, "%s: there is no file %s\n", opt.program, path);
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", opt.program, err.text);
	if (rc == 1 && verbose)
		printf("%s -> %s/loaded/%s.gz\n", path, dir, name);
	return rc == 1 ? 0 : rc == 0 ? 1 : 2;
}

int
main(int argc, char **argv)
{
	bool verbose = false;
	int worst = 0;

	while (qa_opt_next(&opt, argc, argv) != -1)
		verbose = true;
	if (optind == argc)
		qa_usage(&opt);
	for (int i = optind; i < argc; i++) {
		int rc = one(argv[i], verbose);

		if (rc > worst)
			worst = rc;
	}
	if (fflush(stdout)) {
		perror("xfer_cat: standard output");
		return 2;
	}
	return worst;
}
