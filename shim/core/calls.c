/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"

#include <linux/sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define ARCH_COMPAT SCMP_ARCH_X86
#elif defined(__aarch64__)
#define ARCH_COMPAT SCMP_ARCH_ARM
#else
#define ARCH_COMPAT SCMP_ARCH_NATIVE /* never asked for: there is no sensor (sensor_open) */
#endif

#define X32_BIT 0x40000000u

/* Names that this architecture lacks (open on aarch64, clock_gettime64 on 64 bits) find no number
 * and are skipped.  What only reads, waits or works on the process's own memory acts on nothing
 * outside: read, write, close, mmap, futex and their kin are in no list. */
static const char *const acting[] = {
	/* files by name */
	"open", "openat", "openat2", "creat", "open_by_handle_at", "rename", "renameat",
	"renameat2", "unlink", "unlinkat", "rmdir", "link", "linkat", "symlink", "symlinkat",
	"mkdir", "mkdirat", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2",
	"chown", "fchown", "lchown", "fchownat", "truncate", "ftruncate", "utime", "utimes",
	"futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
	"removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	/* programs and processes */
	"execve", "execveat", "fork", "vfork", "clone", "clone3", "memfd_create", "memfd_secret",
	"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kill", "tkill",
	"tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal", "personality",
	/* the network */
	"socket", "connect", "bind", "listen", "sendto", "sendmsg", "sendmmsg",
	/* privilege */
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid",
	"setfsgid", "setgroups", "capset",
	/* the view of the world, and the host itself */
	"mount", "umount2", "pivot_root", "chroot", "fsopen", "fsmount", "fsconfig", "fspick",
	"move_mount", "open_tree", "open_tree_attr", "mount_setattr", "unshare", "setns",
	"sethostname", "setdomainname", "settimeofday", "clock_settime", "adjtimex",
	"clock_adjtime", "swapon", "swapoff", "reboot", "acct", "syslog", "quotactl",
	"quotactl_fd", "fanotify_init", "init_module", "finit_module", "delete_module",
	"kexec_load", "kexec_file_load", "bpf", "perf_event_open", "keyctl", "add_key",
	"request_key", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"iopl", "ioperm", NULL
};

static const char *const quiet[] = {
	"rt_sigreturn", "restart_syscall", "exit", "exit_group", "wait4", "waitid", "nanosleep",
	"clock_nanosleep", "pause", "rt_sigsuspend", "sched_yield", "getpid", "gettid", "getppid",
	/* the process's own memory, locks and signals: a larger request, a heap that is trimmed.  Not mmap and
	 * mprotect, which can make code. */
	"brk", "munmap", "mremap", "madvise", "futex", "membarrier", "rt_sigprocmask", "rt_sigaction",
	"sigaltstack", NULL
};

/* The vDSO answers these without a call as long as the clock source allows: whether they become
 * calls says nothing about the program. */
static const char *const left_out[] = {
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday",
	"time", "getcpu", "restart_syscall", NULL
};

static const char *const on_floor[] = {
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf",
	"process_vm_writev", "mount", "umount2", "pivot_root", "fsopen", "fsmount", "fsconfig",
	"fspick", "move_mount", "open_tree", "open_tree_attr", "mount_setattr", "setns",
	"open_by_handle_at", "perf_event_open", "keyctl", "add_key", "request_key", "userfaultfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "iopl", "ioperm", "swapon",
	"swapoff", "reboot", NULL
};

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
		    CLONE_NEWPID | CLONE_NEWNET)

/* clone3 keeps its flags in memory, where to look would be a race: it is not judged by them. */
static const struct { const char *name; u64 mask0, mask1; } floor_args[FLOOR_RULES] = {
	{ "ptrace", ~0ULL, 0 },     /* all but PTRACE_TRACEME, which is 0 and harms nobody */
	{ "seccomp", 1, 1 << 3 },   /* SECCOMP_SET_MODE_FILTER with FILTER_FLAG_NEW_LISTENER */
	{ "unshare", NAMESPACES | CLONE_NEWTIME, 0 }, /* clone has a signal where that bit lies */
	{ "clone", NAMESPACES, 0 },
};

int calls_number(const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_NATIVE, name);

	/* libseccomp has negative numbers for calls that only other architectures have */
	return number < 0 ? -1 : number;
}

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void mark(u8 classes[CALLS_MAX], const char *name, u8 class)
{
	int number = calls_number(name);

	if (number >= 0 && number < CALLS_MAX)
		classes[number] |= class;
}

void calls_classes(u8 ret[CALLS_MAX], const char *const *lifted)
{
	static const struct { const char *const *names; u8 class; } lists[] = {
		{ acting, CALL_ACTING }, { quiet, CALL_QUIET }, { left_out, CALL_LEFT_OUT },
		{ on_floor, CALL_FLOOR },
	};

	memset(ret, 0, CALLS_MAX);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const char *const *name = lists[i].names; *name; name++)
			if (lists[i].class != CALL_FLOOR || !listed(lifted, *name))
				mark(ret, *name, lists[i].class);
	for (size_t i = 0; i < FLOOR_RULES; i++)
		if (!listed(lifted, floor_args[i].name))
			mark(ret, floor_args[i].name, CALL_FLOOR_ARGS);
}

void calls_floor_rules(struct floor_rule ret[FLOOR_RULES])
{
	for (size_t i = 0; i < FLOOR_RULES; i++)
		ret[i] = (struct floor_rule){ .call = calls_number(floor_args[i].name),
					      .mask0 = floor_args[i].mask0,
					      .mask1 = floor_args[i].mask1 };
}

int calls_is_floor(const char *name)
{
	for (size_t i = 0; i < FLOOR_RULES; i++)
		if (strcmp(floor_args[i].name, name) == 0)
			return 1;
	return listed(on_floor, name);
}

const char *calls_name(enum abi abi, u32 call, char *room)
{
	static const u32 arch[] = { SCMP_ARCH_NATIVE, ARCH_COMPAT, SCMP_ARCH_X32 };
	u32 number = abi == ABI_X32 ? call | X32_BIT : call;
	auto_free char *name = NULL;

	/* above INT_MAX libseccomp would look among its pseudo numbers */
	if (call < X32_BIT && (unsigned)abi < 3)
		name = seccomp_syscall_resolve_num_arch(arch[abi], (int)number);
	if (name)
		snprintf(room, CALL_NAME, "%.23s", name);
	else
		snprintf(room, CALL_NAME, "syscall_%u", call);
	return room;
}

const char *calls_token_name(u32 token, char *room)
{
	switch (token) {
	case 0:
		return "<none>";
	case TOKEN_SIGNAL:
		return "<signal>";
	case TOKEN_ACTING:
		return "<acting>";
	case TOKEN_EXEC:
		return "<exec>";
	case TOKEN_UNKNOWN:
		return "<unknown>";
	default:
		return calls_name(ABI_NATIVE, token - 1, room);
	}
}

const char *calls_abi_name(enum abi abi)
{
	return abi == ABI_COMPAT ? "compat" : abi == ABI_X32 ? "x32" : "native";
}
