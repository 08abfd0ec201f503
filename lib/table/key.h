/* SPDX-License-Identifier: ISC */
/* Keys of tables. */
#ifndef TABLE_KEY_H
#define TABLE_KEY_H

#include <stdbool.h>

#include "base/slice.h"

enum { TABLE_KEY_MAX = 600 };

/* KEY as it is compared, in SPACE of TABLE_KEY_MAX bytes: in lower case, its
 * domain as A-labels (proto/domain.h).  False when it is empty, too long or
 * holds control characters: such a key is in no table. */
bool table_fold(struct slice key, char *space, struct slice *folded);

#endif
