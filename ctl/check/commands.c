/* SPDX-License-Identifier: ISC */
/* The table commands (table/command.h): what could not run when mail comes for
 * it. */
#include <pwd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/slice.h"
#include "ctl/check/run.h"
#include "ctl/cmd/ctl.h"
#include "ctl/inst/tables.h"
#include "table/command.h"

static bool
on_command(void *arg, struct slice key, struct slice value)
{
	struct check_run *c = arg;
	struct table_command command;
	struct arena a;
	const char *program;

	arena_init(&a);
	/* Entries that are none are check_tables' business. */
	if (table_command_parse(value, &a, &command, NULL) == 0) {
		program = arena_str(&a, command.args[0]);
		if (command.uid != 0 && getpwuid(command.uid) == NULL)
			check_tell(c, CHECK_BAD, "commands",
			    "%.*s runs as uid %u, which no user has: its mail "
			    "waits",
			    SLICE_FMT(key), command.uid);
		if (access(program, F_OK) == -1)
			check_tell(c, CHECK_BAD, "commands",
			    "%.*s: there is no program %s: its mail waits",
			    SLICE_FMT(key), program);
	}
	arena_fini(&a);
	return true;
}

void
check_commands(struct check_run *c)
{
	struct tables t;
	struct err err = { 0 };

	if (tables_open(&t, &c->ctl->inst) == 0 &&
	    faccessat(t.dirfd, "commands", R_OK, 0) == 0 &&
	    tables_each(&t, "commands", on_command, c, &err) == -1)
		check_tell(c, CHECK_WARN, "commands", "%s", err.text);
	tables_close(&t);
}
