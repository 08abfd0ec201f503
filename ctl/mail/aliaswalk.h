/* SPDX-License-Identifier: ISC */
/* Aliases that lead only to themselves (lookup refuses mail for them), and
 * targets that lead nowhere: an address of ours that nobody has, or a file.
 * Targets are followed as lookup follows them. */
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

/* Who is told of what is found; LINE is the alias's in the text, 0 where it is
 * not there. */
struct aliaswalk_report {
	/* The alias KEY leads only to itself. */
	void (*found)(
	    struct aliaswalk_report *r, unsigned line, struct slice key);
	/* TARGET of the alias KEY leads nowhere. */
	void (*dead)(struct aliaswalk_report *r, unsigned line,
	    struct slice key, struct slice target);
};
/* Look at all aliases of the table.  1: there are too many to follow them all;
 * -1: ERR. */
int aliaswalk_all(
    const struct tables *t, struct aliaswalk_report *r, struct err *err);
/* Look at the TARGETS of one alias that is to be made, for R's dead alone. */
void aliaswalk_dead(const struct tables *t, struct slice key,
    struct slice targets, struct aliaswalk_report *r);
/* Why TARGET leads nowhere, as words before its name. */
const char *aliaswalk_why_dead(struct slice target);

#endif
