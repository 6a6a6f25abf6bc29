/*
 * TrafficLoader: puts the day's traffic files into SQL, once and only once, and files them away.
 */
#include "base/opt.h"
#include "sys/sys.h"
#include "traffic/load.h"
#include "traffic/translog.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DB = 1, SERVER, PATH_MOST = 4096, SERVER_MOST = 255 };

static const char help[] = "Loads the traffic files of each DIR (default: H/statistic) into the table translog, then moves them to DIR/loaded.\n\n"
			   "      --db URI       postgresql://... or the path of a file of SQLite (default: H/statistic/traffic.sqlite)\n"
			   "      --server NAME  whose files they are (default: the name of this host)\n"
			   "  -v                 a line for each file\n";
static const struct option longs[] = {{"db", required_argument, NULL, DB}, {"server", required_argument, NULL, SERVER}, {0}};
static const struct qa_opt opt = {"TrafficLoader", "[-v] [--db URI] [--server NAME] [DIR...]", help, "*v", longs};

struct tally {
	const char *dir;
	bool verbose;
	unsigned long refused;
};

static void
said(void *arg, const struct qa_load_file *f)
{
	struct tally *t = arg;

	if (f->result >= QA_LOAD_BAD) {
		t->refused++;
		fprintf(stderr, "%s: %s\n", opt.program, f->err.text);
	} else if (t->verbose && f->result == QA_LOAD_NEW) {
		printf("%s/%s: loaded, %llu name%s, %llu kB\n", t->dir, f->name, (unsigned long long)f->names,
		       f->names == 1 ? "" : "s", (unsigned long long)f->kb);
	} else if (t->verbose) {
		printf("%s/%s: %s\n", t->dir, f->name, f->result == QA_LOAD_KNOWN ? "was loaded before" : "taken by another run");
	}
}

static void
server_set(const char *name, char out[SERVER_MOST + 1])
{
	struct qa_err err;
	size_t n = 0;

	if (!name && gethostname(out, SERVER_MOST)) {
		qa_fail(&err, errno, "cannot get the name of this host: ");
		qa_die(opt.program, &err);
	}
	if (name && (n = strlen(name)) <= SERVER_MOST)
		memcpy(out, name, n + 1);
	out[SERVER_MOST] = 0;
	bool good = n <= SERVER_MOST && *out;
	for (unsigned char *p = (unsigned char *)out; *p; p++) {
		good = good && *p > ' ' && *p < 0x7f;
		*p = (unsigned char)tolower(*p);
	}
	if (!good) {
		qa_fail(&err, 0, "--server: %s cannot be a server's name", name ? name : out);
		qa_die(opt.program, &err);
	}
}

int
main(int argc, char **argv)
{
	char home[PATH_MOST], base[PATH_MOST], server[SERVER_MOST + 1];
	const char *uri = NULL, *name = NULL;
	struct tally t = {0};
	struct qa_db *db;
	struct qa_err err;
	int c;

	while ((c = qa_opt_next(&opt, argc, argv)) != -1) {
		if (c == DB)
			uri = optarg;
		else if (c == SERVER)
			name = optarg;
		else
			t.verbose = true;
	}
	server_set(name, server);
	char *own[] = {home, NULL}, **dir = optind < argc ? argv + optind : own;
	if (!uri || dir == own) {
		if (snprintf(home, sizeof home, "%s/statistic", qa_opt_home()) >= (int)sizeof home ||
		    snprintf(base, sizeof base, "%s/traffic.sqlite", home) >= (int)sizeof base) {
			qa_fail(&err, ENAMETOOLONG, "the home %s: ", qa_opt_home());
			qa_die(opt.program, &err);
		}
		if (qa_mkdirs(AT_FDCWD, home, 0750, &err))
			qa_die(opt.program, &err);
	}
	if (qa_db_open(uri ? uri : base, QA_DB_WRITE, &db, &err) || qa_translog_open(db, &err))
		qa_die(opt.program, &err);
	for (; *dir; dir++) {
		t.dir = *dir;
		if (qa_load_dir(db, *dir, server, said, &t, &err))
			qa_die(opt.program, &err);
	}
	qa_db_close(db);
	if (fflush(stdout)) {
		qa_fail(&err, errno, "cannot write to standard output: ");
		qa_die(opt.program, &err);
	}
	return t.refused ? 1 : 0;
}
