/* Workloads of the serial port and of the timer. */
#include "line.h"
#include "workload.h"

#define SLEEP_NS 5000000
#define BUSY_SPAN_US 4000u
/* The bamboo's, as its device tree has it. */
#define TIMEBASE_MHZ 400u

struct outcome run_console(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned i = 0; i < count; i++) {
		struct line line = { .length = 0 };

		append_text(&line, "line ");
		append_decimal(&line, i);
		append_text(&line, " of the console workload, long enough to fill the FIFO four times over");
		outcome.checksum = mix(outcome.checksum, line.length);
		write_line(&line);
	}
	drain_console();
	return outcome;
}

struct outcome run_idle(unsigned count)
{
	const struct __kernel_timespec pause = { 0, SLEEP_NS };
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned i = 0; i < count; i++) {
		const unsigned start_us = monotonic_us();

		outcome.ok &= my_syscall4(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &pause, NULL) == 0;
		/* a sleep is never shorter than asked for; how much longer is a matter of time, not of the checksum */
		outcome.ok &= monotonic_us() - start_us >= SLEEP_NS / 1000;
		outcome.checksum = mix(outcome.checksum, i);
	}
	return outcome;
}

/* The low word of the time base, which user space may read: no system call, and no exit. */
static inline unsigned timebase(void)
{
	unsigned ticks;

	__asm__ volatile("mfspr %0, 268" : "=r"(ticks));
	return ticks;
}

struct outcome run_tick(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned i = 0; i < count; i++) {
		const unsigned start_us = monotonic_us();
		const unsigned start = timebase();
		unsigned spins = 0;

		while (timebase() - start < BUSY_SPAN_US * TIMEBASE_MHZ)
			for (unsigned spin = 0; spin < 100; spin++)
				spins = mix(spins, spin);
		outcome.ok &= spins != 0;
		/* the kernel's clock bears out the frequency */
		outcome.ok &= monotonic_us() - start_us >= BUSY_SPAN_US - 1;
		outcome.checksum = mix(outcome.checksum, i);
	}
	return outcome;
}
