/* An instance: made whole, left alone when it is there, and nothing behind a link is touched. */
#include "conf/instance.h"
#include "sys/sys.h"
#include "tests/tap.h"
#include "tests/tmp.h"

#include <errno.h>
#include <string.h>

static char victim[600];

/* The daemons' user is quick: what was just made in its folder is a link now. */
static int
mkdir_then_link(int dirfd, const char *name, mode_t mode)
{
	char aside[700];

	if (qa_sys_real.mkdirat(dirfd, name, mode))
		return -1;
	if (!strstr(name, "/journal/direct"))
		return 0;
	snprintf(aside, sizeof aside, "%s.aside", name);
	return rename(name, aside) || symlink(victim, name) ? -1 : 0;
}

static int
mode_of(const char *home, const char *name)
{
	char path[700];
	struct stat st;

	snprintf(path, sizeof path, "%s%s%s", home, *name ? "/" : "", name);
	return stat(path, &st) ? -1 : (int)(st.st_mode & 07777);
}

int
main(void)
{
	struct qa_sys quick = qa_sys_real;
	char home[600], path[700];
	struct qa_err err;
	struct stat st;

	umask(077);
	snprintf(home, sizeof home, "%s/h", tmp_make());
	OK(qa_instance_init(home, &err) == 0);
	OK(mode_of(home, "etc") == 0755 && mode_of(home, "var") == 0750);
	OK(mode_of(home, "journal") == 0750 && mode_of(home, "journal/direct") == 0770);
	OK(mode_of(home, "etc/domains") == 0644 && mode_of(home, "var/failopen") == 0660);
	snprintf(path, sizeof path, "%s/var/failopen", home);
	OK(stat(path, &st) == 0 && st.st_size == 8);
	OK(truncate(path, 16) == 0 && qa_instance_init(home, &err) == 0);
	OK(stat(path, &st) == 0 && st.st_size == 16);

	snprintf(victim, sizeof victim, "%s/victim", tmp_path);
	snprintf(home, sizeof home, "%s/h2", tmp_path);
	OK(mkdir(victim, 0700) == 0);
	quick.mkdirat = mkdir_then_link;
	qa_sys = &quick;
	OK(qa_instance_init(home, &err) == -1);
	OK(mode_of(victim, "") == 0700);
	return done();
}
