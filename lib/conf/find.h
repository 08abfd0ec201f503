/* SPDX-License-Identifier: ISC */
/* Parameters by name, also by one that was mistyped. */
#ifndef CONF_FIND_H
#define CONF_FIND_H

#include "base/arena.h"
#include "base/slice.h"
#include "conf/param.h"
#include "conf/values.h"

/* The parameter NAME of D or its base, or NULL. */
const struct conf_param *conf_param_find(
    const struct conf_desc *d, struct slice name);
/* The known name that NAME looks like most, NULL when none is near. */
const char *conf_param_nearest(const struct conf_desc *d, struct slice name);

/* The same for other words: one word after the other is shown to it, and BEST
 * is the nearest, NULL when none is near. */
struct conf_nearest {
	struct slice name;
	const char *best;
	unsigned least; /* letters in which BEST differs */
};
void conf_nearest_try(struct conf_nearest *n, const char *word);

/* Make conf_list_has quick. */
void conf_list_sort(struct conf_list *list, struct arena *a);

#endif
