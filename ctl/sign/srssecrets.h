/* SPDX-License-Identifier: ISC */
/* The secrets of SRS, as a file (keys/srs.h). */
#ifndef CTL_SIGN_SRSSECRETS_H
#define CTL_SIGN_SRSSECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { SRSSECRETS_MAX = 4 }; /* that are kept; the oldest go */

/* Put a new secret before those that are in DIR (signing_directory); *N: how
 * many there are. */
int srssecrets_rotate(const char *dir, size_t *n, struct err *err);
/* One, where there is none. */
int srssecrets_make_first(const char *dir, struct err *err);
/* Is there one?  -1: that cannot be seen. */
int srssecrets_there(const char *dir, bool *there, struct err *err);

#endif
