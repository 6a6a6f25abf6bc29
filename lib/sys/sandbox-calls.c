/* What Landlock leaves open, shut by seccomp: Documentation/userspace-api/seccomp_filter.rst. */
#include "sys/sandbox.h"

#include <errno.h>

/* the slim C library of the front programs comes without the kernel's headers, and needs none of this */
#if __has_include(<linux/seccomp.h>) && __has_include(<linux/audit.h>)
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_AARCH64
#endif
#endif

#ifdef ARCH

/* Modes, owners and attributes of what can be seen, and a way around this filter. */
static const uint32_t refused[] = {
#ifdef SYS_chmod
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
#endif
    SYS_fchmod,
    SYS_fchmodat,
    452, /* fchmodat2, younger than many headers */
    SYS_fchown,
    SYS_fchownat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    SYS_io_uring_setup,
};

enum { REFUSED = sizeof refused / sizeof *refused, MOST = 2 * REFUSED + 20, OTHER_ABI = 0x40000000 };

static void
add(struct sock_fprog *p, struct sock_filter f)
{
	p->filter[p->len++] = f;
}

/* Refuses when what was loaded is K; else goes on. */
static void
refuse(struct sock_fprog *p, uint32_t k)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1));
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
}

static void
load(struct sock_fprog *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

int
qa_sandbox_calls(struct qa_err *err)
{
	struct sock_filter space[MOST];
	struct sock_fprog p = {0, space};

	/* calls of another processor mode have other numbers: all are refused */
	load(&p, offsetof(struct seccomp_data, arch));
	add(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	load(&p, offsetof(struct seccomp_data, nr));
	add(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_ABI, 0, 1));
	add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	for (size_t i = 0; i < REFUSED; i++)
		refuse(&p, refused[i]);
	/* sockets: those of the log daemon only */
	add(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0));
	add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	load(&p, offsetof(struct seccomp_data, args[0]));
	add(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0));
	add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	add(&p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) == 0)
		return 1;
	if (errno == ENOSYS || errno == EINVAL)
		return 0;
	return qa_fail(err, errno, "cannot shut system calls: ");
}

#else

int
qa_sandbox_calls(struct qa_err *err)
{
	(void)err;
	return 0;
}

#endif
