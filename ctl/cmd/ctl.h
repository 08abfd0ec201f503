/* SPDX-License-Identifier: ISC */
/* What every subcommand gets, and how it speaks to people. */
#ifndef CTL_CMD_CTL_H
#define CTL_CMD_CTL_H

#include <stdbool.h>

#include "base/err.h"
#include "ctl/inst/instance.h"

struct ctl_command;
struct ctl_confined;

/* Exit status of pabal; sendmail, mailq and newaliases use <sysexits.h>. */
enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl {
	struct instance inst;
	const struct ctl_command *command;
	bool json;
	/* Lock this process in (confined.h). */
	int (*confine)(const struct ctl_confined *c, struct err *err);
};

/* "pabal: what went wrong, where, what to do" on stderr; gives CTL_FAILED. */
int ctl_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same from ERR. */
int ctl_fail_err(const struct err *err);
/* Say what was wrong with the arguments, and the usage; gives CTL_USAGE. */
int ctl_usage(const struct ctl *ctl, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Options of a command, anywhere among its arguments: "--name VALUE",
 * "--name=VALUE" or "--name".  "--" ends them.  --json is known to all. */
struct ctl_opt {
	const char *name;   /* without the dashes; NULL ends the table */
	const char **value; /* takes a value; or */
	bool *flag;         /* is a switch; with both, --name=VALUE has one */
};
/* Take the options out of ARGV; between MIN and MAX arguments must be left,
 * else CTL_USAGE has been said and -1 is returned.  Gives how many are left. */
int ctl_options(struct ctl *ctl, const struct ctl_opt *opts, int argc,
    char **argv, int min, int max);

#endif
