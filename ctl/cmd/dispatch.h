/* SPDX-License-Identifier: ISC */
/* From words to the command that is meant. */
#ifndef CTL_CMD_DISPATCH_H
#define CTL_CMD_DISPATCH_H

#include "ctl/cmd/ctl.h"

/* Run the command that ARGV begins with, or say how it is used (--help), or
 * which one may be meant.  The exit status. */
int dispatch(struct ctl *ctl, int argc, char **argv);
/* The words of the command that ARGV looks like most, also of one that ARGV is
 * the beginning of only; NULL when none is near.  Stands until the next call.
 */
const char *dispatch_nearest(int argc, char **argv);

#endif
