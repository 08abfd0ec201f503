/* SPDX-License-Identifier: ISC */
/* Another process builds an account's index. */
#ifndef STORE_BUILDING_H
#define STORE_BUILDING_H

#include <stdbool.h>

struct account;

/* So that nothing can be asked of A now. */
bool account_is_building(struct account *a);

#endif
