/* SPDX-License-Identifier: ISC */
#ifndef CTL_CHECK_LACKING_H
#define CTL_CHECK_LACKING_H

#include <stdbool.h>

struct instance;

/* Is master.conf older than policy? */
bool lacking_policy(const struct instance *in);

#endif
