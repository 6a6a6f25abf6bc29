#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's interface, as far as version 6 of it; headers of the build host are often older than the
 * kernel it runs on. Documentation/userspace-api/landlock.rst. */
#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR (UINT64_C(1) << 7)
#define FS_MAKE_REG (UINT64_C(1) << 8)
#define FS_MAKE_SOCK (UINT64_C(1) << 9)
#define FS_REFER (UINT64_C(1) << 13)    /* since 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14) /* since 3 */
#define FS_ALL_1 ((UINT64_C(1) << 13) - 1)
#define FS_ALL_2 ((UINT64_C(1) << 14) - 1)
#define FS_ALL_3 ((UINT64_C(1) << 15) - 1)
#define FS_ALL_5 ((UINT64_C(1) << 16) - 1) /* with ioctl on devices */
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)
#define NET_ALL_4 UINT64_C(3)   /* bind and connect of TCP */
#define SCOPE_ALL_6 UINT64_C(3) /* abstract UNIX sockets, signals */

enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1 };

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

struct ruleset {
	uint64_t fs;
	uint64_t net;    /* since 4 */
	uint64_t scoped; /* since 6 */
};

struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

int
qa_sandbox_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static uint64_t
governed(int abi)
{
	return abi >= 5 ? FS_ALL_5 : abi >= 3 ? FS_ALL_3 : abi == 2 ? FS_ALL_2 : FS_ALL_1;
}

static uint64_t
allowed(unsigned rights)
{
	uint64_t a = 0;

	if (rights & QA_SANDBOX_READ)
		a |= FS_READ_FILE | FS_READ_DIR;
	if (rights & QA_SANDBOX_WRITE)
		a |= FS_WRITE_FILE | FS_TRUNCATE;
	if (rights & QA_SANDBOX_MAKE)
		a |= FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE | FS_REMOVE_DIR | FS_REFER;
	if (rights & QA_SANDBOX_SOCKET)
		a |= FS_MAKE_SOCK | FS_REMOVE_FILE;
	if (rights & QA_SANDBOX_EXEC)
		a |= FS_EXECUTE;
	return a;
}

static int
add_rule(int set, uint64_t handled, const struct qa_sandbox_rule *rule, struct qa_err *err)
{
	struct path_beneath p = {allowed(rule->rights) & handled, open(rule->path, O_PATH | O_CLOEXEC)};
	struct stat st;
	int rc = 0;

	if (p.fd < 0) {
		if (errno == ENOENT && rule->rights & QA_SANDBOX_MAYBE)
			return 0;
		return qa_fail(err, errno, "cannot open %s for the sandbox: ", rule->path);
	}
	if (fstat(p.fd, &st))
		rc = qa_fail(err, errno, "cannot look at %s for the sandbox: ", rule->path);
	else {
		if (!S_ISDIR(st.st_mode))
			p.allowed &= FS_OF_FILES;
		/* a rule that allows nothing is refused, and not needed */
		if (p.allowed && syscall(SYS_landlock_add_rule, set, RULE_PATH_BENEATH, &p, 0))
			rc = qa_fail(err, errno, "cannot add %s to the sandbox: ", rule->path);
	}
	close(p.fd);
	return rc;
}

int
qa_sandbox_apply(const struct qa_sandbox_rule *rule, size_t n, int required, struct qa_err *err)
{
	int abi = qa_sandbox_abi();
	struct ruleset attr = {governed(abi), NET_ALL_4, SCOPE_ALL_6};
	size_t size = abi >= 6 ? sizeof attr : abi >= 4 ? 2 * sizeof attr.fs : sizeof attr.fs;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return qa_fail(err, errno, "cannot set no_new_privs: ");
	if (!abi) {
		if (required)
			return qa_fail(err, EOPNOTSUPP,
			               "cannot sandbox: this kernel has no Landlock, and it is required");
		return 0;
	}
	int set = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (set < 0)
		return qa_fail(err, errno, "cannot make a sandbox: ");
	int rc = 1;
	for (size_t i = 0; rc > 0 && i < n; i++)
		if (add_rule(set, attr.fs, &rule[i], err))
			rc = -1;
	if (rc > 0 && syscall(SYS_landlock_restrict_self, set, 0))
		rc = qa_fail(err, errno, "cannot enter the sandbox: ");
	close(set);
	return rc;
}
