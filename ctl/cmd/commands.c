/* SPDX-License-Identifier: ISC */
#include "ctl/cmd/commands.h"

#include "base/slice.h"
#include "conf/find.h"

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

/* The command itself first, then that without its last word: "que list". */
const char *
commands_nearest(int argc, char **argv)
{
	static char text[64];
	struct conf_nearest near = { .best = NULL };

	for (int n = argc < 3 ? argc : 3; n > 0 && near.best == NULL; n--) {
		size_t at = 0;

		for (int i = 0; i < n && at < sizeof text; i++)
			at += (size_t)snprintf(text + at, sizeof text - at,
			    "%s%s", i > 0 ? " " : "", argv[i]);
		near.name = slice_str(text);
		for (const struct ctl_command *c = commands; c->words != NULL;
		     c++)
			conf_nearest_try(&near, c->words);
	}
	return near.best;
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
