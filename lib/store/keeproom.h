/* SPDX-License-Identifier: ISC */
/* How much more may be kept of what is expunged. */
#ifndef STORE_KEEPROOM_H
#define STORE_KEEPROOM_H

#include <stdint.h>

#include "base/err.h"
#include "store/keepsum.h"

struct account;
struct tx;

/* Bytes that A may keep beyond *SUM, which is what it keeps of the day of
 * NOW_S already. */
int keeproom_find(struct tx *tx, struct account *a, int64_t now_s,
    struct keepsum *sum, uint64_t *room_bytes, struct err *err);
/* Something is not kept: said once while A is open. */
void keeproom_lacks(struct account *a, const char *why);

/* No directory to keep something in, for errno and WHY: 0 where it is to be
 * gone then, else -1 and ERR. */
int keeproom_failed(struct account *a, const struct err *why, struct err *err);

#endif
