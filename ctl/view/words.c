/* SPDX-License-Identifier: ISC */
#include "ctl/view/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "conf/param.h"
#include "ctl/cmd/commands.h"
#include "ctl/inst/daemons.h"

/* The word of C behind the first ARGC, where these are ARGV; or none. */
static struct slice
word_behind(const struct ctl_command *c, int argc, char **argv)
{
	struct slice rest = slice_str(c->words);

	for (int i = 0; i < argc; i++)
		if (!slice_is(slice_cut(rest, ' ', &rest), argv[i]))
			return slice_of(NULL, 0);
	return slice_cut(rest, ' ', &rest);
}

/* The words of commands that may follow ARGV, each once. */
static void
print_commands(int argc, char **argv)
{
	struct slice last = { NULL, 0 };

	for (const struct ctl_command *c = commands_all(); c->words != NULL;
	     c++) {
		const struct slice word = word_behind(c, argc, argv);

		if (word.n == 0 || slice_eq(word, last))
			continue;
		printf("%.*s\n", SLICE_FMT(word));
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

/* What queue VERB may be followed by, beside filters. */
static void
print_queue(const char *verb)
{
	static const struct {
		const char *verb;
		const char *words;
	} rows[] = {
		{ "top", "domain site host sender login recipient reason age "
			 "state --all --by --watch --json" },
		{ "hold", "--all --dry-run --yes --json" },
		{ "release", "--all --dry-run --yes --json" },
		{ "retry", "--all --dry-run --yes --json" },
		{ "delete", "--all --dry-run --yes --json" },
		{ "flush", "--dry-run --json" },
		{ "export", "--to --json" },
		{ "show", "--message --json" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice rest = slice_str(rows[i].words);

		if (strcmp(rows[i].verb, verb) != 0)
			continue;
		while (rest.n > 0) {
			const struct slice word = slice_cut(rest, ' ', &rest);

			printf("%.*s\n", SLICE_FMT(word));
		}
	}
}

void
words_print(int argc, char **argv)
{
	const bool conf = argc > 1 && strcmp(argv[0], "conf") == 0 &&
			  strcmp(argv[1], "check") != 0;

	if (argc > 0 && strcmp(argv[0], "help") == 0)
		print_commands(argc - 1, argv + 1);
	else if (conf && argc == 2)
		print_daemons();
	else if (conf && argc == 3)
		print_params(slice_str(argv[2]));
	else if (argc > 1 && strcmp(argv[0], "queue") == 0 &&
		 strcmp(argv[1], "bad") != 0)
		print_queue(argv[1]);
	else
		print_commands(argc, argv);
}
