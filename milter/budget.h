/* SPDX-License-Identifier: ISC */
/* max_changed_size: the memory that new bodies have, of all messages. */
#ifndef MILTER_BUDGET_H
#define MILTER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/* *MINE becomes NOW; false, and it is as it was: that is too much. */
bool milter_budget_set(size_t *mine, size_t now);
void milter_budget_free(size_t *mine);

#endif
