/* SPDX-License-Identifier: ISC */
/* The lines of a configuration file as items: section, name, value. */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "conf/errors.h"

struct conf_item {
	struct slice section; /* empty before the first header */
	struct slice name;
	struct slice value; /* trimmed, continuation lines joined by a space */
	unsigned line;
	bool header; /* a [section] line; name and value are empty */
	/* Where the item stands in the text, its last newline included and
	 * comment lines behind it not (conf/edit.h cuts there). */
	size_t from;
	size_t to;
};

struct conf_items {
	struct conf_item *v;
	size_t n;
};

/* Read T; mistakes go to ERRORS and the lines around them still count.  What
 * the items point at is in A and in T's body.  Free V with free(3). */
void conf_lex(const struct conf_text *t, struct arena *a,
    struct conf_items *items, struct conf_errors *errors);

bool conf_lex_name_ok(struct slice name);

#endif
