/* SPDX-License-Identifier: ISC */
/* Aliases that lead only to themselves: mail for them would go nowhere, so
 * lookup refuses it.  Targets are followed as lookup follows them.  And targets
 * that lead nowhere: an address of ours that nobody has, or a file. */
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

/* Name to FOUND each such alias of the table, with its line in the text, and to
 * DEAD each target that leads nowhere.  1: there are too many aliases to follow
 * them all; -1: ERR. */
struct aliaswalk_report {
	void (*found)(
	    struct aliaswalk_report *r, unsigned line, struct slice key);
	void (*dead)(struct aliaswalk_report *r, unsigned line,
	    struct slice key, struct slice target);
};
int aliaswalk_all(
    const struct tables *t, struct aliaswalk_report *r, struct err *err);
/* Why TARGET leads nowhere, as words before its name. */
const char *aliaswalk_why_dead(struct slice target);
/* The same for the TARGETS of one alias that is to be made (line 0). */
void aliaswalk_dead(const struct tables *t, struct slice key,
    struct slice targets, struct aliaswalk_report *r);

#endif
