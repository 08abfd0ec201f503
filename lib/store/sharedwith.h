/* SPDX-License-Identifier: ISC */
/* Whom an entry of an ACL gives something. */
#ifndef STORE_SHAREDWITH_H
#define STORE_SHAREDWITH_H

#include <stdbool.h>

#include "base/slice.h"

struct acl_id;
struct arena;
struct shares_name;

/* *NAME: for the register, of an entry of OWNER's; in A where it lacked its
 * domain.  False: nobody else. */
bool sharedwith(const struct acl_id *id, struct slice owner, struct arena *a,
    struct shares_name *name);

#endif
