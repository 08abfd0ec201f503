/* SPDX-License-Identifier: ISC */
/* Where mail goes by an entry of a table, as it is answered. */
#ifndef LOOKUP_TARGET_H
#define LOOKUP_TARGET_H

#include "base/err.h"
#include "base/slice.h"

struct alias_target;
struct buf;
struct msg_lookup_found;

/* Add IN, a target of the alias KEY that was found for ADDRESS, to OUT. */
void lookup_target_put(struct slice address, struct slice key,
    const struct alias_target *in, struct buf *out);

/* What VALUE, an entry of transports, says of mail for DOMAIN: the kind, and
 * what belongs to it, into A. */
int lookup_target_route(struct slice value, struct slice domain,
    struct msg_lookup_found *a, struct err *err);

/* The relay that mail of SENDER for another domain goes by, into A, whose
 * slices are good until the next call. */
enum found lookup_target_by_sender(
    struct slice sender, struct msg_lookup_found *a);

#endif
