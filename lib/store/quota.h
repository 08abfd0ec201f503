/* SPDX-License-Identifier: ISC */
/* May an account take more? */
#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H

#include <stdint.h>

#include "base/err.h"

struct tx;

/* Another message of BYTES, in TX; ERR_PERM [OVERQUOTA]. */
int quota_fits(const struct tx *tx, uint64_t bytes, struct err *err);

#endif
