/* SPDX-License-Identifier: ISC */
/*
 * Passwords that were right a short while ago, so that a client that comes
 * again and again does not pay for a slow hash each time.  Kept as an HMAC of
 * account, stored hash and secret under a key of this process; a changed
 * password in the table is another stored hash, and counts at once.
 */
#ifndef AUTH_CACHE_H
#define AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct auth_cache;

struct auth_cache *auth_cache_new(size_t max);
void auth_cache_free(struct auth_cache **c);

struct auth_cache_key {
	struct slice account, stored, secret;
};
/* Was it right within the last MAX_AGE_MS? */
bool auth_cache_hit(struct auth_cache *c, const struct auth_cache_key *key,
    int64_t now_ms, int64_t max_age_ms);
void auth_cache_put(
    struct auth_cache *c, const struct auth_cache_key *key, int64_t now_ms);

#endif
