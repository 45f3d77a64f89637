/* One line of console output, put together in memory and written by one system call: nolibc's printf makes a call for each piece. */
#ifndef LINE_H
#define LINE_H

struct line {
	char text[160];
	unsigned length;
};

void append_text(struct line *line, const char *text);
void append_decimal(struct line *line, unsigned value);
void append_hexadecimal(struct line *line, unsigned value);
void write_line(struct line *line);

/* Returns when the last character has left the serial port. */
void drain_console(void);

#endif
