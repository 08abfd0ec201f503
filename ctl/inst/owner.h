/* SPDX-License-Identifier: ISC */
/* What only root, or whose instance it is, may do. */
#ifndef CTL_INST_OWNER_H
#define CTL_INST_OWNER_H

#include <sys/types.h>

#include "ctl/cmd/ctl.h"
#include "ctl/inst/instance.h"

/* Whose instance IN is: root's when it is installed or not there yet. */
uid_t owner_uid(const struct instance *in);
/* The name of the owner of IN where the caller is neither that one nor root;
 * NULL: he may do everything.  Stands until the next call. */
const char *owner_other(const struct instance *in);
/* May the caller do ctl->command?  Not the guard (files and master's socket
 * are that), but it says at once what would fail in some other way.  CTL_OK, or
 * who may was said. */
int owner_check(const struct ctl *ctl);

#endif
