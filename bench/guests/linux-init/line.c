#include "line.h"

#include "nolibc.h"

#include <asm/ioctls.h>

static void append_character(struct line *line, char character)
{
	/* the last place is kept for the newline */
	if (line->length < sizeof line->text - 1)
		line->text[line->length++] = character;
}

void append_text(struct line *line, const char *text)
{
	while (*text)
		append_character(line, *text++);
}

void append_decimal(struct line *line, unsigned value)
{
	char digits[10];
	unsigned count = 0;

	do {
		digits[count++] = '0' + value % 10;
		value /= 10;
	} while (value);
	while (count)
		append_character(line, digits[--count]);
}

void append_hexadecimal(struct line *line, unsigned value)
{
	append_text(line, "0x");
	for (int shift = 28; shift >= 0; shift -= 4)
		append_character(line, "0123456789abcdef"[value >> shift & 15]);
}

void write_line(struct line *line)
{
	const char *rest = line->text;
	ssize_t written;

	line->text[line->length++] = '\n';
	for (; line->length; rest += written, line->length -= written) {
		written = write(STDOUT_FILENO, rest, line->length);
		if (written <= 0)
			break;
	}
	line->length = 0;
}

void drain_console(void)
{
	/* TCSBRK with a value that isn't 0 is what tcdrain() does */
	ioctl(STDOUT_FILENO, TCSBRK, (void *)1);
}
