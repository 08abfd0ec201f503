/* SPDX-License-Identifier: ISC */
/* Another index of an account, in files beside its own: believed when that is,
 * gone when that is built anew, and on disk when that is clean. */
#ifndef STORE_BESIDE_H
#define STORE_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct account;

/* The directory of A's index, the caller's; *BUILD is that of the index. */
int account_beside_open(
    struct account *a, int *dirfd, uint64_t *build, struct err *err);
/* Is it another one by now, or opened anew? */
bool account_beside_is_old(struct account *a, uint64_t build, struct err *err);
/* Call CHANGE, which writes to the other index: while it does, A's does not
 * become clean, and is not clean afterwards. */
int account_beside_change(struct account *a,
    int (*change)(void *arg, struct err *err), void *arg, struct err *err);

#endif
