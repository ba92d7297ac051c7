/*
 * inject N FAULT FILE PROGRAM [ARG]...: runs a program and lets its N-th
 * system call, counted over all its threads from its opening of FILE on, fail
 * in one way; then leaves it alone.  For the chaos driver, which tries every
 * N; before FILE there is but the dynamic linker.
 *
 * FAULT: kill (SIGKILL instead of the call), eio, enospc, eintr (the call is
 * not made and gives that error), short (only half the bytes are read or
 * written; counts only calls of that kind on files and sockets), none (only
 * counts).  Errors that a call cannot give by its nature are not tried: such
 * calls are not counted then.  Writes "hit NUMBER", the kernel's of the call
 * hit, to descriptor 3 at once, and "calls COUNT" at the end.  Exits as the
 * program does, or with 128 and its signal.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <elf.h>
#include <linux/ptrace.h>

enum { OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
	PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
	PTRACE_O_EXITKILL };

static const struct fault {
	const char *name;
	int error;
} faults[] = {
    {"none", 0}, {"kill", 0}, {"short", 0},
    {"eio", EIO}, {"enospc", ENOSPC}, {"eintr", EINTR},
};

static const char *first_file;
static long wanted, calls;
static const struct fault *fault;
static pid_t leader, failing; /* failing: its call's result is to be set */
static bool executed, started, done;

static bool
is_fault(const char *name)
{
	return strcmp(fault->name, name) == 0;
}

/* ---- registers ---- */

static void
get_registers(pid_t tid, struct user_regs_struct *r)
{
	struct iovec v = {.iov_base = r, .iov_len = sizeof *r};

	(void)ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &v);
}

static void
set_registers(pid_t tid, struct user_regs_struct *r)
{
	struct iovec v = {.iov_base = r, .iov_len = sizeof *r};

	(void)ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &v);
}

/* At its entry: the call will not be made. */
static void
skip_call(pid_t tid)
{
#if defined(__x86_64__)
	struct user_regs_struct r;

	get_registers(tid, &r);
	r.orig_rax = (unsigned long long)-1;
	set_registers(tid, &r);
#elif defined(__aarch64__)
	int none = -1;
	struct iovec v = {.iov_base = &none, .iov_len = sizeof none};

	(void)ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_SYSTEM_CALL, &v);
#else
#error "inject knows the registers of amd64 and arm64 only"
#endif
}

static void
set_result(pid_t tid, int error)
{
	struct user_regs_struct r;

	get_registers(tid, &r);
#if defined(__x86_64__)
	r.rax = (unsigned long long)-error;
#else
	r.regs[0] = (unsigned long long)-error;
#endif
	set_registers(tid, &r);
}

static void
set_length(pid_t tid, unsigned long n)
{
	struct user_regs_struct r;

	get_registers(tid, &r);
#if defined(__x86_64__)
	r.rdx = n;
#else
	r.regs[2] = n;
#endif
	set_registers(tid, &r);
}

/* ---- the fault ---- */

/* Does the call move bytes to or from a file or socket, more than one?
 * Event counters and signals come whole or not at all. */
static bool
can_be_short(pid_t tid, const struct ptrace_syscall_info *i)
{
	char path[64], target[64] = "";

	switch (i->entry.nr) {
	case SYS_read:
	case SYS_write:
	case SYS_pread64:
	case SYS_pwrite64:
	case SYS_sendto:
	case SYS_recvfrom:
		break;
	default:
		return false;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)tid,
	    (int)i->entry.args[0]);
	return i->entry.args[2] > 1 &&
	    readlink(path, target, sizeof target - 1) > 0 &&
	    strncmp(target, "anon_inode:", 11) != 0;
}

/* Who asks for its own number, or to end, always gets it.  brk tells its
 * failure by another value, a futex fails by its use alone, and locks are
 * taken without waiting here. */
static bool
can_fail(const struct ptrace_syscall_info *i)
{
	static const long never[] = {SYS_getpid, SYS_gettid, SYS_getuid,
	    SYS_geteuid, SYS_getgid, SYS_getegid, SYS_brk, SYS_futex,
	    SYS_fcntl, SYS_exit, SYS_exit_group, SYS_umask, SYS_sched_yield,
	    SYS_rt_sigreturn, SYS_set_tid_address, SYS_rseq,
	    SYS_clock_gettime, SYS_munmap};

	for (size_t n = 0; n < sizeof never / sizeof never[0]; n++)
		if ((long)i->entry.nr == never[n])
			return false;
	return true;
}

static void
on_entry(pid_t tid, const struct ptrace_syscall_info *i)
{
	if (is_fault("short") && !can_be_short(tid, i))
		return;
	if (fault->error != 0 && !can_fail(i))
		return;
	if (++calls != wanted)
		return;
	(void)dprintf(3, "hit %ld\n", (long)i->entry.nr);
	if (is_fault("kill")) {
		(void)kill(leader, SIGKILL);
		done = true;
	} else if (is_fault("short")) {
		set_length(tid, i->entry.args[2] / 2);
		done = true;
	} else if (fault->error != 0) {
		skip_call(tid);
		failing = tid;
	}
}

/* Is this the opening of FILE? */
static bool
opens_first_file(pid_t tid, const struct ptrace_syscall_info *i)
{
	char path[512] = "";
	struct iovec to = {.iov_base = path, .iov_len = sizeof path - 1};
	struct iovec from = {.iov_len = sizeof path - 1};

	if (i->entry.nr != SYS_openat)
		return false;
	/* what lies behind its end may not be there to be read */
	from.iov_base = (void *)(uintptr_t)i->entry.args[1];
	from.iov_len = 4096 - (i->entry.args[1] & 4095);
	if (from.iov_len > to.iov_len)
		from.iov_len = to.iov_len;
	return process_vm_readv(tid, &to, 1, &from, 1, 0) > 0 &&
	    strcmp(path, first_file) == 0;
}

static void
on_call(pid_t tid)
{
	struct ptrace_syscall_info i;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof i, &i) <= 0)
		return;
	if (i.op == PTRACE_SYSCALL_INFO_ENTRY && executed && !started)
		started = opens_first_file(tid, &i);
	if (i.op == PTRACE_SYSCALL_INFO_ENTRY && started && !done)
		on_entry(tid, &i);
	if (i.op == PTRACE_SYSCALL_INFO_EXIT && tid == failing) {
		set_result(tid, fault->error);
		failing = 0;
		done = true;
	}
}

/* ---- the program ---- */

/* Goes on after a stop; when the fault is behind us, untraced. */
static void
go_on(pid_t tid, int signal)
{
	(void)ptrace(done ? PTRACE_DETACH : PTRACE_SYSCALL, tid, NULL,
	    (void *)(long)signal);
}

static void
on_stop(pid_t tid, int status)
{
	int signal = WSTOPSIG(status);

	if (signal == (SIGTRAP | 0x80)) {
		on_call(tid);
		signal = 0;
	} else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
		executed = true;
		signal = 0;
	} else if (status >> 16 != 0 || signal == SIGSTOP) {
		signal = 0;
	}
	go_on(tid, signal);
}

static int
watch(void)
{
	for (;;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL);

		if (tid < 0)
			return 126;
		if (WIFSTOPPED(status))
			on_stop(tid, status);
		else if (tid == leader)
			return WIFEXITED(status) ? WEXITSTATUS(status)
			                         : 128 + WTERMSIG(status);
	}
}

int
main(int argc, char **argv)
{
	int status, code;

	for (size_t i = 0; argc > 4 && i < sizeof faults / sizeof faults[0];
	     i++)
		if (strcmp(argv[2], faults[i].name) == 0)
			fault = &faults[i];
	if (fault == NULL) {
		fputs("usage: inject N none|kill|short|eio|enospc|eintr "
		    "FILE PROGRAM [ARG]...\n", stderr);
		return 64;
	}
	wanted = is_fault("none") ? -1 : strtol(argv[1], NULL, 10);
	first_file = argv[3];
	leader = fork();
	if (leader == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		(void)raise(SIGSTOP);
		(void)close(3);
		execv(argv[4], argv + 4);
		perror(argv[4]);
		_exit(127);
	}
	if (leader < 0 || waitpid(leader, &status, 0) != leader ||
	    ptrace(PTRACE_SETOPTIONS, leader, NULL, (void *)OPTIONS) < 0) {
		perror("inject");
		return 126;
	}
	go_on(leader, 0);
	code = watch();
	(void)dprintf(3, "calls %ld\n", calls);
	return code;
}
