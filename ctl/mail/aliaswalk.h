/* SPDX-License-Identifier: ISC */
/* Aliases that lead only to themselves: mail for them would go nowhere, so
 * lookup refuses it.  Targets are followed as lookup follows them. */
#ifndef CTL_MAIL_ALIASWALK_H
#define CTL_MAIL_ALIASWALK_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "ctl/inst/tables.h"

/* Would the alias KEY with TARGETS lead only to itself?  What cannot be read or
 * followed far enough does not count as one. */
bool aliaswalk_is_loop(
    const struct tables *t, struct slice key, struct slice targets);

/* Name to FOUND each such alias of the table, with its line in the text.  1:
 * there are too many aliases to follow them all; -1: ERR. */
struct aliaswalk_report {
	void (*found)(
	    struct aliaswalk_report *r, unsigned line, struct slice key);
};
int aliaswalk_all(
    const struct tables *t, struct aliaswalk_report *r, struct err *err);

#endif
