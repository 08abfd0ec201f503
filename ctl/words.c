/* SPDX-License-Identifier: ISC */
#include "ctl/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "conf/param.h"
#include "ctl/commands.h"
#include "ctl/daemons.h"

/* First words of commands (each once), or second words behind FIRST. */
static void
print_commands(const char *first)
{
	struct slice last = { NULL, 0 };

	for (const struct command *c = commands_all(); c->words != NULL; c++) {
		struct slice rest;
		const struct slice word =
		    slice_cut(slice_str(c->words), ' ', &rest);

		if (first == NULL && !slice_eq(word, last))
			printf("%.*s\n", SLICE_FMT(word));
		else if (first != NULL && slice_is(word, first) && rest.n > 0)
			printf("%.*s\n", SLICE_FMT(rest));
		last = word;
	}
}

static void
print_daemons(void)
{
	for (size_t i = 0; daemons_conf(i) != NULL; i++)
		puts(daemons_conf(i)->name);
}

static void
print_params(struct slice daemon)
{
	struct slice rest;
	const struct conf_desc *d = daemons_find(slice_cut(daemon, ':', &rest));

	for (; d != NULL; d = d->base)
		for (size_t i = 0; i < d->nparams; i++)
			puts(d->params[i].name);
}

void
words_print(int argc, char **argv)
{
	const bool conf = argc > 1 && strcmp(argv[0], "conf") == 0 &&
			  strcmp(argv[1], "check") != 0;

	if (argc == 0)
		print_commands(NULL);
	else if (argc == 1)
		print_commands(argv[0]);
	else if (conf && argc == 2)
		print_daemons();
	else if (conf && argc == 3)
		print_params(slice_str(argv[2]));
}
