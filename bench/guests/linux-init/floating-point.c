/*
 * Floating point in user space, in two processes at once, so that the kernel must keep the registers of each apart. This file
 * alone is compiled for the FPU; nothing of floating point crosses its boundary.
 */
#include "workload.h"

/* Both sides hold live values in registers across each switch. */
static unsigned compute(unsigned steps, double seed)
{
	double integer_sum = 0.0, newton = seed, harmonic = 0.0;
	union {
		double value;
		unsigned words[2];
	} bits;

	for (unsigned step = 1; step <= steps; step++) {
		integer_sum += (double)step * (double)step;
		newton = 0.5 * (newton + 2.0 / newton);
		harmonic += 1.0 / (double)step;
		sched_yield();
	}
	/* integers below 2^53 are exact: the closed form must agree to the last bit */
	if (integer_sum != (double)steps * ((double)steps + 1.0) * (2.0 * (double)steps + 1.0) / 6.0)
		return 0;
	bits.value = newton + harmonic;
	return mix(mix(CHECKSUM_START, bits.words[0]), bits.words[1]);
}

struct outcome run_float(unsigned count)
{
	const unsigned alone = compute(count, 1.0);
	unsigned together;
	pid_t child;

	child = fork();
	if (child == 0)
		exit(compute(count, 5.0) == 0);
	together = compute(count, 1.0);
	return (struct outcome){ exits_with(child, 0) && alone != 0 && together == alone, alone };
}
