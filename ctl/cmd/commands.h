/* SPDX-License-Identifier: ISC */
/* The subcommands as a table, made from commands.def. */
#ifndef CTL_CMD_COMMANDS_H
#define CTL_CMD_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "ctl/cmd/ctl.h"

struct ctl_command {
	const char *words; /* "conf set" */
	/* The exit status; ARGV begins behind the words. */
	int (*run)(struct ctl *ctl, int argc, char **argv);
	const char *args;
	const char *summary;
	const char *details;
};

/* The command that ARGV begins with, and in *USED how many words it took; NULL
 * when there is none. */
const struct ctl_command *commands_find(int argc, char **argv, int *used);
/* The table; its end has NULL words. */
const struct ctl_command *commands_all(void);
/* There are commands whose first word is WORD. */
bool commands_begin(const char *word);
/* The words of the command that ARGV looks like most, also of one that ARGV is
 * the beginning of only; NULL when none is near.  Stands until the next call.
 */
const char *commands_nearest(int argc, char **argv);
/* Print the commands whose words begin with WORD (NULL: all) to F. */
void commands_usage(FILE *f, const char *word);

/* One for each entry. */
#define CMD(words, function, args, summary, details)                           \
	int function(struct ctl *ctl, int argc, char **argv);
#include "ctl/cmd/commands.def" /* IWYU pragma: keep */
#undef CMD

#endif
