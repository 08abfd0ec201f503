/* SPDX-License-Identifier: ISC */
#ifndef CTL_SIGN_SIGNFIRST_H
#define CTL_SIGN_SIGNFIRST_H

#include "base/err.h"

/* What is missing in DIR (signing_directory) of a new instance: the secret of
 * SRS, and keys for DOMAINS (NULL behind the last; NULL: for none). */
int signfirst_make(
    const char *dir, const char *const *domains, struct err *err);

#endif
