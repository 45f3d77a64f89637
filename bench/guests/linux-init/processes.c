/* Workloads that make processes, and that switch between processes and threads. */
#include "thread.h"
#include "workload.h"

#include <linux/futex.h>

struct outcome run_fork(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned i = 0; i < count; i++) {
		const int status = i & 127;
		const pid_t child = fork();

		if (child == 0)
			exit(status);
		outcome.ok &= exits_with(child, status);
		outcome.checksum = mix(outcome.checksum, status);
	}
	return outcome;
}

struct outcome run_exec(unsigned count)
{
	char *const arguments[] = { "/init", EXEC_CHILD_ARGUMENT, NULL };
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned i = 0; i < count; i++) {
		const pid_t child = fork();

		if (child == 0) {
			execve(arguments[0], arguments, environ);
			exit(1);
		}
		outcome.ok &= exits_with(child, EXEC_CHILD_STATUS);
		outcome.checksum = mix(outcome.checksum, outcome.ok + i);
	}
	return outcome;
}

/* The other end of the pipes: answers each number with the next, until its input is closed. */
static void echo_next(int input, int output)
{
	unsigned number;

	while (read(input, &number, sizeof number) == sizeof number) {
		number++;
		if (write(output, &number, sizeof number) != sizeof number)
			exit(1);
	}
	exit(0);
}

struct outcome run_pipe(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };
	int request[2], answer[2];
	unsigned number = 0;
	pid_t child;

	if (pipe(request) || pipe(answer))
		return (struct outcome){ 0, 0 };
	child = fork();
	if (child == 0) {
		close(request[1]);
		close(answer[0]);
		echo_next(request[0], answer[1]);
	}
	close(request[0]);
	close(answer[1]);
	for (unsigned i = 0; i < count; i++) {
		outcome.ok &= write(request[1], &number, sizeof number) == sizeof number;
		outcome.ok &= read(answer[0], &number, sizeof number) == sizeof number;
		outcome.checksum = mix(outcome.checksum, number);
	}
	outcome.ok &= number == count;
	close(request[1]);
	close(answer[0]);
	outcome.ok &= exits_with(child, 0);
	return outcome;
}

/* A count that two threads raise in turn: the first on even values, the second on odd ones. */
struct turn {
	unsigned value;
	unsigned end;
};

/*
 * A turn is two system calls, whichever thread runs first after a wake: a wait while the count is still what this thread left it at,
 * which returns at once if it no longer is, and a wake. Only a thread preempted between its store and its wake costs the other a wait more.
 */
static void take_turns(struct turn *turn, unsigned parity)
{
	for (unsigned mine = parity; mine < turn->end; mine += 2) {
		do
			my_syscall6(__NR_futex_time64, &turn->value, FUTEX_WAIT, mine - 1, NULL, NULL, 0);
		while (__atomic_load_n(&turn->value, __ATOMIC_ACQUIRE) != mine);
		__atomic_store_n(&turn->value, mine + 1, __ATOMIC_RELEASE);
		my_syscall6(__NR_futex_time64, &turn->value, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
}

static void second_thread(void *turn)
{
	take_turns(turn, 1);
}

struct outcome run_threads(unsigned count)
{
	static unsigned long long stack[512] __attribute__((aligned(16)));
	struct turn turn = { 0, 2 * count };
	const int child = start_thread(second_thread, &turn, stack + 512);

	if (child < 0)
		return (struct outcome){ 0, 0 };
	take_turns(&turn, 0);
	return (struct outcome){ exits_with(child, 0) && turn.value == turn.end, mix(CHECKSUM_START, turn.value) };
}
