/* SPDX-License-Identifier: ISC */
/* Telling the running keys daemon of new certificates. */
#ifndef CTL_CHECK_RENEW_H
#define CTL_CHECK_RENEW_H

#include "base/err.h"
#include "ctl/inst/instance.h"

/* Have keys look at its files now.  1: what they hold counts from now on, for
 * new sessions; 0: pabal is not running; -1: it does not, and why. */
int renew_tell(const struct instance *in, struct err *err);

#endif
