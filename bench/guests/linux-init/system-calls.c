/* Workloads that enter and leave the kernel and do next to nothing there. */
#include "workload.h"

struct outcome run_getppid(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned i = 0; i < count; i++) {
		const unsigned parent = getppid();

		/* the first process has no parent */
		outcome.ok &= parent == 0;
		outcome.checksum = mix(outcome.checksum, parent + i);
	}
	return outcome;
}

static volatile unsigned signals_handled;

static void count_signal(int number)
{
	signals_handled += number == SIGUSR1;
}

struct outcome run_signal(unsigned count)
{
	/* no sa_restorer: on PowerPC the kernel's vDSO returns from handlers */
	const struct sigaction action = { .sa_handler = count_signal };
	struct outcome outcome = { 1, CHECKSUM_START };

	signals_handled = 0;
	if (my_syscall4(__NR_rt_sigaction, SIGUSR1, &action, NULL, sizeof action.sa_mask))
		return (struct outcome){ 0, 0 };
	for (unsigned i = 0; i < count; i++) {
		kill(getpid(), SIGUSR1);
		outcome.checksum = mix(outcome.checksum, signals_handled);
	}
	outcome.ok = signals_handled == count;
	return outcome;
}
