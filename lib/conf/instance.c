#include "conf/instance.h"
#include "auto.h"
#include "sys/publish.h"
#include "sys/sys.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char conf_template[] =
    "# Settings of this instance; what may stand here is in maildepot.conf(5).\n"
    "# key = \"value\"\n";

static const char domains_template[] =
    "# Which domains are archived, how; see domains(5). After editing: md_domain update\n"
    "# example.com archive=both fail=closed\n";

struct folder {
	const char *name;
	mode_t mode;
	bool given; /* to the user of conf-users */
};

struct owner {
	uid_t uid;
	gid_t gid;
	bool known;
};

/* The user that will run the daemons of an instance that root makes. */
static struct owner
owner_of(const char *home)
{
	struct owner o = {0, 0, false};

	if (geteuid() != 0 || strcmp(home, QA_HOME) != 0)
		return o;
	const struct passwd *pw = getpwnam(QA_USER);
	const struct group *gr = getgrnam(QA_GROUP);
	if (pw && gr)
		o = (struct owner){pw->pw_uid, gr->gr_gid, true};
	return o;
}

/*
 * Mode and owner of what was just made. By descriptor: a folder around it may belong to the daemons' user already, who
 * could have put a link in its place by now, and root must not give away what that leads to.
 */
static int
dress(int fd, const char *path, mode_t mode, bool given, const struct owner *o, struct qa_err *err)
{
	if (fchmod(fd, mode) || (given && o->known && fchown(fd, o->uid, o->gid)))
		return qa_fail(err, errno, "cannot set owner and mode of %s: ", path);
	return 0;
}

static int
make_folder(const char *base, const struct folder *f, const struct owner *o, struct qa_err *err)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", base, f->name) >= sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot make folder %s/%s: ", base, f->name);
	int num = qa_sys->mkdirat(AT_FDCWD, path, f->mode) ? errno : 0;
	if (num && num != EEXIST)
		return qa_fail(err, num, "cannot make folder %s: ", path);
	if (!num) {
		int fd = qa_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
		int rc = fd < 0 ? -1 : dress(fd, path, f->mode, f->given, o, err);

		qa_close(&fd);
		if (rc)
			return -1;
	}
	/* one that exists may have been made by a process that died before it synced */
	*strrchr(path, '/') = 0;
	return qa_fsync_dir(AT_FDCWD, path, err);
}

static int
make_file(const char *home, const char *name, qa_span bytes, mode_t mode, const struct owner *given, struct qa_err *err)
{
	struct qa_publish p;
	char path[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(path, sizeof path, "%s/%s", home, name) >= sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot write %s/%s: ", home, name);
	if (qa_sys->fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (qa_publish_begin(&p, AT_FDCWD, path, mode, err))
		return -1;
	if (dress(p.fd, path, mode, given != NULL, given, err) || qa_write_all(p.fd, bytes.p, bytes.n, path, err)) {
		qa_publish_abort(&p);
		return -1;
	}
	return qa_publish_end(&p, err);
}

int
qa_instance_init(const char *home, struct qa_err *err)
{
	static const struct folder folders[] = {
	    {"etc", 0755, false}, {"domain", 0750, true},	  {"var", 0750, true},
	    {"journal", 0750, true}, {"journal/direct", 0770, true},
	};
	static const unsigned char zero[8];
	struct owner o = owner_of(home);

	if (qa_mkdirs(AT_FDCWD, home, 0755, err))
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (make_folder(home, &folders[i], &o, err))
			return -1;
	if (make_file(home, "etc/maildepot.conf", qa_span_str(conf_template), 0644, NULL, err) ||
	    make_file(home, "etc/domains", qa_span_str(domains_template), 0644, NULL, err))
		return -1;
	/* the counter of mail that passed without a copy: the doors add to it, and never make it */
	return make_file(home, "var/failopen", qa_span_of(zero, sizeof zero), 0660, &o, err);
}

int
qa_instance_become(const char *home, struct qa_err *err)
{
	char path[PATH_MAX];
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if ((size_t)snprintf(path, sizeof path, "%s/domain", home) >= sizeof path)
		return qa_fail(err, ENAMETOOLONG, "cannot use %s: ", home);
	if (stat(path, &st))
		return qa_fail(err, errno, "cannot use %s: ", path);
	if (st.st_uid == 0)
		return 0;
	if (setegid(st.st_gid) || seteuid(st.st_uid))
		return qa_fail(err, errno, "cannot act as the owner of %s: ", path);
	return 0;
}

int
qa_instance_return(struct qa_err *err)
{
	if (getuid() != 0 || geteuid() == 0)
		return 0;
	if (seteuid(0) || setegid(getgid()))
		return qa_fail(err, errno, "cannot act as root again: ");
	return 0;
}
