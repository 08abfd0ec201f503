/* SPDX-License-Identifier: ISC */
/* Finding mistakes before anything is started or reloaded. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl/instance.h"

/* Read every file with every table, and each daemon's as each of its services
 * sees it.  All mistakes go to stderr; -1 when there is one. */
int check_conf(const struct instance *in);

#endif
