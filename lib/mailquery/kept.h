/* SPDX-License-Identifier: ISC */
/* Results that were found, for the next part of them: a few in a process, 8
 * bytes for each email in them. */
#ifndef MAILQUERY_KEPT_H
#define MAILQUERY_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* All results of the query NAME as the account was at STATE, in order; NULL:
 * they are not known.  They stay until the next call of another function. */
const uint64_t *kept_find(struct slice name, uint64_t state, size_t *n);
/* IDS (N of them) becomes ours, and NULL. */
void kept_put(struct slice name, uint64_t state, uint64_t **ids, size_t n);
void kept_forget(void);

#endif
