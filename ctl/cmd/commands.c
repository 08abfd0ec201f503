/* SPDX-License-Identifier: ISC */
#include "ctl/cmd/commands.h"

#include "base/slice.h"

static const struct ctl_command commands[] = {
#define CMD(words, function, args, summary, details)                           \
	{ words, function, args, summary, details },
#include "ctl/cmd/commands.def"
#undef CMD
	{ .words = NULL },
};

const struct ctl_command *
commands_all(void)
{
	return commands;
}

/* How many of ARGV's first words are all of WORDS; 0 when they are not. */
static int
matches(const char *words, int argc, char **argv)
{
	struct slice rest = slice_str(words);
	int n = 0;

	while (rest.n > 0) {
		if (n == argc ||
		    !slice_is(slice_cut(rest, ' ', &rest), argv[n]))
			return 0;
		n++;
	}
	return n;
}

const struct ctl_command *
commands_find(int argc, char **argv, int *used)
{
	for (const struct ctl_command *c = commands; c->words != NULL; c++) {
		*used = matches(c->words, argc, argv);
		if (*used > 0)
			return c;
	}
	return NULL;
}

bool
commands_begin(const char *word)
{
	for (const struct ctl_command *c = commands; c->words != NULL; c++) {
		struct slice rest;

		if (slice_is(slice_cut(slice_str(c->words), ' ', &rest), word))
			return true;
	}
	return false;
}

void
commands_usage(FILE *f, const char *word)
{
	for (const struct ctl_command *c = commands; c->words != NULL; c++) {
		struct slice rest;
		const struct slice first =
		    slice_cut(slice_str(c->words), ' ', &rest);

		if (word != NULL && !slice_is(first, word))
			continue;
		fprintf(f, "  %-17s %s\n", c->words, c->summary);
	}
}
