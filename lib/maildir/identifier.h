/* SPDX-License-Identifier: ISC */
/* Identifiers of access control lists as the protocol writes them (RFC 4314
 * 1.1): "anyone", "authenticated", "owner", "$group", "!$group" (which counts
 * for more than a user's own entry), else a user; "-" before it makes it
 * negative. */
#ifndef MAILDIR_IDENTIFIER_H
#define MAILDIR_IDENTIFIER_H

#include <stdbool.h>

#include "base/slice.h"

struct acl_id;
struct arena;
struct buf;

/* A user without a domain is one of DOMAIN.  False: none that can be. */
bool identifier_read(
    struct slice text, struct slice domain, struct arena *a, struct acl_id *id);
/* NAME, of a user or group, with a domain: its own, or else DOMAIN (in A). */
struct slice identifier_full(
    struct slice name, struct slice domain, struct arena *a);
void identifier_text(struct buf *out, const struct acl_id *id);
/* The same as an astring. */
void identifier_put(struct buf *out, const struct acl_id *id);

#endif
