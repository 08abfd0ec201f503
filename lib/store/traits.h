/* SPDX-License-Identifier: ISC */
/* What a store is like, for those who need not know what is in it. */
#ifndef STORE_TRAITS_H
#define STORE_TRAITS_H

#include <stdbool.h>

struct durable;
struct store;
struct work_share;

/* NULL: files are synced in place. */
struct durable *store_pool(const struct store *store);
/* The third part of file names. */
const char *store_hostname(const struct store *store);
/* Do files keep CRLF? */
bool store_keeps_crlf(const struct store *store);
/* Of what the store does by itself. */
struct work_share *store_share(struct store *store);

#endif
