/* SPDX-License-Identifier: ISC */
#ifndef CTL_CHECK_LACKING_H
#define CTL_CHECK_LACKING_H

#include <stdbool.h>

struct instance;

/* Is master.conf older than one of these (and it would be used)? */
bool lacking_parking(const struct instance *in);
bool lacking_policy(const struct instance *in);
bool lacking_sts(const struct instance *in);

#endif
