/* SPDX-License-Identifier: ISC */
/* Messages of the session's own selected mailbox that go to another account. */
#ifndef IMAPD_RELAY_OWN_H
#define IMAPD_RELAY_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

struct buf;
struct session;
struct transfer_plan;

/* Their UIDs, ascending; heap memory, the caller's.  False: answered. */
bool own_uids(struct session *s, const struct transfer_plan *plan,
    uint32_t **uids, size_t *n);
/* "EXAMINE mailbox" */
void own_put_examine(struct session *s, struct buf *out);
/* LINE of the answer to that: is this the one that is selected?  A line that
 * does not say so leaves *SAME as it is. */
void own_is_same(struct session *s, struct slice line, bool *same);
/* Of the N UIDS, from *AT on, as many as there is time for. */
int own_remove(struct session *s, const uint32_t *uids, size_t n, size_t *at,
    struct err *err);

#endif
