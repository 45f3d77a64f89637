/* Workloads that stay in user space, or that copy through the kernel and check what came back. */
#include "workload.h"

#define BUFFER_BYTES 65536u
#define CHUNK_BYTES 4096u

static unsigned char buffer[BUFFER_BYTES];

/* CRC-32 as in IEEE 802.3, reflected, by a table of 256. */
static unsigned crc_table[256];

static void fill_crc_table(void)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned remainder = byte;

		for (int bit = 0; bit < 8; bit++)
			remainder = remainder >> 1 ^ (remainder & 1 ? 0xedb88320u : 0);
		crc_table[byte] = remainder;
	}
}

static unsigned crc32(unsigned crc, const unsigned char *bytes, unsigned length)
{
	crc = ~crc;
	while (length--)
		crc = crc >> 8 ^ crc_table[(crc ^ *bytes++) & 255];
	return ~crc;
}

static void fill_buffer(unsigned seed)
{
	for (unsigned i = 0; i < BUFFER_BYTES; i++) {
		/* a linear congruential generator; its upper bits are the better ones */
		seed = seed * 1664525u + 1013904223u;
		buffer[i] = seed >> 24;
	}
}

struct outcome run_crc(unsigned count)
{
	/* the check value every catalogue of CRCs gives for these nine digits */
	static const unsigned char digits[] = "123456789";
	struct outcome outcome = { 0, 0 };

	fill_crc_table();
	fill_buffer(1);
	outcome.ok = crc32(0, digits, 9) == 0xcbf43926u;
	for (unsigned round = 0; round < count; round++)
		outcome.checksum = crc32(outcome.checksum, buffer, BUFFER_BYTES);
	return outcome;
}

struct outcome run_file(unsigned count)
{
	struct outcome outcome = { 1, CHECKSUM_START };

	fill_crc_table();
	for (unsigned round = 0; round < count; round++) {
		const int file = open("/scratch", O_RDWR | O_CREAT | O_TRUNC, 0600);
		unsigned expected;

		fill_buffer(round);
		expected = crc32(0, buffer, BUFFER_BYTES);
		for (unsigned offset = 0; offset < BUFFER_BYTES; offset += CHUNK_BYTES)
			outcome.ok &= write(file, buffer + offset, CHUNK_BYTES) == CHUNK_BYTES;
		memset(buffer, 0, BUFFER_BYTES);
		outcome.ok &= lseek(file, 0, SEEK_SET) == 0;
		for (unsigned offset = 0; offset < BUFFER_BYTES; offset += CHUNK_BYTES)
			outcome.ok &= read(file, buffer + offset, CHUNK_BYTES) == CHUNK_BYTES;
		outcome.ok &= crc32(0, buffer, BUFFER_BYTES) == expected;
		outcome.ok &= close(file) == 0 && unlink("/scratch") == 0;
		outcome.checksum = mix(outcome.checksum, expected);
	}
	return outcome;
}
