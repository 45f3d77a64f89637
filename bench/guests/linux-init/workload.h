/* What every workload of the init shares: its shape, its checksum and the few system calls that nolibc lacks. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "nolibc.h"

#include <linux/time_types.h>

/* `ok` says whether the workload's own check held; `checksum` depends on what was computed, never on time or process numbers. */
struct outcome {
	int ok;
	unsigned checksum;
};

typedef struct outcome workload_function(unsigned count);

workload_function run_console, run_crc, run_exec, run_file, run_float, run_fork, run_getppid, run_idle, run_pages, run_pipe, run_signal,
	run_threads, run_tick, run_walk;

/*
 * Uses so many pages that every entry of the TLB but the kernel's own is replaced, some twice: what comes next finds its pages elsewhere
 * in it. Returns whether it could.
 */
int turn_tlb(void);

/* The program that `run_exec` starts is this very file: its first argument, and the status it exits with. */
#define EXEC_CHILD_ARGUMENT "exec-child"
#define EXEC_CHILD_STATUS 7

#define CHECKSUM_START 2166136261u

/* FNV-1a over 32-bit units. */
static inline unsigned mix(unsigned checksum, unsigned value)
{
	return (checksum ^ value) * 16777619u;
}

/* The kernels are built without the 32-bit time calls (they end in 2038), which is what nolibc would use. */
static inline unsigned monotonic_us(void)
{
	struct __kernel_timespec now;

	my_syscall2(__NR_clock_gettime64, CLOCK_MONOTONIC, &now);
	return (unsigned)now.tv_sec * 1000000u + (unsigned)now.tv_nsec / 1000u;
}

/* Whether `child` exits by itself with `status`. */
static inline int exits_with(pid_t child, int status)
{
	int wait_status = 0;

	return waitpid(child, &wait_status, 0) == child && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == status;
}

#endif
