/* SPDX-License-Identifier: ISC */
#ifndef INDEX_TX_TOUCH_H
#define INDEX_TX_TOUCH_H

#include <stdint.h>

struct err;
struct ix_box;
struct ix_hot;
struct tx;

/* Something of the message that is not in the index was changed, which gets a
 * number as other changes do. */
int tx_touch(struct tx *tx, struct ix_box *b, uint32_t uid, struct ix_hot *hot,
    struct err *err);

#endif
