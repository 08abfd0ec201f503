/* SPDX-License-Identifier: ISC */
#ifndef MASTER_TRY_H
#define MASTER_TRY_H

#include <stdbool.h>

/* master -t: try the configuration and nothing else.  Every mistake goes to
 * standard output, a line each.  Gives the exit status: EX_CONFIG if there is
 * one. */
int try_run(bool last_good);

#endif
