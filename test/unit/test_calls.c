/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "calls.h"

#include <string.h>

#include "tap.h"

static u8 class_of(const u8 classes[CALLS_MAX], const char *name)
{
	int number = calls_number(name);

	return number >= 0 ? classes[number] : 0;
}

static void test_classes(void)
{
	u8 c[CALLS_MAX];

	calls_classes(c, NULL);
	ok(class_of(c, "openat") == CALL_ACTING && class_of(c, "execve") == CALL_ACTING &&
		   class_of(c, "connect") == CALL_ACTING && class_of(c, "unlinkat") == CALL_ACTING,
	   "acting calls");
	ok(class_of(c, "read") == 0 && class_of(c, "write") == 0 && class_of(c, "mmap") == 0 &&
	   class_of(c, "prctl") == 0, "calls that act on nothing outside are in no list");
	ok(class_of(c, "exit_group") == CALL_QUIET && class_of(c, "rt_sigreturn") == CALL_QUIET,
	   "quiet calls");
	ok(class_of(c, "clock_gettime") == CALL_LEFT_OUT, "what the vDSO may answer is left out");
	ok(class_of(c, "restart_syscall") & CALL_LEFT_OUT, "and so is restart_syscall");
	ok(class_of(c, "bpf") & CALL_FLOOR && class_of(c, "mount") & CALL_FLOOR &&
	   class_of(c, "io_uring_setup") & CALL_FLOOR, "floor calls");
	ok(class_of(c, "ptrace") == (CALL_ACTING | CALL_FLOOR_ARGS) &&
		   class_of(c, "clone") & CALL_FLOOR_ARGS &&
		   class_of(c, "seccomp") == CALL_FLOOR_ARGS,
	   "floor by register values");
}

static void test_lift(void)
{
	static const char *const lifted[] = { "mount", "unshare", NULL };
	u8 c[CALLS_MAX];

	calls_classes(c, lifted);
	ok(class_of(c, "mount") == CALL_ACTING && class_of(c, "unshare") == CALL_ACTING,
	   "a lifted call is an acting call like others");
	ok(class_of(c, "umount2") & CALL_FLOOR, "its neighbours stay on the floor");
	ok(calls_is_floor("ptrace") && calls_is_floor("bpf") && !calls_is_floor("openat") &&
	   !calls_is_floor("nonsense"), "only what is on the floor can be lifted");
}

static int by_rules(const char *name, u64 arg0, u64 arg1)
{
	struct floor_rule rules[FLOOR_RULES];
	int found = 0;

	calls_floor_rules(rules);
	for (int i = 0; i < FLOOR_RULES; i++)
		found |= floor_by_rule(&rules[i], (u32)calls_number(name), arg0, arg1);
	return found;
}

static void test_rules(void)
{
	ok(!by_rules("ptrace", 0, 0) && by_rules("ptrace", 16, 1),
	   "ptrace, but for PTRACE_TRACEME");
	ok(by_rules("seccomp", 1, 8) && !by_rules("seccomp", 1, 1) && !by_rules("seccomp", 2, 8),
	   "a seccomp filter with a listener");
	ok(by_rules("unshare", 0x20000, 0) && by_rules("unshare", 0x10000000, 0) &&
	   !by_rules("unshare", 0x400, 0), "unshare of a namespace, not of the file table");
	ok(!by_rules("clone", 0x3d0f00, 0) && !by_rules("clone", 0x1200011, 0) &&
	   by_rules("clone", 0x10000011, 0), "clone into a namespace, not of a thread or by fork");
}

static void test_names(void)
{
	char room[CALL_NAME];
	u32 openat = (u32)calls_number("openat");

	ok(strcmp(calls_name(ABI_NATIVE, openat, room), "openat") == 0, "a native name");
	ok(strcmp(calls_name(ABI_NATIVE, 4999, room), "syscall_4999") == 0,
	   "a number without a name");
	ok(strcmp(calls_name(ABI_NATIVE, 0xffffffff, room), "syscall_4294967295") == 0,
	   "however high");
	ok(strcmp(calls_name(ABI_COMPAT, 5, room), "open") == 0, "a compat name");
#if defined(__x86_64__)
	ok(strcmp(calls_name(ABI_X32, 1, room), "write") == 0, "an x32 name");
	ok(openat == 257 && calls_number("open") == 2 && calls_number("rt_sigreturn") == 15, "the numbers of x86_64");
	ok(strcmp(calls_name(ABI_COMPAT, 295, room), "openat") == 0, "... and of its 32 bits");
#elif defined(__aarch64__)
	ok(openat == 56 && calls_number("open") == -1 && calls_number("rt_sigreturn") == 139, "the numbers of aarch64");
	ok(strcmp(calls_name(ABI_COMPAT, 322, room), "openat") == 0, "... and of its 32 bits, ARM's EABI");
#endif
	ok(strcmp(calls_token_name(TOKEN_EXEC, room), "<exec>") == 0 &&
	   strcmp(calls_token_name(TOKEN_UNKNOWN, room), "<unknown>") == 0 &&
	   strcmp(calls_token_name(token_of(openat), room), "openat") == 0, "names of tokens");
	ok(calls_number("nonsense") == -1 && calls_number("socketcall") == -1,
	   "a name that this architecture lacks has no number");
	ok(strcmp(calls_abi_name(ABI_X32), "x32") == 0 &&
		   strcmp(calls_abi_name(ABI_NATIVE), "native") == 0,
	   "names of ABIs");
}

int main(void)
{
	test_classes();
	test_lift();
	test_rules();
	test_names();
	return tap_end();
}
