/* SPDX-License-Identifier: ISC */
#include "ctl/cmd/dispatch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/cmd/commands.h"
#include "ctl/inst/owner.h"

/* Is WORD among the options in ARGV? */
static bool
has_option(int argc, char **argv, const char *word)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

/* The words before the first option. */
static int
count_words(int argc, char **argv)
{
	int n = 0;

	while (n < argc && argv[n][0] != '-')
		n++;
	return n;
}

static int
unknown(int argc, char **argv)
{
	const char *second = argc > 1 ? argv[1] : "";
	const char *near = commands_nearest(argc, argv);

	if (argc == 1 && commands_begin(argv[0]))
		ctl_fail("several commands begin with \"%s\":", argv[0]);
	else if (near != NULL)
		ctl_fail("there is no command \"%s%s%s\"; did you mean \"%s\"?",
		    argv[0], argc > 1 ? " " : "", second, near);
	else
		ctl_fail("there is no command \"%s%s%s\"", argv[0],
		    argc > 1 ? " " : "", second);
	commands_usage(stderr, argv[0]);
	fputs("See \"pabal help\".\n", stderr);
	return CTL_USAGE;
}

int
dispatch(struct ctl *ctl, int argc, char **argv)
{
	int used;

	if (has_option(argc, argv, "--help"))
		return cmd_help(ctl, count_words(argc, argv), argv);
	if (has_option(argc, argv, "--version"))
		return cmd_version(ctl, 0, argv);
	ctl->command = commands_find(argc, argv, &used);
	if (ctl->command == NULL)
		return unknown(argc, argv);
	/* init may be told of another directory. */
	if (ctl->command->run != cmd_init && owner_check(ctl) != CTL_OK)
		return CTL_FAILED;
	return ctl->command->run(ctl, argc - used, argv + used);
}
