/* SPDX-License-Identifier: ISC */
/* From what a person types as a login name to an account. */
#ifndef AUTH_NAME_H
#define AUTH_NAME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* LOGIN as an account to OUT: lower case, with DOMAIN where it has none.
 * False, and OUT as before, when no account can have that name. */
bool auth_name(struct slice login, struct slice domain, struct buf *out);

#endif
