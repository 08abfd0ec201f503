/* SPDX-License-Identifier: ISC */
/* One folder of a foreign server into one of ours, or what came there since. */
#ifndef CTL_MOVE_FOLDER_H
#define CTL_MOVE_FOLDER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"

struct asowner;
struct move_ask;
struct move_state;
struct move_tally;

struct move_options {
	bool delete_gone; /* what is gone there goes here */
	bool keep_flags;  /* flags of what is here stay as they are */
};

struct move_folder {
	struct asowner *owner;
	struct move_ask *ask;
	struct move_state *state;
	struct move_tally *tally;
	const struct move_options *options;
	struct slice source; /* login@host, which names are of */
	struct slice name;   /* there */
	struct slice path;   /* here */
	unsigned special;
	bool is_new; /* afterwards: nothing of it was imported before */
};

/* ABSENT: this folder cannot be had, and why; TEMPFAIL: nor can the next. */
enum found move_folder(struct move_folder *f, struct err *err);

#endif
