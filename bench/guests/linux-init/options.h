/* What the kernel command line asks of the init. */
#ifndef OPTIONS_H
#define OPTIONS_H

struct options {
	char command_line[2048];
	const char *run;      /* the list after `exitlab.run=`, up to a blank; null when absent */
	unsigned scale;       /* the number after `exitlab.scale=`, 1 when absent */
};

void read_options(struct options *options);

/* One item `name` or `name:count` of the list; count is 0 when absent. */
struct request {
	char name[16];
	unsigned count;
};

/* Takes the first item off the list and returns what follows; null when the list is at its end. */
const char *next_request(const char *list, struct request *request);

#endif
