/* SPDX-License-Identifier: ISC */
/* Whose parameters there are: the shared facts, master, its services, and each
 * daemon of the tree. */
#ifndef CTL_INST_DAEMONS_H
#define CTL_INST_DAEMONS_H

#include <stddef.h>

#include "base/slice.h"

/* The table number I, NULL behind the last.  "pabal" is the first, then
 * "master". */
const struct conf_desc *daemons_conf(size_t i);
/* The table of daemon NAME, or NULL. */
const struct conf_desc *daemons_find(struct slice name);
/* "there is no daemon ..." on stderr, and which may be meant; gives CTL_FAILED.
 */
int daemons_fail(const char *word);

#endif
