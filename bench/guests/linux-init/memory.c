/* Workloads of pages: first touch, and more present pages than the TLB holds. */
#include "workload.h"

#define PAGE_BYTES 4096u
#define TOUCHED_PAGES 512u
#define WALKED_PAGES 256u
/* The kernel replaces 63 of the 64 entries in rotation; three eighths of a turn more, and eight turns end in places evenly apart. */
#define TURN_PAGES (63u + 24u)

static unsigned char *map_pages(unsigned pages)
{
	unsigned char *memory = mmap(NULL, pages * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

struct outcome run_pages(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };

	for (unsigned round = 0; round < count; round++) {
		unsigned char *memory = map_pages(TOUCHED_PAGES);

		if (!memory)
			return (struct outcome){ 0, 0 };
		for (unsigned page = 0; page < TOUCHED_PAGES; page++) {
			/* fresh memory reads as zero, whatever a page held in the round before */
			outcome.ok &= memory[page * PAGE_BYTES + page] == 0;
			memory[page * PAGE_BYTES + page] = page + round + 1;
		}
		for (unsigned page = 0; page < TOUCHED_PAGES; page++)
			outcome.checksum = mix(outcome.checksum, memory[page * PAGE_BYTES + page]);
		outcome.ok &= munmap(memory, TOUCHED_PAGES * PAGE_BYTES) == 0;
	}
	return outcome;
}

struct outcome run_walk(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };
	unsigned char *memory = map_pages(WALKED_PAGES);

	if (!memory)
		return (struct outcome){ 0, 0 };
	for (unsigned page = 0; page < WALKED_PAGES; page++)
		memory[page * PAGE_BYTES] = page;
	for (unsigned round = 0; round < count; round++)
		for (unsigned page = 0; page < WALKED_PAGES; page++) {
			volatile unsigned char *byte = memory + page * PAGE_BYTES;

			outcome.ok &= *byte == (unsigned char)page;
			outcome.checksum = mix(outcome.checksum, *byte + round);
		}
	outcome.ok &= munmap(memory, WALKED_PAGES * PAGE_BYTES) == 0;
	return outcome;
}

int turn_tlb(void)
{
	volatile unsigned char *memory = map_pages(TURN_PAGES);

	if (!memory)
		return 0;
	for (unsigned page = 0; page < TURN_PAGES; page++)
		memory[page * PAGE_BYTES] = page;
	return munmap((void *)memory, TURN_PAGES * PAGE_BYTES) == 0;
}
