#include "options.h"

#include "nolibc.h"

static int ends_word(char character)
{
	return character == '\0' || character == ' ' || character == '\n';
}

/* The text after `key` where a word of the command line begins with it, else null. */
static const char *find_value(const char *command_line, const char *key)
{
	const size_t length = strlen(key);
	const char *word = command_line;

	while (*word) {
		if (!strncmp(word, key, length))
			return word + length;
		while (!ends_word(*word))
			word++;
		while (*word && ends_word(*word))
			word++;
	}
	return NULL;
}

void read_options(struct options *options)
{
	const char *scale;
	ssize_t length = 0;
	int file;

	mkdir("/proc", 0555);
	mount("proc", "/proc", "proc", 0, NULL);
	file = open("/proc/cmdline", O_RDONLY, 0);
	if (file >= 0) {
		length = read(file, options->command_line, sizeof options->command_line - 1);
		close(file);
	}
	options->command_line[length > 0 ? length : 0] = '\0';
	options->run = find_value(options->command_line, "exitlab.run=");
	scale = find_value(options->command_line, "exitlab.scale=");
	options->scale = scale && atoi(scale) > 0 ? atoi(scale) : 1;
}

const char *next_request(const char *list, struct request *request)
{
	size_t length = 0;

	while (*list == ',')
		list++;
	if (ends_word(*list))
		return NULL;
	for (; !ends_word(*list) && *list != ',' && *list != ':'; list++)
		if (length < sizeof request->name - 1)
			request->name[length++] = *list;
	request->name[length] = '\0';
	request->count = *list == ':' ? atoi(list + 1) : 0;
	while (!ends_word(*list) && *list != ',')
		list++;
	return list;
}
