/*
 * The first process of the Linux guests: runs workloads one by one, prints a line before and after each, and resets the board.
 *
 *   EXITLAB-START getppid count=20000
 *   RESULT getppid ok checksum=0x12345678 us=4242
 *   EXITLAB-DONE failed=0
 *
 * A workload may come in several parts, each with its two lines: all of one name are one.
 *
 * An observer outside delimits a workload by its START and RESULT lines on the console. START is on the wire to its last
 * character before the workload begins. Only `us=` depends on time; everything else is the same in every run.
 *
 * Kernel command line (read from /proc/cmdline: the kernel keeps parameters with a dot from init's arguments):
 *   exitlab.run=getppid,fork:50   these workloads in this order, a count after the colon; default: all, once
 *   exitlab.scale=N               every default count times N
 */
#include "line.h"
#include "options.h"
#include "workload.h"

static const struct {
	const char *name;
	unsigned count;
	unsigned parts;
	workload_function *run;
} workloads[] = {
	{ "getppid", 20000, 1, run_getppid }, /* null system calls */
	{ "signal", 2000, 1, run_signal },    /* signals sent to itself and handled */
	{ "fork", 200, 1, run_fork },         /* processes made, ended and waited for */
	{ "exec", 50, 1, run_exec },          /* the same with a program started in between */
	{ "pipe", 2000, 1, run_pipe },        /* round trips between two processes */
	{ "threads", 2000, 1, run_threads },  /* round trips between two threads of one address space */
	{ "pages", 16, 1, run_pages },        /* rounds of mapping 512 pages, first touch, unmapping */
	{ "walk", 400, 1, run_walk },         /* rounds over 256 present pages, four times what the TLB holds */
	{ "file", 16, 1, run_file },          /* rounds of writing and reading a 64 KiB file in memory */
	{ "crc", 64, 1, run_crc },            /* rounds of CRC-32 over 64 KiB, user space only */
	{ "console", 16, 8, run_console },    /* lines written to the serial port: a part for each place of its TLB entry */
	{ "idle", 20, 1, run_idle },          /* sleeps of 5 ms */
	{ "tick", 10, 1, run_tick },          /* busy spans of 4 ms: nothing but timer interrupts */
	{ "float", 200, 1, run_float },       /* switches between two processes that compute in floating point */
};

#define WORKLOAD_COUNT (sizeof workloads / sizeof workloads[0])

static void report(const char *name, struct outcome outcome, unsigned duration_us)
{
	struct line line = { .length = 0 };

	append_text(&line, "RESULT ");
	append_text(&line, name);
	append_text(&line, outcome.ok ? " ok checksum=" : " FAILED checksum=");
	append_hexadecimal(&line, outcome.checksum);
	append_text(&line, " us=");
	append_decimal(&line, duration_us);
	write_line(&line);
}

static int run_part(unsigned index, unsigned count)
{
	struct line line = { .length = 0 };
	struct outcome outcome;
	unsigned start_us;

	append_text(&line, "EXITLAB-START ");
	append_text(&line, workloads[index].name);
	append_text(&line, " count=");
	append_decimal(&line, count);
	write_line(&line);
	drain_console();
	start_us = monotonic_us();
	outcome = workloads[index].run(count);
	report(workloads[index].name, outcome, monotonic_us() - start_us);
	return outcome.ok;
}

static int run_workload(unsigned index, unsigned count)
{
	const unsigned parts = workloads[index].parts;
	int ok = 1;

	for (unsigned part = 0; part < parts; part++) {
		if (part)
			ok &= turn_tlb();
		ok &= run_part(index, (count + part) / parts);
	}
	return ok;
}

/* How many of the workloads asked for failed. */
static unsigned run_list(const char *list, unsigned scale)
{
	struct request request;
	unsigned failed = 0;

	while ((list = next_request(list, &request))) {
		unsigned index = 0;

		while (index < WORKLOAD_COUNT && strcmp(workloads[index].name, request.name))
			index++;
		if (index < WORKLOAD_COUNT) {
			failed += !run_workload(index, request.count ? request.count : workloads[index].count * scale);
		} else {
			struct line line = { .length = 0 };

			append_text(&line, "EXITLAB-ERROR there is no workload named ");
			append_text(&line, request.name);
			write_line(&line);
			failed++;
		}
	}
	return failed;
}

static unsigned run_all(unsigned scale)
{
	unsigned failed = 0;

	for (unsigned index = 0; index < WORKLOAD_COUNT; index++)
		failed += !run_workload(index, workloads[index].count * scale);
	return failed;
}

static void finish(unsigned failed)
{
	struct line line = { .length = 0 };

	append_text(&line, "EXITLAB-DONE failed=");
	append_decimal(&line, failed);
	write_line(&line);
	drain_console();
	reboot(LINUX_REBOOT_CMD_RESTART);
}

int main(int argc, char **argv)
{
	static struct options options;

	if (argc == 2 && !strcmp(argv[1], EXEC_CHILD_ARGUMENT))
		return EXEC_CHILD_STATUS;
	read_options(&options);
	finish(options.run ? run_list(options.run, options.scale) : run_all(options.scale));
	return 1;
}
