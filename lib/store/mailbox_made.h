/* SPDX-License-Identifier: ISC */
#ifndef STORE_MAILBOX_MADE_H
#define STORE_MAILBOX_MADE_H

#include <stdbool.h>

#include "base/slice.h"

struct account;

/* Is there NAME, and is it not only shown, so that it would be made where it is
 * opened?  False, too, where that cannot be found out. */
bool mailbox_is_made(struct account *a, struct slice name);

#endif
