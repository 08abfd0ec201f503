/* SPDX-License-Identifier: ISC */
#ifndef CTL_VIEW_LOGHEALTH_H
#define CTL_VIEW_LOGHEALTH_H

#include "ctl/inst/instance.h"

/* Is the log whole?  0, or lines are missing (1), or it cannot be written (2);
 * TEXT, of 128 bytes, says so. */
int loghealth(const struct instance *in, char *text);

#endif
