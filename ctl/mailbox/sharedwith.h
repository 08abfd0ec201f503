/* SPDX-License-Identifier: ISC */
/* Whom an entry of an ACL gives something. */
#ifndef CTL_MAILBOX_SHAREDWITH_H
#define CTL_MAILBOX_SHAREDWITH_H

#include <stdbool.h>

#include "base/slice.h"

struct acl_id;
struct shares_name;

/* *NAME: for the register, of an entry of OWNER's.  False: nobody else. */
bool sharedwith(
    const struct acl_id *id, struct slice owner, struct shares_name *name);

#endif
