#include "auto.h"
#include "conf/conf.h"
#include "statline/file.h"
#include "sys/sys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

static int
set_path(struct qa_stats *s, const char *home, const char *path, struct qa_err *err)
{
	int n = home && path[0] != '/' ? snprintf(s->path, sizeof s->path, "%s/%s", home, path)
				       : snprintf(s->path, sizeof s->path, "%s", path);

	if (n < 0 || (size_t)n >= sizeof s->path)
		return qa_fail(err, ENAMETOOLONG, "cannot use the stats file %s: ", path);
	return 0;
}

/* The first line of FOLDER/NAME: 1, 0, -1. */
static int
fact(const char *folder, const char *name, struct qa_buf *out, struct qa_err *err)
{
	char path[QA_STATS_PATH];

	out->n = 0;
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot read %s in %s: ", name, folder);
	return qa_control_text(AT_FDCWD, path, out, err);
}

static void
find_host(struct qa_stats *s, const char *home, struct qa_buf *b)
{
	if ((fact(home, "etc/me", b, NULL) == 1 || fact(QA_QMAIL, "control/me", b, NULL) == 1) && b->n < sizeof s->host) {
		memcpy(s->host, b->p, b->n);
		s->host[b->n] = 0;
		return;
	}
	if (gethostname(s->host, sizeof s->host))
		s->host[0] = 0;
	s->host[sizeof s->host - 1] = 0;
}

/* conf-stats, if its folder exists: 1 or 0. */
static int
by_default(struct qa_stats *s, struct qa_err *err)
{
	char folder[] = QA_STATS;
	char *slash = strrchr(folder, '/');
	struct stat st;

	if (set_path(s, NULL, QA_STATS, err))
		return -1;
	if (!slash)
		return 0;
	*slash = 0;
	return qa_sys->fstatat(AT_FDCWD, folder, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int
find_path(struct qa_stats *s, const char *home, const char *file, struct qa_buf *b, struct qa_err *err)
{
	if (file)
		return set_path(s, NULL, file, err) ? -1 : 1;
	int got = fact(home, "etc/stats", b, err);
	if (got < 0)
		return -1;
	if (got == 0)
		return by_default(s, err);
	const char *line = qa_buf_cstr(b);
	if (!line)
		return qa_fail(err, errno, "cannot read etc/stats: ");
	if (strcmp(line, "-") == 0)
		return 0;
	return set_path(s, home, line, err) ? -1 : 1;
}

int
qa_stats_find(struct qa_stats *s_r, const char *home, const char *file, struct qa_err *err)
{
	struct qa_buf b = QA_BUF(QA_CONTROL_FILE);

	s_r->path[0] = s_r->host[0] = 0;
	if ((home || file) && getauxval(AT_SECURE))
		return qa_fail(err, EPERM, "a set-id program writes to its own stats file alone: ");
	if (!home)
		home = secure_getenv("MAILDEPOT_HOME");
	if (!home || !*home)
		home = QA_HOME;
	int rc = find_path(s_r, home, file, &b, err);
	if (rc >= 0)
		find_host(s_r, home, &b);
	qa_buf_free(&b);
	return rc;
}
