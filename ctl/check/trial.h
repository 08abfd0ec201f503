/* SPDX-License-Identifier: ISC */
/* Having the daemons themselves try a configuration, by master, before anything
 * is started or reloaded. */
#ifndef CTL_CHECK_TRIAL_H
#define CTL_CHECK_TRIAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/errors.h"
#include "ctl/inst/instance.h"

/* Would everything start with the files (LAST_GOOD: with the last good
 * configuration)?  Asks the master that runs, or one that is started for it.
 * 0; -1: WHY has a line for each thing that would keep it from that; 1: the
 * caller is not the one who starts it, so nobody was asked.  *AGAIN: it may be
 * well in a moment. */
int trial_run(
    const struct instance *in, bool last_good, struct buf *why, bool *again);
/* The whole check: what the files say (check_conf_errors) and, where that is
 * good, a trial.  The same 0, -1 and 1; all mistakes are in ERRORS. */
int trial_conf(
    const struct instance *in, struct conf_errors *errors, bool *again);

/* Is there a last good configuration?  WHEN: since when it was in effect, for
 * people. */
bool trial_last_good(const struct instance *in, char when[32]);
/* Does what runs have the last good configuration instead of the files? */
bool trial_in_force(const struct instance *in, char when[32]);

#endif
