/* SPDX-License-Identifier: ISC */
/* An account's import, in the process that is its owner. */
#ifndef CTL_MOVE_ACCOUNT_H
#define CTL_MOVE_ACCOUNT_H

#include "ctl/move/folder.h"
#include "ctl/move/folders.h"

struct asowner;

struct move_account {
	int fd; /* to the process that talks to the server */
	const char *source;
	struct move_names names;
	struct move_options options;
	struct move_tally *tally;
};

/* asowner_task.run, with a struct move_account as its argument. */
int move_account_import(struct asowner *o);

#endif
