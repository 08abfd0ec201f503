/* SPDX-License-Identifier: ISC */
/* From words to the command that is meant. */
#ifndef CTL_CMD_DISPATCH_H
#define CTL_CMD_DISPATCH_H

#include "ctl/cmd/ctl.h"

/* Run the command that ARGV begins with, or say how it is used (--help), or
 * which one may be meant.  The exit status. */
int dispatch(struct ctl *ctl, int argc, char **argv);

#endif
